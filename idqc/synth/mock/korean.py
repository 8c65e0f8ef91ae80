"""What Korean cards have in common: ground, name, issuing line, seal."""

from __future__ import annotations

import numpy as np

from idqc.inspection import Points
from idqc.synth.assets import Assets, Font
from idqc.synth.card import PX_PER_MM, CardField, TextStyle
from idqc.synth.mock import ornament
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.paint import fit, has_ink, resized, text_width
from idqc.synth.mock.portrait import PortraitStyle, paste
from idqc.synth.mock.sheet import Sheet, choose_font
from idqc.synth.mock.values_korean import KoreanPerson

ID1_MM = (85.6, 53.98)
ID1_RADIUS_MM = 3.18


def break_lines(words: list[str], style: TextStyle, room: float, most: int = 3) -> tuple[list[str], TextStyle]:
    """Breaks words into at most `most` lines of `room` pixels; the type shrinks until they fit."""
    while True:
        lines: list[str] = []
        for word in words:
            if lines and text_width(f"{lines[-1]} {word}", style) <= room:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        widest = max(text_width(line, style) for line in lines)
        if (len(lines) <= most and widest <= room) or style.size_px < 14:
            return lines[:most], style
        style = resized(style, 0.94)


def start_sheet(rng: np.random.Generator, document_type: str, layout_id: str, split: str, assets: Assets) -> Sheet:
    """The sheet with its ground and the word for specimen."""
    sheet = Sheet(rng, document_type, layout_id, split, assets, ID1_MM, "hangul")
    sheet.print_specimen(("견본", "SPECIMEN", "견본 SPECIMEN", "견 본"), sheet.caption_font)
    return sheet


def print_portrait(sheet: Sheet, box: tuple[float, float, float, float], style: PortraitStyle) -> None:
    """Lays the portrait into its box, in the frame and tone of the layout."""
    sheet.portrait_quad, sheet.landmarks = paste(sheet.rng, sheet.bgr, sheet.face, style, box, sheet.palette.ink)


def hanja_fonts(sheet: Sheet, text: str) -> list[Font]:
    """The fonts of the split that have these characters; the card's own font alone where it is among them."""
    fonts = sheet.assets.fonts(sheet.split, "hangul")
    found = [font for font in fonts if has_ink(sheet.style(font, 4, (0, 0, 0)), text)]
    return [font for font in found if font.family == sheet.value_font.family] or found


def print_name(
    sheet: Sheet, person: KoreanPerson, x: float, top: float, style: TextStyle, room: float, hanja: bool
) -> None:
    """The name; the Hanja beside it, where the card has it, is not part of the field."""
    quad = sheet.print_field("name", person.name, x, top, style, room * 0.6)
    fonts = hanja_fonts(sheet, person.hanja) if hanja else []
    if fonts:
        small = sheet.style(choose_font(sheet.rng, fonts, 0.2), style.size_px / PX_PER_MM * 0.85, style.colour_bgr)
        text = f"({person.hanja})"
        gap = style.size_px * pick(sheet.rng, (0.15, 0.25, 0.35))
        small = fit(text, small, room - float(quad[1, 0] - x) - gap, 0.4)
        sheet.print_line(text, float(quad[1, 0]) + gap, top + (style.size_px - small.size_px) * 0.84, small)


def print_seal(sheet: Sheet, issuer: Points, text: str, side: float) -> None:
    """The red seal at the end of the issuer's line, often over its last character."""
    rng = sheet.rng
    right, middle = float(issuer[1, 0]), float(issuer[:, 1].mean())
    overlap = pick(rng, (0.35, 0.2, 0.0, -0.1)) * side
    x = min(right - overlap + side / 2, sheet.width - side / 2 - 12)
    y = min(middle + between(rng, -0.08, 0.08) * side, sheet.height - side / 2 - 10)
    issue_date = sheet.fields["issue_date"].quad_xy
    if float(issue_date[1, 0]) > x - side / 2 and float(issue_date[2, 1]) < middle:
        free = sheet.height - 10 - float(issue_date[2, 1]) - 4
        side = min(side, free)
        y = max(y, float(issue_date[2, 1]) + 4 + side / 2)
    font = choose_font(rng, sheet.assets.fonts(sheet.split, "hangul"), 0.6)
    quad = ornament.stamp_seal(rng, sheet.bgr, (x, y), side, text + "인", sheet.style(font, 4, (0, 0, 0)))
    sheet.fields["seal"] = CardField(quad, "", (), None)


def print_issued(sheet: Sheet, date_text: str, issuer: str, x0: float, x1: float, top: float, bottom: float) -> None:
    """Issue date and issuer with its seal in the strip at the foot of the card."""
    rng, layout, ink = sheet.rng, sheet.layout, sheet.palette.ink
    side = between(layout, 6.3, 8.6) * PX_PER_MM
    room = x1 - x0 - side * 0.9
    date_style = sheet.style(sheet.value_font, between(layout, 2.6, 3.2), ink, pick(layout, (0.0, 0.0, 0.05)))
    issuer_style = sheet.style(sheet.value_font, between(layout, 3.0, 4.2), ink, pick(layout, (0.0, 0.0, 0.08)))
    align = pick(layout, ("centre", "centre", "left", "right"))
    if chance(layout, 0.75):
        gap = max((bottom - top - date_style.size_px - issuer_style.size_px) / 2, 4)
        sheet.print_field("issue_date", date_text, x0, top, date_style, room, align)
        place = top + date_style.size_px + gap
        quad = sheet.print_field("issuer", issuer, x0, place, issuer_style, room, align)
    else:
        place = top + (bottom - top) * 0.42
        cut = x0 + room * 0.36
        sheet.print_field("issue_date", date_text, x0, place, date_style, cut - x0 - 20)
        quad = sheet.print_field("issuer", issuer, cut, place, issuer_style, x0 + room - cut)
    print_seal(sheet, quad, issuer, side * between(rng, 0.95, 1.05))
