"""Ink on a card: lines of text with exact quads, blends, printing grain. Arrays are changed in place."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from idqc.inspection import Image, Points
from idqc.synth.card import TextStyle
from idqc.synth.cmap import characters

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""


@lru_cache(maxsize=4096)
def load_font(path: str, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    """A font at a whole pixel size, kept for the process."""
    return ImageFont.truetype(path, size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


def covers(style: TextStyle, text: str) -> bool:
    """Whether the font of a style has every character of a text."""
    known = characters(style.font_path, style.font_index)
    return all(ord(c) in known for c in text)


def has_ink(style: TextStyle, text: str) -> bool:
    """Whether the font has every character of a text and draws something for it: some fonts have empty glyphs."""
    return covers(style, text) and all(font_of(style).getmask(c).getbbox() for c in text if c != " ")


def font_of(style: TextStyle) -> ImageFont.FreeTypeFont:
    """The font of a style at its size."""
    return load_font(style.font_path, style.font_index, max(round(style.size_px), 4))


def resized(style: TextStyle, factor: float) -> TextStyle:
    """The same style, larger or smaller."""
    return TextStyle(
        style.font_path, style.font_index, style.size_px * factor, style.colour_bgr, style.spacing_px * factor
    )


def text_width(text: str, style: TextStyle) -> float:
    """The advance width of a line in pixels."""
    return float(font_of(style).getlength(text)) + style.spacing_px * max(len(text) - 1, 0)


def fit(text: str, style: TextStyle, width_px: float, least: float = 0.6) -> TextStyle:
    """The style, made smaller until the line fits `width_px`, at most to the share `least` of its size."""
    width = text_width(text, style)
    return style if width <= width_px else resized(style, max(width_px / width * 0.985, least))


def line_mask(text: str, style: TextStyle) -> tuple[Image, int, int]:
    """The coverage of a line, (height, width) uint8, and where its top left lies from the start of the baseline."""
    font = font_of(style)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    pad = 2
    width = int(right - left + abs(style.spacing_px) * len(text)) + 2 * pad + 2
    picture = Picture.new("L", (max(width, 1), max(int(bottom - top) + 2 * pad, 1)))
    draw = ImageDraw.Draw(picture)
    x0, y0 = pad - left, pad - top
    if abs(style.spacing_px) < 0.25:
        draw.text((x0, y0), text, font=font, fill=255, anchor="ls")
    else:
        x = float(x0)
        for character in text:
            draw.text((x, y0), character, font=font, fill=255, anchor="ls")
            x += font.getlength(character) + style.spacing_px
    return np.asarray(picture), int(left) - pad, int(top) - pad


def stamp(bgr: Image, coverage: Image, x: int, y: int, colour: Colour, opacity: float = 1.0) -> None:
    """Lays a colour through a mask whose top left is at (x, y); what lies outside of the image is dropped."""
    height, width = coverage.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + width, bgr.shape[1]), min(y + height, bgr.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = bgr[y0:y1, x0:x1]
    share = coverage[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32) * np.float32(opacity / 255)
    part[:] = cv2.blendLinear(np.full_like(part, colour), part, share, 1 - share)


def set_line(
    bgr: Image, text: str, start_xy: tuple[float, float], style: TextStyle, opacity: float = 1.0, soften: float = 0.0
) -> Points:
    """Sets one line of text with its baseline starting at `start_xy`.

    `soften` is the sigma of ink that ran, in pixels. Returns the quad around the ink, (4, 2), upright.
    """
    coverage, dx, dy = line_mask(text, style)
    x, y = round(start_xy[0]) + dx, round(start_xy[1]) + dy
    if soften > 0.2:
        coverage = np.asarray(cv2.GaussianBlur(coverage, (0, 0), soften), np.uint8)
    stamp(bgr, coverage, x, y, style.colour_bgr, opacity)
    left, top, width, height = cv2.boundingRect(np.asarray(coverage > 60, np.uint8))
    return box_quad(x + left, y + top, x + left + width, y + top + height)


def box_quad(left: float, top: float, right: float, bottom: float) -> Points:
    """The quad of an upright box."""
    return np.asarray([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def around(quads: list[Points]) -> Points:
    """The upright box around several quads."""
    points = np.concatenate(quads)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return box_quad(left, top, right, bottom)


def mix(bgr: Image, overlay: Image, opacity: float) -> None:
    """Blends an overlay of the same size into the image."""
    cv2.addWeighted(overlay, opacity, bgr, 1 - opacity, 0, dst=bgr)


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """A colour by hue (0..1, wrapping), saturation and value (0..1)."""
    pixel = np.asarray([[[int(hue % 1 * 180), int(saturation * 255), int(value * 255)]]], np.uint8)
    b, g, r = (int(v) for v in cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0])
    return b, g, r


def luma(colour: Colour) -> float:
    """The brightness of a colour, 0..255."""
    return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]


def darker_than(colour: Colour, most: float) -> Colour:
    """The colour, darkened until its brightness is at most `most`."""
    share = min(1.0, most / max(luma(colour), 1.0))
    return int(colour[0] * share), int(colour[1] * share), int(colour[2] * share)


@cache
def _noise_tile() -> np.ndarray[Any, np.dtype[np.int8]]:
    tile = np.random.default_rng(11).normal(0, 32, (1536, 2048)).astype(np.float32)
    soft = cv2.GaussianBlur(tile, (0, 0), 0.8) * 2.2
    grain = np.clip(soft * 0.7 + tile * 0.4, -127, 127).astype(np.int8)
    return np.repeat(grain[..., None], 3, axis=2)


def add_grain(rng: np.random.Generator, bgr: Image, strength: float) -> None:
    """Adds the grain of a card printer, about `strength` grey levels, the same in all three colours."""
    tile = _noise_tile()
    height, width = bgr.shape[:2]
    if height >= tile.shape[0] or width >= tile.shape[1]:  # a sheet larger than any card
        tile = np.tile(tile, (height // tile.shape[0] + 2, width // tile.shape[1] + 2, 1))
    y, x = int(rng.integers(0, tile.shape[0] - height)), int(rng.integers(0, tile.shape[1] - width))
    cv2.addWeighted(bgr, 1.0, tile[y : y + height, x : x + width], strength / 32, 0, dst=bgr, dtype=cv2.CV_8U)
