"""Boxes of a detector: from the raw tensor of its head to the few boxes that stand, in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found, the most confident first.

    `boxes_xyxy` is (n, 4) and `points_xy` (n, k, 2), both in shares of the model's input; `classes` (n,) indices of the
    likeliest class and `confidences` (n,) its probability; `probabilities` (n, classes), each 0..1 for itself.
    """

    boxes_xyxy: Floats
    classes: NDArray[np.intp]
    confidences: Floats
    points_xy: Floats
    probabilities: Floats


def decode(prediction: Floats, class_count: int, confidence_floor: float) -> Detections:
    """Reads the raw tensor of a detector, before any suppression.

    Args:
        prediction: (1, 4 + class_count + 3 * k, anchors): centre x, centre y, width, height in shares of the input, a
            probability for each class, then x, y (shares, may leave the input), visible 0..1 for each of k points.
        confidence_floor: anchors below it are dropped.
    """
    rows = prediction[0].T
    scores = rows[:, 4 : 4 + class_count]
    confidences = scores.max(axis=1)
    kept = np.flatnonzero(confidences >= confidence_floor)
    kept = kept[np.argsort(-confidences[kept], kind="stable")]
    rows, half = rows[kept], rows[kept, 2:4] / 2
    boxes = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1)
    point_count = (prediction.shape[1] - 4 - class_count) // 3
    points = rows[:, 4 + class_count :].reshape(len(kept), point_count, 3)[:, :, :2]
    return Detections(boxes, scores[kept].argmax(axis=1), confidences[kept], points, scores[kept])


def overlap(box_xyxy: Floats, boxes_xyxy: Floats) -> Floats:
    """Intersection over union of one box (4,) with others (n, 4): (n,), 0..1."""
    # Column by column: a product along an axis of two costs several times the work itself, for every box that stays.
    x0, y0, x1, y1 = boxes_xyxy.T
    left, top, right, bottom = box_xyxy
    shared = np.maximum(np.minimum(right, x1) - np.maximum(left, x0), 0)
    shared *= np.maximum(np.minimum(bottom, y1) - np.maximum(top, y0), 0)
    union = (right - left) * (bottom - top) + (x1 - x0) * (y1 - y0) - shared
    return np.asarray(shared / np.maximum(union, np.float32(1e-9)), np.float32)


def suppress(found: Detections, iou_limit: float, by_class: bool, most: int = 50) -> Detections:
    """Non-maximum suppression: of boxes that overlap by more than `iou_limit` the most confident stays.

    Args:
        found: most confident first.
        by_class: boxes of different classes leave each other alone.
        most: at most this many stay.
    """
    left = np.arange(len(found.confidences))
    stay: list[int] = []
    while len(left) and len(stay) < most:
        best, left = int(left[0]), left[1:]
        stay.append(best)
        away = overlap(found.boxes_xyxy[best], found.boxes_xyxy[left]) <= iou_limit
        if by_class:
            away |= found.classes[left] != found.classes[best]
        left = left[away]
    return taken(found, stay)


def taken(found: Detections, rows: Sequence[int] | NDArray[np.intp] | NDArray[np.bool_]) -> Detections:
    """Some of the detections, by index or by mask."""
    at = np.asarray(rows, None if len(rows) else np.intp)
    return Detections(
        found.boxes_xyxy[at], found.classes[at], found.confidences[at], found.points_xy[at], found.probabilities[at]
    )


def pool(found: Detections, iou_limit: float) -> Detections:
    """One detection a place: boxes that overlap by more than `iou_limit`, of whatever class, become the most confident
    of them, which takes over the highest probability that any of them gave to each class."""
    left = np.arange(len(found.confidences))
    stay: list[int] = []
    probabilities = found.probabilities.copy()
    while len(left):
        best = int(left[0])
        same = overlap(found.boxes_xyxy[best], found.boxes_xyxy[left]) > iou_limit
        same[0] = True
        probabilities[best] = found.probabilities[left[same]].max(axis=0)
        stay.append(best)
        left = left[~same]
    kept = taken(found, stay)
    return replace(kept, probabilities=probabilities[stay])
