"""From light to a JPEG file: exposure clips, noise, demosaicing, sharpening, tone, compression.

Light is linear float32, 1.0 = white at normal exposure. Pixel values are its square root (a gamma of 2, exact to invert
and fast); a tone curve on 8 bits bends them further. Under that root, shot noise has the same strength everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image
from idqc.synth.assets import kinds

Light = NDArray[np.float32]
CAMERA_KINDS = 60
FIRST_NEWER = 30
"""Cameras from this number on also fringe, map tones, tremble and smear; earlier numbers stay as they were."""
TO_LIGHT = ((np.arange(256, dtype=np.float32) / 255.0) ** 2).reshape(256, 1)
TILE_PX = 1024


@dataclass(frozen=True)
class CameraKind:
    """What one make of camera does to every photo. Noise is in grey levels at normal light."""

    noise: float
    chroma_noise: float
    grain_px: float
    demosaic: bool
    smoothing: float
    sharpen: float
    sharpen_px: float
    contrast: float
    shadows: float
    saturation: float
    white_bgr: tuple[float, float, float]
    vignette: float
    lens_px: float
    quality: tuple[int, int]
    fringe: float = 0.0
    """Lateral chromatic aberration in the corners, as a share of half the diagonal."""
    tone_map: float = 0.0
    """Strength of local tone mapping (HDR), 0 to 0.45."""
    tremble: float = 0.0
    """The share of photos that a rolling shutter bends."""
    smear: bool = False
    """Whether strong denoising smears what is fine."""


def camera_kinds(split: str) -> list[str]:
    """The camera kinds of a split."""
    return kinds("C", CAMERA_KINDS, split)


@cache
def camera_kind(name: str) -> CameraKind:
    """The kind of this name; the same name is always the same camera."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    warm = rng.normal(0, 0.035)
    low = int(rng.integers(55, 88))
    kind = CameraKind(
        noise=float(rng.uniform(0.6, 3.5)),
        chroma_noise=float(rng.choice([0.2, 0.5, 0.9])),
        grain_px=float(rng.choice([0.0, 0.5, 0.8])),
        demosaic=bool(rng.random() < 0.3),
        smoothing=float(rng.choice([0.0, 0.0, 0.5, 0.8])),
        sharpen=float(rng.uniform(0.0, 1.3)),
        sharpen_px=float(rng.uniform(0.7, 1.8)),
        contrast=float(rng.uniform(-0.05, 0.4)),
        shadows=float(rng.uniform(-0.06, 0.08)),
        saturation=float(rng.uniform(0.85, 1.25)),
        white_bgr=(1.0 + warm, 1.0 + float(rng.normal(0, 0.012)), 1.0 - warm),
        vignette=float(rng.uniform(0.0, 0.35)),
        lens_px=float(rng.uniform(0.25, 0.6)),
        quality=(low, min(low + 12, 96)),
    )
    if int(name[1:]) < FIRST_NEWER:
        return kind
    halo = rng.random() < 0.35
    return replace(
        kind,
        sharpen=float(rng.uniform(1.2, 2.2)) if halo else kind.sharpen,
        sharpen_px=float(rng.uniform(1.5, 3.0)) if halo else kind.sharpen_px,
        fringe=float(rng.uniform(0.0004, 0.0018)) if rng.random() < 0.6 else 0.0,
        tone_map=float(rng.uniform(0.1, 0.45)) if rng.random() < 0.55 else 0.0,
        tremble=float(rng.uniform(0.1, 0.4)) if rng.random() < 0.5 else 0.0,
        smear=bool(rng.random() < 0.3),
    )


def to_light(bgr: Image) -> Light:
    """Pixels to linear light, 0..1 float32."""
    return np.asarray(cv2.LUT(bgr, TO_LIGHT), np.float32)


