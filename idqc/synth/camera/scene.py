"""What lies behind the card: table tops, fabric, dashboards and other surfaces, with clutter on them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.photo.geometry import homography, rectangle
from idqc.synth.camera.clutter import strew


def background(rng: np.random.Generator, width_px: int, height_px: int, texture: Path | None) -> Image:
    """A surface seen at some angle, with clutter on it now and then: (height, width, 3).

    Drawn at half size: nobody looks at it sharply, and noise is laid over it later.
    """
    w, h = max(width_px // 2, 1), max(height_px // 2, 1)
    scene = _textured(rng, w, h, texture) if texture is not None else _procedural(rng, w, h)
    gain = rng.uniform(0.45, 1.15) * (1 + rng.normal(0, 0.07, 3))
    tint = np.stack([(np.arange(256) * g).clip(0, 255) for g in gain], axis=-1).astype(np.uint8)[None]
    scene = np.asarray(cv2.LUT(scene, tint), np.uint8)
    if rng.random() < 0.5:
        strew(rng, scene, int(rng.integers(1, 9)))
    if rng.random() < 0.6:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), float(rng.uniform(0.4, 4.0))), np.uint8)
    return np.asarray(cv2.resize(scene, (width_px, height_px), interpolation=cv2.INTER_LINEAR), np.uint8)


@lru_cache(maxsize=64)
def _texture(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(f"{path.name} is not a picture")
    shrink = 1024 / max(image.shape[:2])
    if shrink < 1:
        image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)


def _textured(rng: np.random.Generator, w: int, h: int, path: Path) -> Image:
    image = _texture(path)
    size = rng.uniform(0.7, 2.2) * max(w, h)
    corners = rectangle(size, size * image.shape[0] / image.shape[1]) - np.asarray(size / 2, np.float32)
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.normal(0, 0.1)
    turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    corners = (
        corners @ turn.T
        + np.asarray([w / 2, h / 2], np.float32)
        + rng.normal(0, 0.08 * size, (4, 2)).astype(np.float32)
    )
    matrix = homography(rectangle(image.shape[1], image.shape[0]), corners)
    return np.asarray(
        cv2.warpPerspective(image, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    )


def _procedural(rng: np.random.Generator, w: int, h: int) -> Image:
    """A plain sheet, cloudy stone, streaky wood, woven cloth, folded fabric or a dashboard in any colour."""
    colour = rng.uniform(15, 245) + rng.normal(0, 25, 3)
    style = rng.choice(["plain", "cloud", "wood", "cloth", "fabric", "dashboard"])
    if style == "dashboard":
        return _dashboard(rng, w, h)
    relief = np.zeros((h, w), np.float32)
    if style in ("cloud", "wood"):
        for octave in (4, 16, 64):
            grid = (octave, max(octave // 8, 1)) if style == "wood" else (octave, octave)
            noise = rng.standard_normal((grid[1] + 1, grid[0] + 1)).astype(np.float32)
            relief += cv2.resize(noise, (w, h), interpolation=cv2.INTER_CUBIC) * (40 / octave**0.5)
        relief *= rng.uniform(0.3, 1.2)
    elif style == "cloth":
        period = rng.uniform(3, 14)
        x, y = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)
        relief += np.sin(2 * np.pi * x / period)[None] * 9 + np.sin(2 * np.pi * y / period)[:, None] * 9
    elif style == "fabric":
        relief += _folds(rng, w, h)
    if rng.random() < 0.5:
        relief = relief.T if relief.shape[0] == relief.shape[1] else relief[::-1]
    if rng.random() < 0.3:
        relief += np.linspace(-1, 1, w, dtype=np.float32)[None] * rng.uniform(5, 40)
    image = relief[..., None] * rng.uniform(0.6, 1.2, 3).astype(np.float32) + colour.astype(np.float32)
    return np.asarray(image.clip(0, 255), np.uint8)


def _folds(rng: np.random.Generator, w: int, h: int) -> np.ndarray:
    """Soft folds of a blanket or a sleeve, with a check or stripes woven in now and then: (h, w) float32 levels."""
    x, y = np.arange(w, dtype=np.float32)[None], np.arange(h, dtype=np.float32)[:, None]
    folds = np.zeros((h, w), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.15, 0.7) * w
        bend = cv2.resize(rng.normal(0, 1.5, (3, 4)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
        wave = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) * np.float32(2 * np.pi / length)
        folds += np.sin(wave + bend) * np.float32(rng.uniform(6, 22))
    if rng.random() < 0.5:
        period, wide, depth = rng.uniform(0.05, 0.2) * w, rng.uniform(-0.4, 0.7), np.float32(rng.uniform(8, 40))
        folds += (np.sin(x * np.float32(2 * np.pi / period)) > wide) * depth
        folds += (np.sin(y * np.float32(2 * np.pi / period)) > wide) * depth * np.float32(rng.random() < 0.6)
    thread = np.float32(2 * np.pi / rng.uniform(2.5, 5))
    return np.asarray(folds + np.sin(x * thread) * 4 + np.sin(y * thread) * 4, np.float32)


def _dashboard(rng: np.random.Generator, w: int, h: int) -> Image:
    """The grained plastic of a car: curved panels, a vent, a lit dial or screen; dark for the most part."""
    tone = rng.uniform(14, 80) + rng.normal(0, 4, 3)
    scene = np.full((h, w, 3), tone.clip(5, 110), np.uint8)
    for _ in range(int(rng.integers(2, 5))):
        bow = int(rng.uniform(-0.2, 0.2) * h)
        y = int(rng.uniform(0, h))
        curve = np.array([[0, y], [w // 4, y + bow], [3 * w // 4, y + bow], [w, y], [w, h], [0, h]], np.int32)
        shade = tuple(int(v) for v in (tone * rng.uniform(0.5, 1.6)).clip(3, 130))
        cv2.fillPoly(scene, [curve], shade, cv2.LINE_AA)
        cv2.polylines(scene, [curve[:4]], False, tuple(min(v + 30, 255) for v in shade), max(w // 300, 1), cv2.LINE_AA)
    x0, y0 = int(rng.uniform(0, 0.7) * w), int(rng.uniform(0, 0.8) * h)
    if rng.random() < 0.6:
        for slat in range(int(rng.integers(4, 9))):
            y = y0 + slat * h // 30
            cv2.line(scene, (x0, y), (x0 + w // 4, y + h // 60), (8, 8, 8), max(h // 80, 1), cv2.LINE_AA)
    if rng.random() < 0.5:
        glow = tuple(int(v) for v in rng.integers(60, 256, 3))
        cv2.circle(scene, (int(rng.uniform(0, w)), int(rng.uniform(0, h))), h // 9, glow, max(h // 90, 1), cv2.LINE_AA)
    grain = cv2.resize(rng.normal(0, 5, (h // 2 + 1, w // 2 + 1)).astype(np.float32), (w, h))
    return np.asarray((scene + grain[..., None]).clip(0, 255), np.uint8)
