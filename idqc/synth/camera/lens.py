"""What optics, shutter and tone mapping of newer cameras do to a photo beyond blur and noise."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points


def fringe(bgr: Image, strength: float) -> Image:
    """Lateral chromatic aberration: red a little larger and blue a little smaller around the middle of the frame.

    `strength` is the shift in the corners as a share of half the diagonal, 0.0005 to 0.002. Same shape.
    """
    height, width = bgr.shape[:2]
    planes = list(cv2.split(bgr))
    for channel, grow in ((0, 1 - strength), (2, 1 + strength)):
        zoom = np.asarray([[grow, 0, width / 2 * (1 - grow)], [0, grow, height / 2 * (1 - grow)]], np.float64)
        planes[channel] = cv2.warpAffine(planes[channel], zoom, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.merge(planes), np.uint8)


def wobble(rng: np.random.Generator, bgr: Image, most_px: float) -> Image:
    """A rolling shutter in a hand that trembles: rows are read one after another and shifted by up to `most_px`."""
    height, width = bgr.shape[:2]
    rows = np.arange(height, dtype=np.float32)
    period = float(rng.uniform(0.12, 0.9)) * height
    shift = np.sin(rows * np.float32(2 * np.pi / period) + np.float32(rng.uniform(0, 7))) * np.float32(most_px)
    out = np.empty_like(bgr)
    step = 32
    for top in range(0, height, step):
        move = np.asarray([[1, 0, shift[min(top + step // 2, height - 1)]], [0, 1, 0]], np.float64)
        strip = bgr[top : top + step]
        out[top : top + step] = cv2.warpAffine(strip, move, (width, len(strip)), borderMode=cv2.BORDER_REPLICATE)
    return out


def tone_map(bgr: Image, quad_xy: Points, strength: float) -> Image:
    """Local tone mapping (HDR): dark places are lifted and light ones held, with soft halos around edges.

    The document (`quad_xy`, (4, 2) in photo pixels) keeps its mean level, so that its labels of dark and bright hold.
    """
    height, width = bgr.shape[:2]
    scale = 24
    small = cv2.resize(bgr, (max(width // scale, 2), max(height // scale, 2)), interpolation=cv2.INTER_AREA)
    level = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 2.5) + 12
    inside = np.zeros(level.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(quad_xy / scale).clip(-9999, 9999).astype(np.int32), 1)
    gain = level ** np.float32(-strength)
    gain = gain / gain[inside > 0].mean() if inside.any() else gain / gain.mean()
    table = np.clip(gain * 100, 25, 255).astype(np.uint8)
    whole = cv2.resize(table, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(bgr, cv2.merge([whole] * 3), scale=0.01), np.uint8)
