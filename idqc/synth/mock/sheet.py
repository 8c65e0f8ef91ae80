"""The sheet a card is set on: ground, fonts and ink of one card, and the fields as they are printed."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import cache

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.assets import Assets, Face, Font
from idqc.synth.card import PX_PER_MM, Card, CardField, TextStyle
from idqc.synth.mock.decor import draw_ground, layout_ground
from idqc.synth.mock.draws import between, chance, of_layout, pick
from idqc.synth.mock.paint import (
    Colour,
    add_grain,
    around,
    covers,
    darker_than,
    fit,
    line_mask,
    set_line,
    stamp,
    text_width,
)

CAP_DROP = 0.84
"""Share of the type size from the top of a line's box to its baseline."""


@cache
def _people(assets: Assets, split: str) -> list[Face]:
    """The aligned faces of a split, looked up once."""
    return assets.faces(split)


def choose_font(rng: np.random.Generator, fonts: list[Font], bold: float = 0.4) -> Font:
    """A font: families are equally likely whatever their number of weights; upright unless a family has none."""
    family = pick(rng, sorted({font.family for font in fonts}))
    faces = [font for font in fonts if font.family == family]
    upright = [font for font in faces if not font.italic] or faces
    wanted = chance(rng, bold)
    return pick(rng, [font for font in upright if font.bold == wanted] or upright)


def without_marks(text: str, style: TextStyle) -> str:
    """The text with the letters that the font lacks replaced by their plain form, or dropped."""
    if covers(style, text):
        return text
    kept = [c if covers(style, c) else unicodedata.normalize("NFD", c)[0] for c in text]
    return "".join(c for c in kept if covers(style, c))