def develop(light: Light, kind: CameraKind, noise: float, lattice: bool, rng: np.random.Generator) -> Image:
    """Turns linear light into pixels; `light` is used up.

    `noise` multiplies the kind's noise (dark scenes are amplified); `lattice` forces the colour filter mosaic of the
    sensor, which is what turns the lattice of a display into coloured moire.
    """
    cv2.sqrt(light, dst=light)
    _add_noise(light, kind, noise / 255.0, rng)
    bgr = np.asarray(cv2.convertScaleAbs(np.maximum(light, 0, out=light), alpha=255.0), np.uint8)
    if lattice or kind.demosaic:
        bgr = _demosaic(bgr)
    if kind.smear:
        bgr = _mixed(bgr, 0.45, cv2.medianBlur(bgr, 5), 0.55)
    elif kind.smoothing:
        bgr = _mixed(bgr, 1 - kind.smoothing, cv2.medianBlur(bgr, 3), kind.smoothing)
    if kind.sharpen > 0.1:
        bgr = _mixed(bgr, 1 + kind.sharpen, cv2.GaussianBlur(bgr, (0, 0), kind.sharpen_px), -kind.sharpen)
    if abs(kind.saturation - 1) > 0.08:
        grey = cv2.cvtColor(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        bgr = _mixed(bgr, kind.saturation, grey, 1 - kind.saturation)
    return np.asarray(cv2.LUT(bgr, _tone(kind)), np.uint8)


def encode(bgr: Image, quality: int, exif_orientation: int) -> bytes:
    """A JPEG file whose EXIF tag says how it must be turned (1 = not at all); pixels come in upright."""
    stored = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}
    if exif_orientation in stored:
        bgr = np.asarray(cv2.rotate(bgr, stored[exif_orientation]), np.uint8)
    data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    if exif_orientation == 1:
        return data
    tag = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01" + bytes((0, exif_orientation)) + bytes(6)
    return data[:2] + b"\xff\xe1" + (len(tag) + 8).to_bytes(2, "big") + b"Exif\x00\x00" + tag + data[2:]


def _mixed(a: Any, share_a: float, b: Any, share_b: float) -> Image:
    return np.asarray(cv2.addWeighted(a, share_a, b, share_b, 0), np.uint8)


def _add_noise(levels: Light, kind: CameraKind, strength: float, rng: np.random.Generator) -> None:
    tile = _noise_tile(kind.grain_px, kind.chroma_noise)
    sigma = kind.noise * strength
    for top in range(0, levels.shape[0], TILE_PX // 2):
        for left in range(0, levels.shape[1], TILE_PX // 2):
            block = levels[top : top + TILE_PX // 2, left : left + TILE_PX // 2]
            y, x = rng.integers(0, TILE_PX // 2, 2)
            cv2.scaleAdd(tile[y : y + block.shape[0], x : x + block.shape[1]], sigma, block, dst=block)


@cache
def _noise_tile(grain_px: float, chroma: float) -> Light:
    """Noise of unit strength with the given share of colour noise: (1024, 1024, 3)."""
    rng = np.random.default_rng(20)
    grey = rng.standard_normal((TILE_PX, TILE_PX, 1), np.float32)
    tile = grey + chroma * rng.standard_normal((TILE_PX, TILE_PX, 3), np.float32)
    if grain_px:
        tile = cv2.GaussianBlur(tile, (0, 0), grain_px)
    return np.asarray(tile / tile.std(), np.float32)


def _demosaic(bgr: Image) -> Image:
    mosaic = bgr[:, :, 1].copy()
    mosaic[0::2, 0::2] = bgr[0::2, 0::2, 2]
    mosaic[1::2, 1::2] = bgr[1::2, 1::2, 0]
    return np.asarray(cv2.cvtColor(mosaic, cv2.COLOR_BayerRGGB2BGR), np.uint8)


@cache
def _tone(kind: CameraKind) -> Image:
    """The tone curve as a table of 256 levels: an S for contrast, then lifted or crushed shadows."""
    x = np.linspace(0, 1, 256)
    curve = x + kind.contrast * x * (1 - x) * (2 * x - 1) + kind.shadows * (1 - x) ** 3
    return np.asarray((curve * 255).clip(0, 255), np.uint8).reshape(256, 1)
