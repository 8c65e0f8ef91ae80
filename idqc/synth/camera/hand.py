"""Hands around a card: the arm behind each finger that lies on it, and a hand that holds it from below."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.photo.geometry import project
from idqc.synth.camera.conditions import Frame
from idqc.synth.camera.cover import Stage

LAYERS = tuple((1 - k / 14, 0.5 + 0.5 * (1 - (1 - k / 14) ** 2) ** 0.5) for k in range(13))
"""(share of the width, brightness): a limb is drawn from its rim to its middle, so that it looks round."""

NEAREST = 0.25
"""Of the distance at which the card lies: nearer to the camera nothing of an arm is drawn."""


def draw_arms(bgr: Image, stage: Stage, frame: Frame) -> None:
    """Draws what is behind every finger that lies on the object: the rest of it, the hand and the arm. In place."""
    for root, away, tone, width_mm in stage.arms:
        reach = np.asarray([[0.0], [45.0], [62.0], [700.0]], np.float32) * away * stage.px_per_mm
        path = before_the_viewer(frame.matrix, np.asarray(root + reach, np.float32))
        ends = project(frame.matrix, path)
        long_mm = float(np.linalg.norm(path[1] - path[0])) / stage.px_per_mm
        thick = min(float(np.linalg.norm(ends[1] - ends[0])) / long_mm * width_mm, float(sum(bgr.shape)))
        line = np.round(ends).clip(-20000, 20000).astype(np.int32)
        for share, bright in LAYERS:
            colour = _shade(tone, bright)
            cv2.polylines(bgr, [line[:3]], False, colour, max(int(thick * 1.12 * share), 1), cv2.LINE_AA)
            if len(line) > 3:
                cv2.polylines(bgr, [line[2:]], False, colour, max(int(thick * 3.2 * share), 1), cv2.LINE_AA)


def before_the_viewer(matrix: NDArray[np.float64], path: Points) -> Points:
    """A path (n, 2) on the stage as far as it lies well before the camera, at least its first point and a piece of the
    way to the second. What passes the camera a homography turns over: an arm would show on the card's other side."""
    depth = path @ matrix[2, :2] + matrix[2, 2]
    near = depth / depth[0]
    kept = [path[0]]
    for at in range(1, len(path)):
        if near[at] < NEAREST:
            way = (near[at - 1] - NEAREST) / (near[at - 1] - near[at])
            kept.append(path[at - 1] + way * (path[at] - path[at - 1]))
            break
        kept.append(path[at])
    return np.asarray(kept, np.float32)


def draw_palm(rng: np.random.Generator, bgr: Image, stage: Stage, frame: Frame) -> None:
    """Draws a hand under the object, with finger tips that show beyond its far edge. In place."""
    if stage.palm is None:
        return
    low, high = stage.document_quad.min(axis=0), stage.document_quad.max(axis=0)
    centre, half = (low + high) / 2, (high - low) / 2
    side = int(rng.integers(4))
    toward = np.asarray([(1, 0), (0, 1), (-1, 0), (0, -1)][side], np.float32)
    across = np.asarray([-toward[1], toward[0]], np.float32)
    extent = float(abs(toward @ half))
    mm = stage.px_per_mm
    pitch = float(rng.uniform(15, 19)) * mm
    shift = float(rng.normal(0, 8)) * mm
    slant = float(rng.normal(0, 0.25))
    roots = []
    for number in range(4):
        base = centre + across * ((number - 1.5) * pitch + shift)
        tip = base - toward * (extent + float(rng.uniform(-3, 11)) * mm) - across * slant * extent
        root = base + toward * (extent + 18 * mm)
        roots.append(root)
        _limb(bgr, frame, np.asarray([tip, root], np.float32), float(rng.uniform(15, 18)), mm, stage.palm)
    wrist = (roots[0] + roots[-1]) / 2 + toward * 55 * mm
    hand = np.asarray([(roots[0] + roots[1]) / 2, (roots[2] + roots[3]) / 2], np.float32)
    _limb(bgr, frame, hand, 56.0, mm, stage.palm)
    _limb(
        bgr, frame, np.asarray([hand.mean(axis=0), wrist, wrist + toward * 600 * mm], np.float32), 60.0, mm, stage.palm
    )


def _limb(bgr: Image, frame: Frame, path: Points, width_mm: float, px_per_mm: float, tone: Points) -> None:
    """A round limb along a path in stage pixels."""
    path = before_the_viewer(frame.matrix, path)
    ends = project(frame.matrix, path)
    scale = float(np.linalg.norm(ends[1] - ends[0])) / max(float(np.linalg.norm(path[1] - path[0])) / px_per_mm, 1e-6)
    scale = min(scale, sum(bgr.shape) / width_mm)
    line = np.round(ends).clip(-20000, 20000).astype(np.int32)
    for share, bright in LAYERS:
        cv2.polylines(bgr, [line], False, _shade(tone, bright), max(int(width_mm * scale * share), 1), cv2.LINE_AA)


def _shade(tone: Points, bright: float) -> tuple[float, ...]:
    return tuple(float(v) for v in (tone * np.float32(bright)).clip(0, 255))