class Sheet:
    """One card in the making. Positions are card pixels; sizes of type are millimetres."""

    def __init__(
        self,
        rng: np.random.Generator,
        document_type: str,
        layout_id: str,
        split: str,
        assets: Assets,
        size_mm: tuple[float, float],
        script: str,
        fresh_ground: float = 0.2,
    ) -> None:
        self.rng, self.assets, self.split = rng, assets, split
        self.document_type, self.layout_id, self.size_mm = document_type, layout_id, size_mm
        self.layout = of_layout(document_type, layout_id)
        self.width, self.height = (round(side * PX_PER_MM) for side in size_mm)
        words_font = choose_font(self.layout, assets.fonts(split, "hangul"))
        if chance(rng, fresh_ground):
            self.palette, ground = draw_ground(rng, document_type, self.width, self.height, words_font)
        else:
            self.palette, ground = layout_ground(document_type, layout_id, self.width, self.height, words_font)
        self.bgr: Image = self._reprint(ground)
        self._keep_contrast()
        fonts = assets.fonts(split, script)
        self.script = script
        self.value_font = choose_font(rng, fonts, 0.45)
        same = [font for font in fonts if font.family == self.value_font.family]
        self.title_font = choose_font(rng, fonts if chance(rng, 0.35) else same, 0.75)
        self.caption_font = choose_font(rng, fonts if chance(rng, 0.3) else same, 0.15)
        self.opacity = between(rng, 0.8, 1.0)
        self.soften = pick(rng, (0.0, 0.0, 0.0, 0.6, 0.9))
        self.fields: dict[str, CardField] = {}
        self.portrait_quad: Points | None = None
        self.landmarks: Points | None = None
        people = _people(assets, split)
        self.face: Face | None = pick(rng, people) if people else None

    def _reprint(self, ground: Image) -> Image:
        """A copy of the ground with the colour cast and contrast of this card's printer."""
        gain = 1 - np.abs(self.rng.normal(0, 0.03, 3)) - between(self.rng, 0, 0.05)
        table = np.arange(256, dtype=np.float32)[:, None] * gain[None, :]
        return np.asarray(cv2.LUT(ground, np.asarray(np.clip(table, 0, 255), np.uint8).reshape(1, 256, 3)), np.uint8)

    def _keep_contrast(self) -> None:
        """Darkens ink, captions and title where the ground is dark: an issued card can be read."""
        ground = float(self.bgr[::16, ::16].mean())
        palette = self.palette
        self.palette = replace(
            palette,
            ink=darker_than(palette.ink, ground - between(self.rng, 115, 155)),
            caption=darker_than(palette.caption, ground - between(self.rng, 70, 115)),
            title=darker_than(palette.title, ground - between(self.rng, 90, 125)),
        )

    def style(self, font: Font, size_mm: float, colour: Colour, tracking: float = 0.0) -> TextStyle:
        """A style of a font; `tracking` is extra space between letters as a share of the size."""
        size = size_mm * PX_PER_MM
        return TextStyle(font.path, font.index, float(size), colour, float(size * tracking))

    def print_line(self, text: str, x: float, top: float, style: TextStyle, opacity: float | None = None) -> Points:
        """Sets a line with the top of its box at `top`; returns the quad of its ink."""
        strength = self.opacity if opacity is None else opacity
        return set_line(self.bgr, text, (x, top + CAP_DROP * style.size_px), style, strength, self.soften)

    def print_field(
        self,
        name: str,
        text: str,
        x: float,
        top: float,
        style: TextStyle,
        room: float | None = None,
        align: str = "left",
        least: float = 0.5,
    ) -> Points:
        """Prints a field of one line in `room` pixels from x, made smaller where it would not fit."""
        text = without_marks(text, style)
        if room is not None:
            fitted = fit(text, style, room, least)
            top += (style.size_px - fitted.size_px) * CAP_DROP
            style = fitted
            free = room - text_width(text, style)
            x += free / 2 if align == "centre" else free if align == "right" else 0
        quad = self.print_line(text, x, top, style)
        self.fields[name] = CardField(quad, text, ((quad, text),), style)
        return quad

    def print_lines(
        self, name: str, lines: list[str], x: float, top: float, style: TextStyle, leading: float
    ) -> Points:
        """Prints a field of several lines, `leading` pixels apart."""
        quads = [self.print_line(line, x, top + at * leading, style) for at, line in enumerate(lines)]
        quad = around(quads)
        self.fields[name] = CardField(quad, "\n".join(lines), tuple(zip(quads, lines, strict=True)), style)
        return quad

    def print_specimen(self, words: tuple[str, ...], font: Font) -> None:
        """The word that tells a mock: pale and large under everything, or small at the edge. Call before the text."""
        rng, word = self.rng, pick(self.rng, words)
        if chance(rng, 0.5):
            style = self.style(
                font, between(rng, 10, 18) * self.width / 1198, pick(rng, ((60, 60, 200), (120, 120, 120)))
            )
            coverage, _, _ = line_mask(word, style)
            side = int(np.hypot(*coverage.shape)) + 2
            canvas = np.zeros((side, side), np.uint8)
            y0, x0 = (side - coverage.shape[0]) // 2, (side - coverage.shape[1]) // 2
            canvas[y0 : y0 + coverage.shape[0], x0 : x0 + coverage.shape[1]] = coverage
            turn = cv2.getRotationMatrix2D((side / 2, side / 2), between(rng, -30, 35), 1)
            canvas = np.asarray(cv2.warpAffine(canvas, turn, (side, side)), np.uint8)
            left, top, wide, tall = cv2.boundingRect(canvas)
            canvas = canvas[top : top + tall, left : left + wide]
            x, y = self.width * between(rng, 0.4, 0.6) - wide / 2, self.height * between(rng, 0.45, 0.6) - tall / 2
            stamp(self.bgr, canvas, round(x), round(y), style.colour_bgr, between(rng, 0.05, 0.14))
            return
        style = self.style(font, between(rng, 1.3, 1.8), self.palette.caption, 0.1)
        x = between(rng, 0.04, 0.85) * self.width
        at = self.height * 0.962 if chance(rng, 0.6) else self.height * 0.01
        self.print_line(word, x, at, style, 0.7)

    def finish(self) -> None:
        """The grain of the card printer and, sometimes, the sheen of an overlay that runs over everything."""
        rng = self.rng
        if chance(rng, 0.25):
            tone = cv2.resize(rng.random((2, 3)).astype(np.float32), (self.width // 8, self.height // 8))
            veil = cv2.resize(np.asarray(tone * 40, np.uint8), (self.width, self.height))
            self.bgr = np.asarray(cv2.subtract(self.bgr, cv2.cvtColor(veil, cv2.COLOR_GRAY2BGR) // 2), np.uint8)
        add_grain(rng, self.bgr, between(rng, 0.5, 4.0))

    def card(self, document_type: str | None, corner_radius_mm: float) -> Card:
        """The finished card."""
        self.finish()
        person = self.face.person if self.face is not None else "drawn"
        if self.portrait_quad is not None and "portrait" not in self.fields:
            self.fields["portrait"] = CardField(self.portrait_quad, "", (), None)
        return Card(
            bgr=self.bgr,
            document_type=document_type,
            size_mm=self.size_mm,
            corner_radius_mm=corner_radius_mm,
            fields=self.fields,
            portrait_quad=self.portrait_quad,
            face_landmarks=self.landmarks,
            keys={"person": person, "layout": self.layout_id, "font": self.value_font.family},
        )
