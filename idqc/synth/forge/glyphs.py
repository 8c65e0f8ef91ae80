"""Careful edits of printed values: one character set anew, borrowed from another field, slid along, blended in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.card import CardField, TextStyle
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.paint import around, covers, line_mask, resized, set_line, text_width

CAREFUL = ("one_glyph", "borrowed", "slid", "blended", "regenerated")
"""Ways of an edit that leaves little. Training and calibration know the first four, test all."""
CAREFUL_OF_SPLIT = {"train": 4, "calibrate": 4, "test": 5}

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Line:
    """One printed line: its text, the baseline's start, its quad, its style and the columns of each character."""

    text: str
    start: tuple[float, float]
    quad: Points
    style: TextStyle

    def cell(self, at: int) -> Box:
        """The box of a character: left, top, right, bottom in card pixels."""
        spacing = self.style.spacing_px if abs(self.style.spacing_px) >= 0.25 else 0.0
        plain = replace(self.style, spacing_px=spacing)
        left = self.start[0] + (text_width(self.text[:at], plain) if at else 0.0)
        right = self.start[0] + text_width(self.text[: at + 1], plain)
        return round(left), int(self.quad[0, 1]) - 2, max(round(right), round(left) + 2), int(self.quad[2, 1]) + 3


def line_of(quad: Points, text: str, style: TextStyle) -> Line:
    """A line whose baseline is found from where its ink stands."""
    coverage, dx, dy = line_mask(text, style)
    x, y, _, _ = cv2.boundingRect(np.array(coverage > 60, np.uint8))
    return Line(text, (float(quad[0, 0] - x - dx), float(quad[0, 1] - y - dy)), quad, style)


def edit_carefully(
    rng: np.random.Generator, bgr: Image, line: Line, way: str, fields: Mapping[str, CardField]
) -> tuple[str, Points] | None:
    """Changes one character of a line (or two that change places) in `bgr`, in one of the ways of `CAREFUL`.

    `fields` are those of the card, to borrow characters from. Returns the new text and the line's new quad, None where
    nothing can be changed.
    """
    if way == "slid":
        return _slide(rng, bgr, line)
    if way == "borrowed":
        return _borrow(rng, bgr, line, fields)
    at, new = _another_character(rng, line)
    if new is None:
        return None
    text = line.text[:at] + new + line.text[at + 1 :]
    left, top, right, bottom = _inside(bgr, line.cell(at))
    if right - left < 3 or bottom - top < 6:
        return None
    if way == "regenerated":
        return text, _regenerate(rng, bgr, line, text)
    before = bgr.copy() if way == "blended" else bgr
    place = bgr[top:bottom, left:right]
    place[:] = _without_ink(rng, place, line.style)
    style = resized(line.style, 1 + float(rng.normal(0, 0.012)))
    shade = rng.normal(0, 6, 3)
    blue, green, red = (int(np.clip(c + v, 0, 255)) for c, v in zip(line.style.colour_bgr, shade, strict=True))
    baseline = (left + between(rng, -0.5, 0.5), line.start[1] + between(rng, -0.6, 0.6))
    ink = set_line(bgr, new, baseline, replace(style, colour_bgr=(blue, green, red)), soften=between(rng, 0, 0.8))
    if way == "blended":
        _blend_in(bgr, before, (left, top, right, bottom))
    return text, around([line.quad, ink])


def _another_character(rng: np.random.Generator, line: Line) -> tuple[int, str | None]:
    """Which character to change and to what: digits first, one of its kind and about as wide."""
    digits = [i for i, c in enumerate(line.text) if c.isdigit()]
    places = digits or [i for i, c in enumerate(line.text) if c.isalpha()]
    if not places:
        return 0, None
    at = pick(rng, places)
    old = line.text[at]
    if old.isdigit():
        options = "0123456789"
    elif "가" <= old <= "힣":
        options = "김이박최정강조윤장임한오서신권민준지현수영도하은우진"
    else:
        options = "ABCDEFGHKLNOPRSTUV" if old.isupper() else "abcdeghknopsuv"
    wide = text_width(old, line.style)
    near = [c for c in options if c != old and covers(line.style, c)]
    near = [c for c in near if abs(text_width(c, line.style) - wide) <= 0.2 * wide + 1]
    return at, pick(rng, near) if near else None


def _slide(rng: np.random.Generator, bgr: Image, line: Line) -> tuple[str, Points] | None:
    """Two characters of a line change places: each is laid as ink over the other's bare ground."""
    text = line.text
    pairs = [
        (i, j)
        for i, a in enumerate(text)
        for j, b in enumerate(text)
        if i < j and a != b and a.isdigit() == b.isdigit() and a.isalnum() and b.isalnum()
        if abs(text_width(a, line.style) - text_width(b, line.style)) <= 0.25 * text_width(a, line.style) + 1
    ]
    if not pairs:
        return None
    i, j = pick(rng, pairs)
    one, other = _inside(bgr, line.cell(i)), _inside(bgr, line.cell(j))
    stamps = [_ink(bgr[b[1] : b[3], b[0] : b[2]]) for b in (one, other)]
    for box, ink in ((one, stamps[1]), (other, stamps[0])):
        place = bgr[box[1] : box[3], box[0] : box[2]]
        place[:] = _without_ink(rng, place, line.style)
        _lay_ink(rng, bgr, ink, box)
    new = list(text)
    new[i], new[j] = text[j], text[i]
    return "".join(new), line.quad


