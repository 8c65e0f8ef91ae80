"""Hard times for training crops: what hides edges and corners at a counter or under a lamp, about 1 ms at 320 px.

Photos that are nearly burnt out, nearly black, glared on, held by fingers or tiny are few among rendered ones, and
nearly all of those on which corners fail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from idqc.inspection import Image

Change = Callable[[Any, np.random.Generator], Any]


def harden(image_bgr: Image, rng: np.random.Generator) -> Image:
    """Draws one hardship: burnt, dark, foggy, glared, covered or small. Same shape and dtype, (h, w, 3) uint8 BGR."""
    change: Change = (_burn, _dim, _fog, _glare, _cover, _coarsen)[int(rng.integers(6))]
    changed = change(image_bgr.astype(np.float32), rng)
    return np.asarray(np.clip(changed, 0, 255), np.uint8)


def _burn(image: Any, rng: np.random.Generator) -> Any:
    """Over-exposed: light spills from what is bright, then everything clips."""
    spilled = cv2.GaussianBlur(image, (0, 0), rng.uniform(2, 8))
    return (image + rng.uniform(0, 0.5) * spilled) * np.exp(rng.uniform(0.2, 1.3))


def _dim(image: Any, rng: np.random.Generator) -> Any:
    """Under-exposed, with the noise that goes with it, sometimes brightened again."""
    gain = np.exp(rng.uniform(-3.0, -0.8))
    noise = rng.normal(0, rng.uniform(0.5, 3), image.shape).astype(np.float32)
    dark = np.round(image * gain + noise)
    return dark * (rng.uniform(1, 0.7 / gain) if rng.random() < 0.4 else 1.0)


def _fog(image: Any, rng: np.random.Generator) -> Any:
    """Hardly any contrast, around a grey of its own."""
    level = rng.uniform(40, 235)
    return level + (image - level) * rng.uniform(0.12, 0.5)


def _glare(image: Any, rng: np.random.Generator) -> Any:
    """One to three soft white blots."""
    height, width = image.shape[:2]
    light = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        axes = int(rng.uniform(0.05, 0.3) * width), int(rng.uniform(0.05, 0.3) * height)
        cv2.ellipse(light, centre, axes, rng.uniform(0, 180), 0, 360, float(rng.uniform(100, 400)), -1)
    return image + cv2.GaussianBlur(light, (0, 0), rng.uniform(2, 14))[:, :, None]


def _cover(image: Any, rng: np.random.Generator) -> Any:
    """One to three blobs or strips in a colour of their own: fingers, tape, another card's end."""
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        colour = [float(value) for value in rng.uniform(20, 240, 3)]
        centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        if rng.random() < 0.6:
            skin = rng.uniform(60, 230)
            colour = [skin * 0.62, skin * 0.75, skin]
            axes = int(rng.uniform(0.03, 0.08) * width), int(rng.uniform(0.1, 0.3) * width)
            cv2.ellipse(image, centre, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        else:
            size = rng.uniform(0.04, 0.3, 2) * width
            box = cv2.boxPoints((centre, (float(size[0]), float(size[1])), float(rng.uniform(0, 180))))
            cv2.fillConvexPoly(image, box.astype(np.int32), colour, cv2.LINE_AA)
    return image


def _coarsen(image: Any, rng: np.random.Generator) -> Any:
    """As small as a thumbnail and magnified again."""
    height, width = image.shape[:2]
    factor = rng.uniform(1.8, 5)
    small = cv2.resize(image, (max(int(width / factor), 8), max(int(height / factor), 8)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
