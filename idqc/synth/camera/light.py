"""Light on the scene: how bright, how even, shadows, reflections. And how much of the content each takes away.

The ramps below say what severities 0 and 1 of dark, bright and glare mean. "White level" is the grey level, 0..255,
that white paper has in the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Points
from idqc.photo.geometry import homography, rectangle
from idqc.synth.camera.sensor import Light

DARK_WHITE_AT_ZERO, DARK_WHITE_AT_ONE = 120.0, 40.0
BRIGHT_GAIN_AT_ZERO, BRIGHT_GAIN_AT_ONE = 1.6, 6.0
PAPER_LIGHT = 0.86
"""Linear light of white paper or card in the art, at a gain of 1."""
GLARE_AREA_AT_ONE = 0.10
CONTRAST_READABLE, CONTRAST_LOST = 0.38, 0.12
"""Share of the contrast of black on white that is left where print can just be read, and where it is gone."""
GRID_W, GRID_H, GRID_EDGE = 320, 200, 40
"""Reflections are drawn on a grid over the document: its width, height and the room around it."""

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Reflection:
    """A specular spot: `at` (centre) in shares of the document, `size` in shares of its width, `strength` in light."""

    shape: str
    at: tuple[float, float]
    size: float
    strength: float
    angle_deg: float
    softness: float


@dataclass(frozen=True)
class Lighting:
    """The light of a shot: `gain` the mean over the document, `unevenness` 0..1 of a slope, `shadow` 0..1 of depth."""

    gain: float
    unevenness: float
    colour_bgr: tuple[float, float, float]
    shadow: float
    vignette: float
    veil: float
    reflections: tuple[Reflection, ...] = ()
    lamp: float = 0.0
    """How much darker than the document the scene gets away from a night lamp, 0..1."""


def gain_for_white(level: float) -> float:
    """The gain at which white paper has this grey level."""
    return float((level / 255.0) ** 2 / PAPER_LIGHT)


def gain_for_dark(severity: float) -> float:
    """The gain of an evenly lit photo with this severity of quality.dark."""
    return gain_for_white(DARK_WHITE_AT_ZERO + (DARK_WHITE_AT_ONE - DARK_WHITE_AT_ZERO) * severity)


def gain_for_bright(severity: float) -> float:
    """The gain of an evenly lit photo with this severity of quality.bright."""
    return BRIGHT_GAIN_AT_ZERO + (BRIGHT_GAIN_AT_ONE - BRIGHT_GAIN_AT_ZERO) * severity


def illuminate(
    rng: np.random.Generator, lighting: Lighting, quad_xy: Points, width_px: int, height_px: int
) -> tuple[Map, float, float]:
    """The gain of every pixel (height / 8, width / 8, 3), and the severities of dark and bright on the document."""
    w, h = max(width_px // 8, 2), max(height_px // 8, 2)
    x, y = np.meshgrid(np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32))
    angle = rng.uniform(0, 2 * np.pi)
    gain = 1 + lighting.unevenness * (np.cos(angle) * x + np.sin(angle) * y) * 0.6
    if rng.random() < 0.3:
        cx, cy = rng.uniform(-0.6, 0.6, 2)
        gain *= 1 + lighting.unevenness * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / rng.uniform(0.1, 0.6))
    gain *= 1 - lighting.vignette * (x * x + y * y) / 2
    if lighting.lamp:
        gain *= _pool_of_light(rng, lighting.lamp, quad_xy, x, y, (width_px, height_px))
    if lighting.shadow > 0:
        gain *= _shadow(rng, lighting.shadow, np.asarray(quad_xy / 8, np.float32), w, h)
    inside = np.zeros((h, w), np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad_xy / 8).astype(np.int32), 1)
    on_card = gain[inside > 0] if inside.any() else gain.ravel()
    scale = lighting.gain / max(float(on_card.mean()), 1e-3)
    gain, on_card = gain * scale, on_card * scale
    white = 255 * np.sqrt(np.maximum(on_card, 0) * PAPER_LIGHT)
    dark = ((DARK_WHITE_AT_ZERO - white) / (DARK_WHITE_AT_ZERO - DARK_WHITE_AT_ONE)).clip(0, 1).mean()
    bright = ((on_card - BRIGHT_GAIN_AT_ZERO) / (BRIGHT_GAIN_AT_ONE - BRIGHT_GAIN_AT_ZERO)).clip(0, 1).mean()
    coloured = gain[..., None] * np.asarray(lighting.colour_bgr, np.float32)
    return np.maximum(coloured, 0.003).astype(np.float32), float(dark), float(bright)


def _pool_of_light(
    rng: np.random.Generator, depth: float, quad_xy: Points, x: Map, y: Map, size: tuple[int, int]
) -> Map:
    """The round pool of a lamp over the document; `x` and `y` run over the frame from -1 to 1."""
    centre = quad_xy.mean(axis=0) / np.asarray(size, np.float32) * 2 - 1 + rng.normal(0, 0.12, 2)
    reach = float(np.linalg.norm(np.ptp(quad_xy, axis=0) / np.asarray(size, np.float32))) * float(rng.uniform(0.8, 1.6))
    distance = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / max(reach, 0.2) ** 2
    return np.asarray(1 - depth + depth * np.exp(-distance / 2), np.float32)


def _shadow(rng: np.random.Generator, depth: float, quad_xy: Points, w: int, h: int) -> Map:
    """The soft shadow of a hand, a phone or a window frame."""
    mask = np.zeros((h, w), np.float32)
    centre = quad_xy.mean(axis=0) + rng.normal(0, 0.25, 2) * (w, h)
    angle = rng.uniform(0, 2 * np.pi)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    half = rng.uniform(0.1, 0.5) * w
    near = [centre - across * half, centre + across * half]
    far = [centre + across * half * side * rng.uniform(0.6, 1.6) + along * 2 * w for side in (1, -1)]
    shape = [*near, *far]
    cv2.fillPoly(mask, [np.array(shape).astype(np.int32)], 1.0)
    if rng.random() < 0.3:
        cv2.circle(mask, (int(centre[0]), int(centre[1])), int(half), 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.006, 0.08)) * w)
    return np.asarray(1 - depth * soft, np.float32)


def reflect(rng: np.random.Generator, reflections: tuple[Reflection, ...]) -> Map:
    """Specular light on the grid over the document, (GRID_H + 2 edges, GRID_W + 2 edges) float32, linear."""
    total = np.zeros((GRID_H + 2 * GRID_EDGE, GRID_W + 2 * GRID_EDGE), np.float32)
    for spot in reflections:
        shape = np.zeros_like(total)
        x, y = spot.at[0] * GRID_W + GRID_EDGE, spot.at[1] * GRID_H + GRID_EDGE
        size = spot.size * GRID_W
        if spot.shape == "streak":
            _ellipse(shape, x, y, size * 1.6, size * 0.16, spot.angle_deg)
        elif spot.shape == "window":
            box = cv2.boxPoints(((x, y), (size * 1.5, size), spot.angle_deg)) + rng.normal(0, size * 0.06, (4, 2))
            cv2.fillConvexPoly(shape, (np.asarray(box, np.float32) * 8).astype(np.int32), 1.0, cv2.LINE_AA, 3)
            for a, b in (
                ((box[0] + box[1]) / 2, (box[2] + box[3]) / 2),
                ((box[1] + box[2]) / 2, (box[3] + box[0]) / 2),
            ):
                cv2.line(
                    shape, a.astype(int).tolist(), b.astype(int).tolist(), 0.1, max(int(size * 0.06), 1), cv2.LINE_AA
                )
        elif spot.shape == "flash":
            _ellipse(shape, x, y, size * 0.3, size * 0.3, 0)
            halo = np.zeros_like(total)
            _ellipse(halo, x, y, size * 0.6, size * 0.6, 0)
            shape += 0.35 * cv2.GaussianBlur(halo, (0, 0), size * 0.4 + 1)
        else:
            _ellipse(shape, x, y, size * 0.5, size * rng.uniform(0.2, 0.5), spot.angle_deg)
        total += spot.strength * cv2.GaussianBlur(shape, (0, 0), max(spot.softness * size * 0.35, 0.7))
    return np.asarray(total * _fade(), np.float32)


@cache
def _fade() -> Map:
    """1 on the document, falling to 0 at the rim of the grid, so that no reflection ends in a straight line."""
    ramps = [
        np.minimum(np.minimum(np.arange(n), n - 1 - np.arange(n)) / GRID_EDGE, 1.0)
        for n in (GRID_H + 2 * GRID_EDGE, GRID_W + 2 * GRID_EDGE)
    ]
    return np.asarray(np.outer(*ramps) ** 1.5, np.float32)


def _ellipse(shape: Map, x: float, y: float, a: float, b: float, angle_deg: float) -> None:
    axes = max(int(a * 8), 4), max(int(b * 8), 4)
    cv2.ellipse(shape, (int(x * 8), int(y * 8)), axes, angle_deg, 0, 360, 1.0, -1, cv2.LINE_AA, 3)


def content_lost(reflected: Map, gain: float) -> Map:
    """How much of print on white each grid point loses to the reflection, 0..1."""
    white, black = min(PAPER_LIGHT * gain, 1.0), 0.04 * gain
    before = max(white**0.5 - min(black, 1.0) ** 0.5, 1e-3)
    after = np.sqrt(np.minimum(white + reflected, 1)) - np.sqrt(np.minimum(black + reflected, 1))
    return np.asarray(
        ((CONTRAST_READABLE - after / before) / (CONTRAST_READABLE - CONTRAST_LOST)).clip(0, 1), np.float32
    )


def glare_severity(area_lost: float, worst_field_lost: float) -> float:
    """Severity of quality.glare: a field that is gone counts in full, a burnt area without a field at most 0.6."""
    return float(max(0.6 * min(area_lost / GLARE_AREA_AT_ONE, 1.0), worst_field_lost))


def grid_to_photo(quad_xy: Points) -> NDArray[np.float64]:
    """The homography from grid points to photo pixels."""
    return homography(rectangle(GRID_W, GRID_H) + np.asarray(GRID_EDGE, np.float32), quad_xy)


def shine(light: Light, reflected: Map, quad_xy: Points) -> None:
    """Adds the reflection to the light of the photo, in place."""
    if not reflected.any():
        return
    h, w = light.shape[:2]
    small = cv2.warpPerspective(reflected, np.diag([0.25, 0.25, 1.0]) @ grid_to_photo(quad_xy), (w // 4, h // 4))
    x, y, bw, bh = cv2.boundingRect((small > 1e-3).astype(np.uint8))
    if bw == 0 or bh == 0:
        return
    block = light[y * 4 : (y + bh) * 4, x * 4 : (x + bw) * 4]
    block += cv2.resize(small[y : y + bh, x : x + bw], (block.shape[1], block.shape[0]))[..., None]
