"""Parts of a printed face: the mask of eyes, nose and mouth, and a face that was pulled into another shape."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.mock.draws import between


def features(points: Points, eyes_px: float, shape: tuple[int, int]) -> Image:
    """(h, w) uint8: 255 over eyes, nose and mouth; `points` are five landmarks, `eyes_px` the distance of the eyes."""
    mask = np.zeros(shape, np.uint8)
    grown = points + (points - points.mean(axis=0)) * np.float32(0.45)
    outline = np.concatenate([grown, grown[:2] - np.asarray([0, 0.28 * eyes_px], np.float32)])
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(outline).astype(np.int32)), 255, cv2.LINE_AA)
    return mask


def reshaped(rng: np.random.Generator, place: Image, points: Points) -> Image:
    """The same person with other proportions: eyes, nose or jaw larger, smaller or moved, as beauty filters do it."""
    height, width = place.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    map_x, map_y = x.copy(), y.copy()
    distance = float(np.linalg.norm(points[1] - points[0]))
    centres = [points[0], points[1], points[2], points[3:].mean(axis=0)]
    centres.append(centres[3] + np.asarray([0, 0.45 * distance], np.float32))
    chosen = rng.permutation(len(centres))[: int(rng.integers(2, 5))]
    for number in chosen:
        centre = centres[int(number)]
        reach = np.float32(distance * between(rng, 0.35, 0.6))
        near = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * (reach / 2) ** 2))
        grow = np.float32(between(rng, 0.15, 0.32) * (1 if rng.random() < 0.6 else -1))
        move = (rng.normal(0, 0.05, 2) * distance).astype(np.float32)
        map_x -= near * ((x - centre[0]) * grow + move[0])
        map_y -= near * ((y - centre[1]) * grow + move[1])
    out = cv2.remap(place, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.6:
        middle = points.mean(axis=0)
        face: np.ndarray = np.zeros((height, width), np.float32)
        axes = (int(1.0 * distance), int(1.4 * distance))
        cv2.ellipse(face, (int(middle[0]), int(middle[1])), axes, 0, 0, 360, 1.0, -1)
        face = cv2.GaussianBlur(face, (0, 0), 0.15 * distance)
        out = cv2.blendLinear(cv2.bilateralFilter(out, 7, 35, 5), out, face, 1 - face)
    return np.asarray(out, np.uint8)
