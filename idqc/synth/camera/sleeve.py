"""A clear plastic sleeve around a card: its rim, welded seam, haze and wrinkles. Everything below stays legible."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.synth.camera.cover import Stage
from idqc.synth.mock.draws import between, chance

ROOM_MM = 8.0
"""Room around the object that a sleeve needs."""


def slip_into_sleeve(rng: np.random.Generator, stage: Stage) -> None:
    """Draws the sleeve around and over the document of the stage, in place; it hides nothing."""
    height, width = stage.opaque.shape
    low, high = stage.document_quad.min(axis=0), stage.document_quad.max(axis=0)
    rims = rng.uniform(0.8, ROOM_MM - 1.5, 4) * stage.px_per_mm
    x0, y0 = (max(int(v), 1) for v in low - rims[:2])
    x1, y1 = (min(int(v), side - 2) for v, side in zip(high + rims[2:], (width, height), strict=True))
    plastic = np.zeros((height, width), np.uint8)
    radius = max(round(between(rng, 0.5, 3.0) * stage.px_per_mm), 1)
    cv2.rectangle(plastic, (x0 + radius, y0 + radius), (x1 - radius, y1 - radius), 255, 2 * radius)
    cv2.rectangle(plastic, (x0 + radius, y0 + radius), (x1 - radius, y1 - radius), 255, -1)
    bare = (plastic > 0) & (stage.opaque < 128)
    stage.bgr[bare] = np.asarray(between(rng, 150, 235) + rng.normal(0, 6, 3), np.float32).clip(0, 255).astype(np.uint8)
    stage.opaque[bare] = int(rng.integers(30, 120))
    shine: np.ndarray = np.zeros((height, width), np.uint8)
    cv2.rectangle(shine, (x0, y0), (x1, y1), int(rng.integers(60, 160)), max(round(0.12 * stage.px_per_mm), 1))
    inset = max(round(between(rng, 0.5, 1.5) * stage.px_per_mm), 2)
    if chance(rng, 0.6):
        cv2.rectangle(shine, (x0 + inset, y0 + inset), (x1 - inset, y1 - inset), int(rng.integers(30, 90)), 1)
    small = np.zeros((height // 4 + 1, width // 4 + 1), np.uint8)
    for _ in range(int(rng.integers(0, 5))):
        a = rng.uniform(0, 1, 2) * small.shape[1::-1]
        path = a + np.cumsum(rng.normal(0, 0.06 * small.shape[1], (6, 2)), axis=0)
        cv2.polylines(small, [path.astype(np.int32)], False, int(rng.integers(10, 40)), int(rng.integers(1, 4)))
    wrinkles = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.2), (width, height))
    shine = cv2.bitwise_and(cv2.add(shine, wrinkles), plastic)
    haze = between(rng, 0.0, 0.09)
    veiled = cv2.addWeighted(stage.bgr, 1 - haze, cv2.merge([plastic] * 3), haze * 0.9, 0)
    cv2.copyTo(cv2.add(veiled, cv2.merge([shine] * 3)), plastic, stage.bgr)
    stage.opaque[:] = np.maximum(stage.opaque, shine)
