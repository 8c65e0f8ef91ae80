"""Where the edge of a document is that the frame cut off: what three edges and the proportions say of the fourth.

A network that looks for edges takes the frame for one. But a card has known sides: seen through a phone's main camera,
its other three edges fix the plane that it lies in, and with it how far it goes on outside of the photo.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Points
from idqc.photo.geometry import area, intersection_area, rectangle
from idqc.photo.quad import FOCAL_LENGTH_PER_LONG_SIDE

NEAR_SHARE = 0.012
"""A corner as near to the frame as this, as a share of the document's mean edge, may lie outside of it."""
LEANING_SHARE = 0.12
"""How far inside the other end of an edge may lie that was cut."""
LEAST_GROWTH, MOST_GROWTH = 1.02, 2.5
"""Less is what edges err by; more is made up."""
MOST_LOSS = 0.9
"""The end of the edge that is in view may come out a little nearer than it was seen."""
ADDED_IN_VIEW = 0.05
SCAN_RATIO = 0.04
"""A frame as near to the document's proportions is no camera's, whose sides are as 4 to 3, 3 to 2 or 16 to 9."""
SCAN_AREA = 0.7
"""A document that seems to fill less of such a frame is not what was cut out."""


def complete(quad_xy_px: Points, size_mm: tuple[float, float], width_px: int, height_px: int) -> Points:
    """Moves the edge that lies on the frame, or beyond, out to where the document ends.

    A scan that was cut along the card's edges has none in view: there the frame is the document. Otherwise the quad
    comes back as it was when no edge lies on the frame, or when the other three contradict that it was cut.

    Args:
        quad_xy_px: (4, 2) in photo pixels, clockwise from the document's own top left.
        size_mm: the document's width and height.
    """
    best, most = quad_xy_px, LEAST_GROWTH
    frame = rectangle(width_px, height_px)
    cut = cut_edges(quad_xy_px, width_px, height_px)
    if len(cut) >= 2 and fills(quad_xy_px, size_mm, width_px, height_px):
        return nearest_turn(frame, quad_xy_px)
    for edge in cut:
        # Turned so that the second and third corners are the ends of the edge that was cut.
        turned = np.roll(np.asarray(quad_xy_px, np.float64), 1 - edge, axis=0)
        length, breadth = size_mm if edge % 2 == 1 else size_mm[::-1]
        far = _far_corners(turned, length / breadth, width_px, height_px)
        if far is None:
            continue
        known = turned[[0, 3]]
        growth = np.linalg.norm(far - known, axis=1) / np.maximum(np.linalg.norm(turned[[1, 2]] - known, axis=1), 1e-9)
        turned[[1, 2]] = far
        whole = np.asarray(np.roll(turned, edge - 1, axis=0), np.float32)
        # What is added lies outside of the photo: inside, the edge would have been seen.
        in_view = intersection_area(whole, frame) - intersection_area(quad_xy_px, frame)
        likely = growth.min() > MOST_LOSS and growth.max() < MOST_GROWTH and in_view <= ADDED_IN_VIEW * area(whole)
        if likely and growth.mean() > most:
            best, most = whole, float(growth.mean())
    return best


def fills(quad_xy_px: Points, size_mm: tuple[float, float], width_px: int, height_px: int) -> bool:
    """Whether the photo is nothing but the document: a frame of its proportions, and a quad over most of it."""
    lying = abs(quad_xy_px[1, 0] - quad_xy_px[0, 0]) >= abs(quad_xy_px[1, 1] - quad_xy_px[0, 1])
    ratio = width_px / height_px * (size_mm[1] / size_mm[0] if lying else size_mm[0] / size_mm[1])
    covered = intersection_area(quad_xy_px, rectangle(width_px, height_px)) / (width_px * height_px)
    return bool(abs(ratio - 1) <= SCAN_RATIO and covered >= SCAN_AREA)


def nearest_turn(frame_xy_px: Points, quad_xy_px: Points) -> Points:
    """The frame's corners in the order of the quad's: its first is the one nearest to the document's own top left."""
    turns = [np.roll(frame_xy_px, turn, axis=0) for turn in range(4)]
    return np.asarray(min(turns, key=lambda corners: float(np.linalg.norm(corners - quad_xy_px))), np.float32)


def cut_edges(quad_xy_px: Points, width_px: int, height_px: int) -> list[int]:
    """Which edges the frame may have cut off: 0 top, 1 right, 2 bottom, 3 left of the document.

    One end of them lies on a side of the frame or beyond, and the other one not far from there: where the frame cuts at
    an angle, the line through what is left of the edge and the frame leans.
    """
    mean_edge = float(np.linalg.norm(quad_xy_px - np.roll(quad_xy_px, -1, axis=0), axis=1).mean())
    x, y = quad_xy_px[:, 0], quad_xy_px[:, 1]
    inwards = np.stack([x, y, width_px - x, height_px - y]) / max(mean_edge, 1e-9)
    ends = np.stack([inwards, np.roll(inwards, -1, axis=1)])
    doubtful = (ends.min(axis=0) < NEAR_SHARE) & (ends.max(axis=0) < LEANING_SHARE)
    return [edge for edge in range(4) if doubtful[:, edge].any()]


def _far_corners(quad: NDArray[np.float64], ratio: float, width_px: int, height_px: int) -> NDArray[np.float64] | None:
    """Corners 1 and 2, (2, 2), of a rectangle `ratio` times as long as broad, of which corners 0 and 3 are known, and
    on which lines from there the others lie. None where the lines fix no plane in front of the camera."""
    focal = FOCAL_LENGTH_PER_LONG_SIDE * max(width_px, height_px)
    centre = np.array([width_px, height_px]) / 2
    rays = np.column_stack([(quad - centre) / focal, np.ones(4)])
    # Two planes through the camera hold the long sides; what they share is the long sides' direction.
    along = np.cross(np.cross(rays[0], rays[1]), np.cross(rays[3], rays[2]))
    size = np.linalg.norm(along)
    if size < 1e-9:
        return None
    along /= size
    # Of its two ways the one that leads, in the photo, from the known corner to the far one.
    if (along[:2] - along[2] * rays[0, :2]) @ (rays[1, :2] - rays[0, :2]) < 0:
        along = -along
    across = np.cross(np.cross(rays[0], rays[3]), along)
    # The known edge goes from ray 0, at depth 1, along `across` to ray 3.
    steps, *_ = np.linalg.lstsq(np.column_stack([across, -rays[3]]), -rays[0], rcond=None)
    reach = ratio * abs(steps[0]) * np.linalg.norm(across) * along
    far = np.stack([rays[0] + reach, steps[1] * rays[3] + reach])
    if steps[1] <= 0 or np.any(far[:, 2] < 0.05):
        return None
    return np.asarray(far[:, :2] / far[:, 2:] * focal + centre)
