"""How well boxes were found: matching detections to labels, average precision a class, recall a class."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from idqc.inspection import Points
from idqc.labels import Label
from idqc.photo.geometry import homography, project, rectangle
from idqc.train.statistics import Rate, average_precision, rate_of

IOU = 0.5
SURE = 0.5
"""The confidence above which a box counts as found in recall; average precision looks at every confidence."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom in any unit that labels and detections share."""
Detection: TypeAlias = tuple[str, float, Box]
"""Class, confidence 0..1, box."""
Truth: TypeAlias = tuple[str, Box]


@dataclass(frozen=True)
class ClassResult:
    """One class: average precision at IoU 0.5 (NaN when no photo has it), and the share found with confidence 0.5."""

    average_precision: float
    recall: Rate


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union of two upright boxes, 0..1."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def points(corners: Sequence[Sequence[float]]) -> Points:
    """Corners of a label or a finding as (n, 2) float32."""
    return np.array(corners, np.float32)


def upright(points_xy: Points) -> tuple[float, float, float, float]:
    """The smallest upright box around points: left, top, right, bottom."""
    (left, top), (right, bottom) = points_xy.min(axis=0), points_xy.max(axis=0)
    return round(float(left), 5), round(float(top), 5), round(float(right), 5), round(float(bottom), 5)


def field_truths(label: Label) -> list[Truth]:
    """The labelled boxes of a document's visible fields and obstacles, in shares of the document."""
    if label.quad is None:
        return []
    to_document = homography(points(label.quad), rectangle(1, 1))
    quads = [(name, field.quad) for name, field in label.fields.items() if field.visible]
    if label.portrait_quad is not None and "portrait" not in label.fields:
        quads.append(("portrait", label.portrait_quad))
    quads += [("obstacle", quad) for quad in label.obstacles]
    found: list[Truth] = []
    for name, quad in quads:
        box = upright(project(to_document, points(quad)).clip(0.0, 1.0))
        if box[2] > box[0] and box[3] > box[1]:
            found.append((name, box))
    return found


def judge(photos: Iterable[tuple[Sequence[Truth], Sequence[Detection]]]) -> dict[str, ClassResult]:
    """Average precision and recall of every class that is labelled somewhere, by class.

    In each photo the most confident detection takes the label that it overlaps most, if by at least IOU.
    """
    confidences: dict[str, list[float]] = defaultdict(list)
    hits: dict[str, list[bool]] = defaultdict(list)
    wanted: dict[str, int] = defaultdict(int)
    for truths, detections in photos:
        free: dict[str, list[Box]] = defaultdict(list)
        for name, box in truths:
            free[name].append(box)
            wanted[name] += 1
        for name, confidence, box in sorted(detections, key=lambda found: -found[1]):
            best = max(free[name], key=lambda other: box_iou(box, other), default=None)
            hit = best is not None and box_iou(box, best) >= IOU
            if hit and best is not None:
                free[name].remove(best)
            confidences[name].append(confidence)
            hits[name].append(hit)
    return {
        name: ClassResult(
            average_precision(confidences[name], hits[name], count),
            rate_of(sum(h and c >= SURE for c, h in zip(confidences[name], hits[name], strict=True)), count),
        )
        for name, count in wanted.items()
    }


def mean_average_precision(results: dict[str, ClassResult]) -> float:
    """The mean over all classes that are labelled somewhere; NaN when none is."""
    found = [result.average_precision for result in results.values()]
    return math.fsum(found) / len(found) if found else math.nan
