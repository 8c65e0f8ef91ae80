"""What is printed on cards beside ground and text: seals, crests, chips, barcodes, signatures, flags, holograms."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.card import TextStyle
from idqc.synth.mock.draws import between, chance, letters, pick
from idqc.synth.mock.ground import SHIFT, rosette
from idqc.synth.mock.paint import Colour, box_quad, hsv, line_mask, mix, stamp

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in card pixels."""


def _glyph(character: str, style: TextStyle, width: int, height: int) -> Image:
    """One character stretched to fill a cell, as seal carvers cut them."""
    coverage, _, _ = line_mask(character, style)
    x, y, w, h = cv2.boundingRect(coverage)
    return np.asarray(
        cv2.resize(coverage[y : y + max(h, 1), x : x + max(w, 1)], (width, height), interpolation=cv2.INTER_AREA),
        np.uint8,
    )


def stamp_seal(
    rng: np.random.Generator, bgr: Image, centre: tuple[float, float], side: float, text: str, style: TextStyle
) -> Points:
    """A red seal, round or square, with the words in columns from the right. Returns its quad."""
    size = round(side)
    mask = np.zeros((size, size), np.uint8)
    is_round = chance(rng, 0.4)
    rim = max(round(size * between(rng, 0.03, 0.065)), 2)
    text = text.replace(" ", "")
    columns = max(2, round(len(text) ** 0.5 + 0.3))
    rows = -(-len(text) // columns)
    text = text.ljust(rows * columns, pick(rng, ("인", "印")[:1]))
    if is_round:
        cv2.circle(mask, (size // 2, size // 2), size // 2 - rim, 255, rim, cv2.LINE_AA)
        margin = size * 0.19
    else:
        cv2.rectangle(mask, (rim // 2, rim // 2), (size - 1 - rim // 2, size - 1 - rim // 2), 255, rim)
        margin = rim * 1.9
    cell_w, cell_h = (size - 2 * margin) / columns, (size - 2 * margin) / rows
    for at, character in enumerate(text):
        column, row = columns - 1 - at // rows, at % rows
        width, height = max(int(cell_w * 0.88), 3), max(int(cell_h * 0.88), 3)
        x, y = int(margin + column * cell_w + cell_w * 0.06), int(margin + row * cell_h + cell_h * 0.06)
        mask[y : y + height, x : x + width] = np.maximum(
            mask[y : y + height, x : x + width], _glyph(character, style, width, height)
        )
    worn = cv2.resize(rng.random((size // 6 + 1, size // 6 + 1)).astype(np.float32), (size, size))
    mask = np.asarray(mask * np.clip(0.75 + 0.5 * worn, 0, 1), np.uint8)
    red = hsv(between(rng, -0.02, 0.02), between(rng, 0.7, 0.95), between(rng, 0.65, 0.9))
    x, y = round(centre[0] - size / 2), round(centre[1] - size / 2)
    stamp(bgr, mask, x, y, red, between(rng, 0.6, 0.92))
    return box_quad(x, y, x + size, y + size)


def crest(
    rng: np.random.Generator, bgr: Image, centre: tuple[float, float], radius: float, colour: Colour, opacity: float
) -> None:
    """An emblem: shield, star in a wreath, petals, or a disc of two halves."""
    overlay = bgr.copy() if opacity < 1 else bgr
    x, y = int(centre[0]), int(centre[1])
    kind = int(rng.integers(5))
    r = int(radius)
    if kind == 0:
        outline = np.array([[-0.8, -1], [0.8, -1], [0.8, 0.2], [0, 1.05], [-0.8, 0.2]]) * r + (x, y)
        cv2.polylines(overlay, [outline.astype(np.int32)], True, colour, max(r // 12, 1), cv2.LINE_AA)
        cv2.line(overlay, (x, y - r), (x, y + r), colour, max(r // 14, 1), cv2.LINE_AA)
        cv2.line(
            overlay,
            (x - int(0.8 * r), y - r // 6),
            (x + int(0.8 * r), y - r // 6),
            colour,
            max(r // 14, 1),
            cv2.LINE_AA,
        )
        cv2.circle(overlay, (x - r // 3, y - r // 2), r // 5, colour, -1, cv2.LINE_AA)
        cv2.circle(overlay, (x + r // 3, y + r // 5), r // 5, colour, 2, cv2.LINE_AA)
    elif kind == 1:
        points = int(rng.integers(5, 9))
        angle = np.arange(2 * points) * np.pi / points - np.pi / 2
        reach = np.where(np.arange(2 * points) % 2 == 0, 0.8, 0.35) * r
        star = np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=-1)
        cv2.fillPoly(overlay, [star.astype(np.int32)], colour, cv2.LINE_AA)
        cv2.circle(overlay, (x, y), r, colour, max(r // 12, 1), cv2.LINE_AA)
    elif kind == 2:
        for angle in np.arange(5) * 72.0:
            tip = (x + int(0.5 * r * np.sin(np.radians(angle))), y - int(0.5 * r * np.cos(np.radians(angle))))
            cv2.ellipse(overlay, tip, (r // 3, r // 2), angle, 0, 360, colour, max(r // 14, 1), cv2.LINE_AA)
        cv2.circle(overlay, (x, y), r // 5, colour, -1, cv2.LINE_AA)
    elif kind == 3:
        blue, red = hsv(0.6, 0.75, 0.6), hsv(0.99, 0.8, 0.8)
        cv2.ellipse(overlay, (x, y), (r, r), 25, 180, 360, red, -1, cv2.LINE_AA)
        cv2.ellipse(overlay, (x, y), (r, r), 25, 0, 180, blue, -1, cv2.LINE_AA)
        lean = np.radians(25)
        left = (x - int(r / 2 * np.cos(lean)), y - int(r / 2 * np.sin(lean)))
        right = (x + int(r / 2 * np.cos(lean)), y + int(r / 2 * np.sin(lean)))
        cv2.circle(overlay, left, r // 2, red, -1, cv2.LINE_AA)
        cv2.circle(overlay, right, r // 2, blue, -1, cv2.LINE_AA)
    else:
        rosette(rng, overlay, centre, radius, colour)
    if overlay is not bgr:
        mix(bgr, overlay, opacity)


def flag(rng: np.random.Generator, bgr: Image, box: Box) -> None:
    """Three stripes of made-up colours, standing or lying."""
    left, top, right, bottom = (int(v) for v in box)
    for at in range(3):
        colour = hsv(float(rng.random()), pick(rng, (0.0, 0.8, 0.85)), pick(rng, (0.95, 0.75, 0.5)))
        if (right - left + top) % 2:
            x0, x1 = left + (right - left) * at // 3, left + (right - left) * (at + 1) // 3
            bgr[top:bottom, x0:x1] = colour
        else:
            bgr[top + (bottom - top) * at // 3 : top + (bottom - top) * (at + 1) // 3, left:right] = colour


def chip(rng: np.random.Generator, bgr: Image, left: float, top: float, width: float) -> None:
    """The gold contacts of a smart card, `width` pixels wide."""
    x0, y0, w, h = int(left), int(top), int(width), int(width * 0.8)
    gold = hsv(pick(rng, (0.12, 0.13, 0.0)), between(rng, 0.1, 0.5), between(rng, 0.75, 0.9))
    edge = tuple(int(v * 0.55) for v in gold)
    cv2.rectangle(bgr, (x0, y0), (x0 + w, y0 + h), gold, -1)
    for share in (1 / 3, 2 / 3):
        y = y0 + int(h * share)
        cv2.line(bgr, (x0, y), (x0 + w // 3, y), edge, 2, cv2.LINE_AA)
        cv2.line(bgr, (x0 + 2 * w // 3, y), (x0 + w, y), edge, 2, cv2.LINE_AA)
    cv2.rectangle(bgr, (x0 + w // 3, y0 + h // 5), (x0 + 2 * w // 3, y0 + 4 * h // 5), edge, 2, cv2.LINE_AA)
    cv2.rectangle(bgr, (x0, y0), (x0 + w, y0 + h), edge, 2, cv2.LINE_AA)


def barcode(rng: np.random.Generator, bgr: Image, box: Box) -> None:
    """A linear barcode or, in a square box, a two-dimensional one; it encodes nothing."""
    left, top, right, bottom = (int(v) for v in box)
    width, height = right - left, bottom - top
    if width < 1.6 * height and height < 1.6 * width:
        cells = (rng.random((25, 25)) < 0.5).astype(np.uint8) * 225 + 15
        bgr[top:bottom, left:right] = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)[..., None]
        return
    bars = (rng.random(max(max(width, height) // 4, 8)) < 0.5).astype(np.uint8) * 220 + 20
    strip = bars[None, :] if width >= height else bars[:, None]
    bgr[top:bottom, left:right] = cv2.resize(strip, (width, height), interpolation=cv2.INTER_NEAREST)[..., None]


def signature(rng: np.random.Generator, bgr: Image, box: Box, colour: Colour) -> None:
    """A scribble that stays in its box."""
    left, top, right, bottom = box
    count = int(rng.integers(5, 12))
    x = np.linspace(left, right, count) + rng.normal(0, (right - left) * 0.03, count)
    y = (top + bottom) / 2 + rng.normal(0, (bottom - top) * 0.28, count)
    t, fine = np.arange(count), np.linspace(0, count - 1, count * 16)
    curl = np.sin(fine * between(rng, 2.5, 5.0)) * (right - left) * between(rng, 0.01, 0.05)
    curve = np.stack([np.interp(fine, t, x) + curl, np.interp(fine, t, y) - np.abs(curl)], axis=-1)
    curve = np.asarray(cv2.GaussianBlur(curve.astype(np.float32), (1, 15), 3), np.float32)
    curve[:, 0] = np.clip(curve[:, 0], left, right)
    curve[:, 1] = np.clip(curve[:, 1], top, bottom)
    points = np.round(curve * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(bgr, [points], False, colour, int(rng.integers(2, 5)), cv2.LINE_AA, SHIFT)


def hologram(rng: np.random.Generator, bgr: Image, centre: tuple[float, float], radius: float, opacity: float) -> None:
    """A pale rainbow patch with a rosette in it."""
    r = int(radius)
    x0, y0 = max(int(centre[0]) - r, 0), max(int(centre[1]) - r, 0)
    part = bgr[y0 : int(centre[1]) + r, x0 : int(centre[0]) + r]
    if part.size == 0:
        return
    height, width = part.shape[:2]
    ramp = np.add.outer(np.arange(height) * rng.random(), np.arange(width)).astype(np.float32)
    hue = np.asarray((ramp * 180 / (2 * r) * between(rng, 0.6, 2) + rng.random() * 180) % 180, np.uint8)
    shades = cv2.merge([hue, np.full_like(hue, 110), np.full_like(hue, 235)])
    rainbow = np.asarray(cv2.cvtColor(shades, cv2.COLOR_HSV2BGR), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (int(centre[0]) - x0, int(centre[1]) - y0), r - 1, 255, -1, cv2.LINE_AA)
    rosette(rng, rainbow, (centre[0] - x0, centre[1] - y0), r, (250, 250, 250))
    overlay = np.asarray(cv2.copyTo(rainbow, mask, part.copy()), np.uint8)
    mix(part, overlay, opacity)


def vertical_print(rng: np.random.Generator, bgr: Image, style: TextStyle, x: float, y: float) -> None:
    """A short control number printed upwards at the card's edge."""
    coverage, _, _ = line_mask(letters(rng, 9, "ABCDEFGHKLMNPRSTUVWXYZ0123456789"), style)
    turned = np.rot90(coverage)
    stamp(bgr, np.ascontiguousarray(turned), round(x), round(y), style.colour_bgr, 0.8)
