"""What lies behind the card: table tops, procedural surfaces, clutter."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.photo.geometry import homography, project, rectangle


def background(rng: np.random.Generator, width_px: int, height_px: int, texture: Path | None) -> Image:
    """A surface seen at some angle, with clutter on it now and then: (height, width, 3).

    Drawn at half size: nobody looks at it sharply, and noise is laid over it later.
    """
    w, h = max(width_px // 2, 1), max(height_px // 2, 1)
    scene = _textured(rng, w, h, texture) if texture is not None else _procedural(rng, w, h)
    gain = rng.uniform(0.45, 1.15) * (1 + rng.normal(0, 0.07, 3))
    tint = np.stack([(np.arange(256) * g).clip(0, 255) for g in gain], axis=-1).astype(np.uint8)[None]
    scene = np.asarray(cv2.LUT(scene, tint), np.uint8)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 6))):
            _clutter(rng, scene)
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
    """A plain sheet, cloudy stone, streaky wood or woven cloth in any colour."""
    colour = rng.uniform(15, 245) + rng.normal(0, 25, 3)
    style = rng.choice(["plain", "cloud", "wood", "cloth"])
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
    if rng.random() < 0.5:
        relief = relief.T if relief.shape[0] == relief.shape[1] else relief[::-1]
    if rng.random() < 0.3:
        relief += np.linspace(-1, 1, w, dtype=np.float32)[None] * rng.uniform(5, 40)
    image = relief[..., None] * rng.uniform(0.6, 1.2, 3).astype(np.float32) + colour.astype(np.float32)
    return np.asarray(image.clip(0, 255), np.uint8)


def _clutter(rng: np.random.Generator, scene: Image) -> None:
    """Something that lies about: a sheet of paper with lines, a phone, a coin, a pen, a cable, a cup."""
    h, w = scene.shape[:2]
    at = rng.uniform(-0.05, 1.05, 2) * (w, h)
    colour = tuple(int(v) for v in rng.integers(0, 256, 3))
    what = rng.choice(["paper", "phone", "coin", "pen", "cable", "cup"])
    if what in ("paper", "phone"):
        size = np.asarray(rng.uniform(0.25, 0.7, 2) * max(w, h), np.float32)
        angle = float(rng.uniform(0, 180))
        box = cv2.boxPoints(((float(at[0]), float(at[1])), (float(size[0]), float(size[1])), angle)).astype(np.int32)
        fill = (235, 238, 240) if what == "paper" else tuple(int(v) for v in rng.integers(5, 60, 3))
        cv2.fillConvexPoly(scene, box + 4, tuple(int(v * 0.5) for v in scene[h // 2, w // 2].tolist()), cv2.LINE_AA)
        cv2.fillConvexPoly(scene, box, fill, cv2.LINE_AA)
        if what == "paper":
            to_page = homography(rectangle(20, 20), np.asarray(box, np.float32))
            for row in range(2, 18):
                ends = project(to_page, np.asarray([[2, row], [rng.uniform(8, 18), row]], np.float32)).astype(int)
                cv2.line(scene, ends[0].tolist(), ends[1].tolist(), (90, 90, 90), 1, cv2.LINE_AA)
    elif what in ("coin", "cup"):
        radius = int(rng.uniform(0.02, 0.06) * w * (1 if what == "coin" else 3))
        centre = int(at[0]), int(at[1])
        cv2.circle(scene, centre, radius, colour, -1, cv2.LINE_AA)
        cv2.circle(
            scene,
            centre,
            max(int(radius * 0.88), 1),
            tuple(int(v * 0.8) for v in colour),
            max(radius // 20, 1),
            cv2.LINE_AA,
        )
    else:
        steps = 2 if what == "pen" else 30
        path = at + np.cumsum(rng.normal(0, 0.4 * w / steps**0.7, (steps, 2)), axis=0)
        thick = int(rng.uniform(0.006, 0.03) * w) + 1
        cv2.polylines(scene, [path.astype(np.int32)], False, colour, thick, cv2.LINE_AA)
