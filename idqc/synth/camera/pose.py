"""Where the camera stands: a flat object in space, seen by a phone's main camera (focal length as in `photo.quad`)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Points
from idqc.photo.geometry import project
from idqc.photo.quad import FOCAL_LENGTH_PER_LONG_SIDE, cut_off_share

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """Angles in degrees; `coverage` is the width over the frame's, `place` its centre in the room left, 0..1.

    `cut_off` is the share of the document's area that leaves the frame, in the direction `leave_deg`.
    """

    rotation_deg: float
    tilt_deg: float
    tilt_axis_deg: float
    coverage: float
    place: tuple[float, float] = (0.5, 0.5)
    cut_off: float = 0.0
    leave_deg: float = 0.0


def plane_to_photo(pose: Pose, corners_mm: Points, width_px: int, height_px: int) -> Matrix:
    """The homography from the object's plane (millimetres, document centre at 0, 0) to photo pixels: (3, 3) float64."""
    focal = FOCAL_LENGTH_PER_LONG_SIDE * max(width_px, height_px)
    camera = np.array([[focal, 0, width_px / 2], [0, focal, height_px / 2], [0, 0, 1]])
    axis = np.radians(pose.tilt_axis_deg)
    tilt = cv2.Rodrigues(np.radians(pose.tilt_deg) * np.array([np.cos(axis), np.sin(axis), 0.0]))[0]
    turn = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(pose.rotation_deg)]))[0]
    plane = (tilt @ turn)[:, :2]

    def matrix(shift: NDArray[np.float64]) -> Matrix:
        return np.asarray(camera @ np.column_stack([plane, shift]))

    def box(shift: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        points = project(matrix(shift), corners_mm).astype(np.float64)
        return points.min(axis=0), points.max(axis=0)

    frame = np.array([width_px, height_px], np.float64)
    shift = np.array([0.0, 0.0, focal * float(np.ptp(corners_mm[:, 0])) / (pose.coverage * width_px)])
    for _ in range(6):
        low, high = box(shift)
        shift[2] *= max((high[0] - low[0]) / (pose.coverage * width_px), (high[1] - low[1]) / (0.96 * height_px))
    for _ in range(3):
        low, high = box(shift)
        room = np.maximum(frame - (high - low), 0.0)
        wanted = (high - low) / 2 + room * (0.03 + 0.94 * np.array(pose.place))
        shift[:2] += (wanted - (low + high) / 2) * shift[2] / focal
    if pose.cut_off <= 0:
        return matrix(shift)
    away = np.array([np.cos(np.radians(pose.leave_deg)), np.sin(np.radians(pose.leave_deg)), 0.0])
    near, far = 0.0, 2.0 * shift[2] * max(width_px, height_px) / focal
    for _ in range(24):
        middle = (near + far) / 2
        share = cut_off_share(project(matrix(shift + away * middle), corners_mm), width_px, height_px)
        near, far = (middle, far) if share < pose.cut_off else (near, middle)
    return matrix(shift + away * (near + far) / 2)


def flat_scan(corners_mm: Points, width_px: int, height_px: int, margin: tuple[float, float, float, float]) -> Matrix:
    """The homography of a scan: the document fills the frame but for margins (left, top, right, bottom) in shares."""
    low, high = corners_mm.min(axis=0), corners_mm.max(axis=0)
    left, top, right, bottom = margin
    scale = np.array([width_px * (1 - left - right), height_px * (1 - top - bottom)]) / (high - low)
    start = np.array([left * width_px, top * height_px]) - low * scale
    return np.array([[scale[0], 0, start[0]], [0, scale[1], start[1]], [0, 0, 1]], np.float64)


def gentler(pose: Pose) -> Pose:
    """The same pose with a weaker tilt, for shots where the tilt must stay normal."""
    return replace(pose, tilt_deg=pose.tilt_deg * 0.7)
