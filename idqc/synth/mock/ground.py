"""What a card is printed on: gradients, guilloche, lattices, watermarks and microtext under the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.synth.card import TextStyle
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.paint import Colour, hsv, line_mask, mix, stamp

SHIFT = 3
"""Fractional bits of polyline points: curves are set to an eighth of a pixel."""


@dataclass(frozen=True)
class Palette:
    """The colours of a layout. `light` is the share of white in the ground, 0..1."""

    hue: float
    second_hue: float
    saturation: float
    light: float
    ink: Colour
    caption: Colour
    title: Colour
    band: Colour


def draw_palette(rng: np.random.Generator) -> Palette:
    """A palette: pastel ground, dark ink, coloured captions and band."""
    hue = float(rng.random())
    second = hue + pick(rng, (0.06, -0.08, 0.15, 0.33, 0.5, -0.2, 0.02))
    saturation = pick(rng, (0.03, 0.06, 0.1, 0.14, 0.18, 0.22, 0.3))
    light = between(rng, 0.82, 0.98) - (0.1 if chance(rng, 0.15) else 0.0)
    dark = between(rng, 0.04, 0.3)
    ink = hsv(pick(rng, (hue, 0.62, 0.08)), pick(rng, (0.0, 0.0, 0.3, 0.7)), dark)
    caption = hsv(pick(rng, (hue, second, 0.6, 0.0)), pick(rng, (0.0, 0.5, 0.8, 0.9)), between(rng, 0.25, 0.6))
    title = hsv(pick(rng, (hue, second, 0.65, 0.98)), pick(rng, (0.0, 0.6, 0.85)), between(rng, 0.1, 0.55))
    band = hsv(pick(rng, (hue, second, 0.6)), between(rng, 0.3, 0.85), between(rng, 0.35, 0.9))
    return Palette(hue, second, saturation, light, ink, caption, title, band)


def gradient(rng: np.random.Generator, palette: Palette, width: int, height: int) -> Image:
    """A smooth ground of a few colours of the palette: (height, width, 3)."""
    rows, columns = int(rng.integers(2, 4)), int(rng.integers(2, 5))
    cells = np.zeros((rows, columns, 3), np.uint8)
    for row in range(rows):
        for column in range(columns):
            hue = pick(rng, (palette.hue, palette.hue, palette.second_hue)) + between(rng, -0.03, 0.03)
            saturation = palette.saturation * between(rng, 0.35, 1.25)
            cells[row, column] = hsv(hue, min(saturation, 0.9), min(palette.light + between(rng, -0.05, 0.03), 1.0))
    coarse = cv2.resize(cells, (width // 8, height // 8), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _polylines(overlay: Image, curves: np.ndarray, colour: Colour, thickness: int, closed: bool = False) -> None:
    """Curves is (n, points, 2) float pixels."""
    points = np.round(curves * (1 << SHIFT)).astype(np.int32)
    cv2.polylines(overlay, list(points), closed, colour, thickness, cv2.LINE_AA, SHIFT)


def _waves(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    height, width = overlay.shape[:2]
    count, steps = int(rng.integers(18, 60)), width // 10
    x = np.linspace(-20, width + 20, steps)
    at = np.arange(count)[:, None] / count
    amplitude, cycles = between(rng, 0.02, 0.16) * height, between(rng, 1.0, 6.0)
    twist = between(rng, 0.0, 5.0)
    y = (at * 1.4 - 0.2) * height + amplitude * np.sin(2 * np.pi * cycles * x / width + twist * at * np.pi)
    y += amplitude * 0.5 * np.sin(2 * np.pi * cycles * between(rng, 1.5, 3.2) * x / width + 7 * at)
    curves = np.stack([np.broadcast_to(x, y.shape), y], axis=-1)
    if chance(rng, 0.25):
        curves = curves[..., ::-1] * np.array([width / height, height / width])
    _polylines(overlay, curves, colour, 1)


def _bundle(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    """Two border curves and the curves between them, as in bank-note lathe work."""
    height, width = overlay.shape[:2]
    x = np.linspace(-20, width + 20, width // 8)
    share = np.linspace(0, 1, int(rng.integers(14, 36)))[:, None]
    for _ in range(int(rng.integers(1, 4))):
        edges = []
        for _ in range(2):
            wave = sum(
                between(rng, 0.03, 0.2) * np.sin(2 * np.pi * (between(rng, 0.5, 4) * x / width + rng.random()))
                for _ in range(3)
            )
            edges.append((between(rng, 0.1, 0.9) + wave) * height)
        y = edges[0] * share + edges[1] * (1 - share)
        _polylines(overlay, np.stack([np.broadcast_to(x, y.shape), y], axis=-1), colour, 1)


def rosette(
    rng: np.random.Generator, overlay: Image, centre: tuple[float, float], radius: float, colour: Colour
) -> None:
    """A guilloche rosette: nested hypotrochoids."""
    angle = np.linspace(0, 2 * np.pi, 500)
    lobes, rings = int(rng.integers(5, 22)), int(rng.integers(6, 18))
    depth = between(rng, 0.1, 0.45)
    ring = np.linspace(0.25, 1, rings)[:, None]
    r = radius * ring * (1 - depth + depth * np.cos(lobes * angle + ring * between(rng, 0, 6)))
    curves = np.stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)], axis=-1)
    _polylines(overlay, curves, colour, 1, closed=True)


def _rosettes(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    height, width = overlay.shape[:2]
    for _ in range(int(rng.integers(1, 5))):
        centre = (between(rng, 0, 1) * width, between(rng, 0, 1) * height)
        rosette(rng, overlay, centre, between(rng, 0.15, 0.7) * height, colour)


def _hatching(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    height, width = overlay.shape[:2]
    step, slope = int(rng.integers(8, 26)), between(rng, -1.5, 1.5)
    start = np.arange(-width - height, 2 * width + height, step, dtype=np.float64)
    top = np.stack([start, np.zeros_like(start)], axis=-1)
    bottom = np.stack([start + slope * height, np.full_like(start, height)], axis=-1)
    _polylines(overlay, np.stack([top, bottom], axis=1), colour, int(rng.integers(1, 3)))


def _rays(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    height, width = overlay.shape[:2]
    centre = np.array([between(rng, -0.1, 1.1) * width, between(rng, -0.1, 1.1) * height])
    angle = np.linspace(0, 2 * np.pi, int(rng.integers(60, 200)), endpoint=False)
    rays = centre + np.stack([np.cos(angle), np.sin(angle)], axis=-1) * 2 * width
    _polylines(overlay, np.stack([np.broadcast_to(centre, rays.shape), rays], axis=1), colour, 1)


def _circles(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    height, width = overlay.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        centre = (int(between(rng, 0, 1) * width * 8), int(between(rng, 0, 1) * height * 8))
        for radius in range(10, int(between(rng, 0.4, 1.2) * height), int(rng.integers(7, 22))):
            cv2.circle(overlay, centre, radius * 8, colour, 1, cv2.LINE_AA, SHIFT)


def _lattice(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    """A small ornament (dot, ring, diamond, hexagon, cross) in rows."""
    height, width = overlay.shape[:2]
    step = int(rng.integers(18, 60))
    sides = pick(rng, (0, 0, 3, 4, 6))
    radius = step * between(rng, 0.15, 0.55)
    filled = chance(rng, 0.35)
    tile = np.zeros((2 * step, 2 * step), np.uint8)
    for x, y in ((0, 0), (2 * step, 0), (0, 2 * step), (2 * step, 2 * step), (step, step)):
        if sides == 0:
            cv2.circle(tile, (x, y), round(radius), 255, -1 if filled else 1, cv2.LINE_AA)
            continue
        angle = np.arange(sides) * 2 * np.pi / sides + np.pi / 6
        corners = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=-1).round().astype(np.int32)
        if filled:
            cv2.fillPoly(tile, [corners], 255, cv2.LINE_AA)
        else:
            cv2.polylines(tile, [corners], True, 255, 1, cv2.LINE_AA)
    mask = np.tile(tile, (height // (2 * step) + 1, width // (2 * step) + 1))[:height, :width]
    cv2.copyTo(np.full_like(overlay, colour), np.asarray(mask > 100, np.uint8) * 255, overlay)


def _contours(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    """Level lines of a smooth field, like a map."""
    height, width = overlay.shape[:2]
    field = cv2.resize(rng.random((4, 6)).astype(np.float32), (width // 4, height // 4), interpolation=cv2.INTER_CUBIC)
    for level in np.linspace(0.1, 0.9, int(rng.integers(8, 26))):
        lines, _ = cv2.findContours(np.asarray(field > level, np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.polylines(overlay, [line * 4 for line in lines], True, colour, 1, cv2.LINE_AA)


def _blobs(rng: np.random.Generator, overlay: Image, colour: Colour) -> None:
    """A large soft shape (a coast, a mountain, a ribbon)."""
    height, width = overlay.shape[:2]
    field = cv2.resize(rng.random((3, 5)).astype(np.float32), (width // 4, height // 4), interpolation=cv2.INTER_CUBIC)
    mask = cv2.resize(
        np.asarray(field > between(rng, 0.5, 0.75), np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR
    )
    cv2.copyTo(np.full_like(overlay, colour), mask, overlay)


PATTERNS: tuple[Callable[[np.random.Generator, Image, Colour], None], ...] = (
    _waves, _bundle, _rosettes, _hatching, _rays, _circles, _lattice, _contours, _blobs,
)  # fmt: skip


def repeat_words(
    rng: np.random.Generator, bgr: Image, text: str, style: TextStyle, opacity: float, angle: float = 0.0
) -> None:
    """Covers the ground with a word in rows, turned by `angle` degrees: a watermark or, small, microtext."""
    height, width = bgr.shape[:2]
    word, _, _ = line_mask(text, style)
    gap_x, gap_y = int(word.shape[1] * between(rng, 0.1, 0.7)), int(word.shape[0] * between(rng, 0.3, 2.5))
    cell = cv2.copyMakeBorder(word, 0, gap_y, 0, gap_x, cv2.BORDER_CONSTANT, value=0)
    side = int(1.5 * max(width, height)) if angle else max(width, height)
    rows = [np.roll(cell, int(rng.integers(0, cell.shape[1])), axis=1) for _ in range(2)]
    tile = np.tile(np.vstack(rows), (side // (2 * cell.shape[0]) + 1, side // cell.shape[1] + 1))[:side, :side]
    if angle:
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), angle, 1)
        turn[:, 2] += (width - side) / 2, (height - side) / 2
        tile = np.asarray(cv2.warpAffine(tile, turn, (width, height)), np.uint8)
    stamp(bgr, np.ascontiguousarray(tile[:height, :width]), 0, 0, style.colour_bgr, opacity)


def paint_ground(rng: np.random.Generator, palette: Palette, width: int, height: int) -> Image:
    """Gradient and one to three patterns: (height, width, 3)."""
    bgr = gradient(rng, palette, width, height)
    for at in rng.permutation(len(PATTERNS))[: int(rng.integers(1, 4))]:
        hue = pick(rng, (palette.hue, palette.second_hue, palette.second_hue + 0.1))
        colour = hsv(hue, between(rng, 0.2, 0.75), between(rng, 0.45, 0.85))
        overlay = bgr.copy()
        PATTERNS[at](rng, overlay, colour)
        mix(bgr, overlay, between(rng, 0.15, 0.45) * (0.5 if PATTERNS[at] is _blobs else 1))
    return bgr


def band(bgr: Image, top: int, bottom: int, colour: Colour, opacity: float) -> None:
    """A coloured bar across the card."""
    part = bgr[top:bottom]
    part[:] = cv2.addWeighted(np.full_like(part, colour), opacity, part, 1 - opacity, 0)
