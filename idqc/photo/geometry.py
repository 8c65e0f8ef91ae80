"""Geometry of a flat document in a photo: homographies, rectifying, overlap. Points are (n, 2) float32, x then y."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import ArrayLike

from idqc.inspection import Image, Points


def rectangle(width_px: float, height_px: float) -> Points:
    """The corners of an upright rectangle, clockwise from its top left: (4, 2)."""
    return np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]], np.float32)


def homography(source_xy: Points, target_xy: Points) -> np.ndarray:
    """The 3x3 float64 matrix that takes four source corners to four target corners."""
    return np.asarray(cv2.getPerspectiveTransform(_points(source_xy), _points(target_xy)))


def project(matrix: np.ndarray, points_xy: Points) -> Points:
    """Carries (n, 2) points through a 3x3 homography."""
    return _points(cv2.perspectiveTransform(_points(points_xy).reshape(-1, 1, 2), matrix)).reshape(-1, 2)


T = TypeVar("T")
Together: TypeAlias = Callable[[Sequence[Callable[[], None]]], object]
"""Runs tasks, in whatever order or side by side, and comes back when all are done."""


def one_by_one(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Runs tasks in turn, in the caller's thread; what they answer, in order."""
    return [task() for task in tasks]


def rectify(
    image_bgr: Image, quad_xy: Points, width_px: int, height_px: int, together: Together = one_by_one, bands: int = 1
) -> Image:
    """Cuts the quad out of an image and lays it flat: (height_px, width_px, 3); a band of rows is a task of `together`.

    `quad_xy` is in pixels of `image_bgr`. Shrinking goes through area means first, so that fine print does not alias.
    What lies outside of the image repeats the border pixel.
    """
    quad_xy = _points(quad_xy)
    edges = np.linalg.norm(quad_xy - np.roll(quad_xy, -1, axis=0), axis=1)
    shrink = min(max(edges[0], edges[2]) / width_px, max(edges[1], edges[3]) / height_px)
    if shrink > 1.5:
        x, y, w, h = cv2.boundingRect(quad_xy)
        x0, y0 = max(x - 2, 0), max(y - 2, 0)
        crop = image_bgr[y0 : max(y + h + 2, y0 + 1), x0 : max(x + w + 2, x0 + 1)]
        if crop.size:
            size = max(round(crop.shape[1] / shrink), 1), max(round(crop.shape[0] / shrink), 1)
            ratio = _points([size[0] / crop.shape[1], size[1] / crop.shape[0]])
            image_bgr = shrunk(crop, *size)
            quad_xy = (quad_xy - _points([x0, y0])) * ratio
    matrix = homography(quad_xy, rectangle(width_px, height_px))
    flat = np.empty((height_px, width_px, *image_bgr.shape[2:]), image_bgr.dtype)

    def fill(first: int, last: int) -> None:
        lower = np.array([[1, 0, 0], [0, 1, -first], [0, 0, 1]], np.float64)
        size, edge = (width_px, last - first), cv2.BORDER_REPLICATE
        cv2.warpPerspective(image_bgr, lower @ matrix, size, flat[first:last], cv2.INTER_LINEAR, edge)

    borders = np.linspace(0, height_px, bands + 1).astype(int).tolist()
    together([partial(fill, first, last) for first, last in pairwise(borders)])
    return np.asarray(flat, np.uint8)


def shrunk(image: Image, width_px: int, height_px: int) -> Image:
    """Makes an image smaller by area means, (h, w) or (h, w, 3) uint8; halves it exactly as often as that fits.

    The rest goes through exactly twice the size: at a third of the cost of area means over broken pixels, and hardly a
    grey level away from them. An odd last row or column is left out of a halving: half a pixel
    of the larger image.
    """
    while image.shape[1] >= 2 * width_px and image.shape[0] >= 2 * height_px:
        image = _halved(image)
    if image.shape[:2] == (height_px, width_px):
        return image
    twice = cv2.resize(image, (2 * width_px, 2 * height_px), interpolation=cv2.INTER_LINEAR)
    return _halved(np.asarray(twice, np.uint8))


def _halved(image: Image) -> Image:
    height, width = image.shape[0] // 2, image.shape[1] // 2
    even = image[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def area(polygon_xy: Points) -> float:
    """The area of a simple polygon in square pixels."""
    return float(abs(cv2.contourArea(_points(polygon_xy))))


def intersection_area(a_xy: Points, b_xy: Points) -> float:
    """The area shared by two convex polygons in square pixels."""
    return float(cv2.intersectConvexConvex(_points(a_xy), _points(b_xy))[0])


def iou(a_xy: Points, b_xy: Points) -> float:
    """Intersection over union of two convex polygons, 0..1."""
    shared = intersection_area(a_xy, b_xy)
    union = area(a_xy) + area(b_xy) - shared
    return shared / union if union > 0 else 0.0


def clip_to_frame(polygon_xy: Points, width_px: float, height_px: float) -> Points:
    """The part of a convex polygon inside the frame: (n, 2), empty when none is."""
    shared, points = cv2.intersectConvexConvex(_points(polygon_xy), rectangle(width_px, height_px))
    return _points(points).reshape(-1, 2) if shared > 0 and points is not None else np.zeros((0, 2), np.float32)


def _points(values: ArrayLike) -> Points:
    return np.asarray(values, np.float32)