def _borrow(
    rng: np.random.Generator, bgr: Image, line: Line, fields: Mapping[str, CardField]
) -> tuple[str, Points] | None:
    """A character is replaced by one that stands in another field of the card, scaled to the line's height."""
    places = [i for i, c in enumerate(line.text) if c.isdigit()] or [i for i, c in enumerate(line.text) if c.isalpha()]
    sources = []
    for field in fields.values():
        if field.style is None:
            continue
        ratio = line.style.size_px / field.style.size_px
        if 0.6 < ratio < 1.7:
            sources += [(line_of(quad, text, field.style), ratio) for quad, text in field.lines if len(text) > 1]
    found = [
        (at, source, k, ratio)
        for at in places
        for source, ratio in sources
        for k, c in enumerate(source.text)
        if c != line.text[at]
        and c.isdigit() == line.text[at].isdigit()
        and c.isalnum()
        and ("가" <= c <= "힣") == ("가" <= line.text[at] <= "힣")
        and c.isupper() == line.text[at].isupper()
        and abs(text_width(c, source.style) * ratio - text_width(line.text[at], line.style))
        < 0.3 * text_width(line.text[at], line.style) + 1
    ]
    if not found:
        return None
    at, source, k, ratio = pick(rng, found)
    x0, y0, x1, y1 = _inside(bgr, source.cell(k))
    box = _inside(bgr, line.cell(at))
    if x1 - x0 < 3 or y1 - y0 < 6 or box[2] - box[0] < 3:
        return None
    ink = cv2.resize(_ink(bgr[y0:y1, x0:x1]), None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    place = bgr[box[1] : box[3], box[0] : box[2]]
    place[:] = _without_ink(rng, place, line.style)
    rise = round(line.start[1] - (source.start[1] - y0) * ratio)
    _lay_ink(rng, bgr, ink, (box[0], rise, box[0] + ink.shape[1], rise + ink.shape[0]))
    return line.text[:at] + source.text[k] + line.text[at + 1 :], line.quad


def _inside(bgr: Image, box: Box) -> Box:
    height, width = bgr.shape[:2]
    return max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)


def _ground(place: Image) -> Image:
    """The ground of a small place without its dark strokes: closed, then smoothed."""
    size = max(min(place.shape[:2]) // 2, 3) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(np.ascontiguousarray(place), cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blur(closed, (3, 3)), np.uint8)


def _ink(place: Image) -> np.ndarray:
    """What the ink leaves of the ground's light at each point, (h, w, 3) float32 0..1."""
    return np.clip(place.astype(np.float32) / np.maximum(_ground(place), 1), 0, 1)


def _lay_ink(rng: np.random.Generator, bgr: Image, ink: np.ndarray, box: Box) -> None:
    """Multiplies ink into a place, a fraction of a pixel off, in place."""
    x, y = max(box[0], 0), max(box[1], 0)
    place = bgr[y : y + ink.shape[0], x : x + ink.shape[1]]
    move = np.asarray([[1, 0, between(rng, -0.6, 0.6)], [0, 1, between(rng, -0.6, 0.6)]], np.float32)
    moved = cv2.warpAffine(ink, move, ink.shape[1::-1], borderMode=cv2.BORDER_CONSTANT, borderValue=(1, 1, 1))
    place[:] = (place * moved[: place.shape[0], : place.shape[1]]).astype(np.uint8)


def _without_ink(rng: np.random.Generator, place: Image, style: TextStyle) -> Image:
    """The place with its character taken away: inpainted under the strokes alone, or its ground."""
    if chance(rng, 0.4):
        return _ground(place)
    apart = np.abs(place.astype(np.int16) - np.array(style.colour_bgr, np.int16)).max(axis=2)
    strokes = cv2.dilate(np.array(apart < 100, np.uint8) * 255, np.ones((3, 3), np.uint8))
    way = cv2.INPAINT_TELEA if chance(rng, 0.5) else cv2.INPAINT_NS
    return np.asarray(cv2.inpaint(np.ascontiguousarray(place), strokes, between(rng, 2, 4), way), np.uint8)


def _blend_in(bgr: Image, before: Image, box: Box) -> None:
    """Keeps the change inside of the box and lets its rim run into what was there (Poisson editing). In place."""
    x0, y0, x1, y1 = box
    pad = 6
    if x0 < pad or y0 < pad or x1 + pad > bgr.shape[1] or y1 + pad > bgr.shape[0]:
        return
    window = np.s_[y0 - pad : y1 + pad, x0 - pad : x1 + pad]
    mask = np.zeros((y1 - y0 + 2 * pad, x1 - x0 + 2 * pad), np.uint8)
    mask[pad - 2 : 2 - pad, pad - 2 : 2 - pad] = 255
    x, y, w, h = cv2.boundingRect(mask)
    bgr[window] = cv2.seamlessClone(bgr[window], before[window], mask, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE)


def _regenerate(rng: np.random.Generator, bgr: Image, line: Line, text: str) -> Points:
    """The whole line as an image generator paints it again: ground and letters smooth, a touch too clean."""
    x0, y0 = (int(v) for v in line.quad[0] - 6)
    x1, y1 = (int(v) for v in line.quad[2] + 7)
    box = _inside(bgr, (x0, y0, x1, y1))
    place = bgr[box[1] : box[3], box[0] : box[2]]
    place[:] = _ground(place)
    quad = set_line(bgr, text, line.start, line.style, soften=0.6)
    share = between(rng, 0.4, 0.65)
    small = cv2.resize(place, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    again = cv2.resize(small, place.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(again, (0, 0), 1.2)
    place[:] = cv2.addWeighted(again, 1.6, soft, -0.6, 0)
    return around([line.quad, quad])
