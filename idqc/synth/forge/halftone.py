"""Ink on paper: colour separation and the two families of halftones: clustered (laser) and dispersed (inkjet)."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from PIL import Image as Pillow

from idqc.inspection import Image

LEVELS = 256


def separated(image_bgr: np.ndarray, black_share: float, spread: float) -> list[Image]:
    """Coverage of cyan, magenta, yellow and black ink: four (h, w) uint8 planes, 255 = full.

    `black_share` 0..1 is how much of the common grey goes into black ink; `spread` > 0 thickens mid tones (dot gain).
    """
    ink = 255 - image_bgr
    yellow, magenta, cyan = cv2.split(ink)
    grey = cv2.min(cv2.min(cyan, magenta), yellow)
    ramp = np.arange(LEVELS) / 255
    curve = (np.clip(ramp + spread * 4 * ramp * (1 - ramp) * 0.25, 0, 1) * 255).astype(np.uint8)
    under = (np.clip((ramp - 0.15) / 0.85, 0, 1) ** 1.3 * black_share * 255).astype(np.uint8)
    black = cv2.LUT(grey, under)
    colours = [cv2.subtract(plane, black) for plane in (cyan, magenta, yellow)]
    return [np.asarray(cv2.LUT(plane, curve), np.uint8) for plane in (*colours, black)]


@cache
def _spot_levels() -> np.ndarray:
    """Quantiles of cos a + cos b: the threshold that covers a share of the cell, for each of 256 shares."""
    phase = np.cos(np.linspace(0, 2 * np.pi, 256, endpoint=False))
    values = np.sort((phase[:, None] + phase[None, :]).ravel())
    at = np.linspace(0, len(values) - 1, LEVELS).astype(int)
    levels = values[at].astype(np.float32)
    levels[0], levels[-1] = -2.1, 2.1
    return np.asarray(levels, np.float32)


def clustered_dots(
    plane: np.ndarray, cells_per_px: float, angle_deg: float, phase: tuple[float, float], line: bool
) -> Image:
    """Amplitude-modulated halftone of one ink: dots (or lines) on a turned grid. (h, w) uint8 coverage -> 0 or 1."""
    height, width = plane.shape
    omega = 2 * np.pi * cells_per_px
    c, s = np.cos(np.deg2rad(angle_deg)) * omega, np.sin(np.deg2rad(angle_deg)) * omega
    x, y = np.arange(width), np.arange(height)
    # cos(cx + sy + p) + cos(-sx + cy + q), written as products of a column and a row: one small matrix product.
    second = 0.0 if line else 1.0
    rows = np.stack(
        [
            np.cos(s * y + phase[0]),
            -np.sin(s * y + phase[0]),
            second * np.cos(c * y + phase[1]),
            second * np.sin(c * y + phase[1]),
        ]
    )
    columns = np.stack([np.cos(c * x), np.sin(c * x), np.cos(s * x), np.sin(s * x)])
    spot = rows.T.astype(np.float32) @ columns.astype(np.float32)
    levels = np.cos(np.pi * (1 - np.linspace(0, 1, LEVELS))).astype(np.float32) * 1.01 if line else _spot_levels()
    return np.asarray(cv2.compare(spot, cv2.LUT(plane, levels), cv2.CMP_LT), np.uint8) & np.uint8(1)


@cache
def blue_noise(number: int, size: int = 128) -> Image:
    """A threshold mask whose dots keep their distance: noise, high-passed and ranked. (size, size) uint8."""
    rng = np.random.default_rng([53, number])
    sigma = 1.2 + 0.9 * rng.random()
    mask = rng.random((size, size)).astype(np.float32)
    for _ in range(8):
        tiled = cv2.copyMakeBorder(mask, 16, 16, 16, 16, cv2.BORDER_WRAP)
        mask = (tiled - cv2.GaussianBlur(tiled, (0, 0), sigma))[16:-16, 16:-16]
        mask = (np.argsort(np.argsort(mask.ravel())) / mask.size).reshape(size, size).astype(np.float32)
    return (mask * 254).astype(np.uint8)


def stochastic_dots(plane: np.ndarray, mask: np.ndarray, shift: tuple[int, int]) -> Image:
    """Dispersed dots by a tiled threshold mask: (h, w) uint8 coverage -> 0 or 1."""
    height, width = plane.shape
    mask = np.roll(mask, shift, (0, 1))
    tiled = cv2.repeat(mask, -(-height // mask.shape[0]), -(-width // mask.shape[1]))[:height, :width]
    return np.asarray(cv2.compare(plane, tiled, cv2.CMP_GT), np.uint8) & np.uint8(1)


def diffused_dots(plane: np.ndarray) -> Image:
    """Floyd and Steinberg's error diffusion: (h, w) uint8 coverage -> 0 or 1."""
    return np.asarray(Pillow.fromarray(plane).convert("1")).astype(np.uint8)


def inked(planes: list[Image], inks_bgr: np.ndarray, paper_bgr: np.ndarray) -> Image:
    """Overprints binary ink planes: each of the 2^n overlaps gets the product of its inks' transmittances (Neugebauer).

    `inks_bgr` is (n, 3) and `paper_bgr` (3,), both 0..1.
    """
    overlap = np.zeros_like(planes[0])
    for number, plane in enumerate(planes):
        overlap |= plane << np.uint8(number)
    table = np.ones((256, 1, 3), np.float32) * paper_bgr.astype(np.float32)
    for number, colour in enumerate(inks_bgr.astype(np.float32)):
        table[(np.arange(256) >> number) & 1 == 1] *= colour
    return np.asarray(cv2.LUT(cv2.merge([overlap] * 3), (np.clip(table, 0, 1) * 255).astype(np.uint8)), np.uint8)
