"""Measures of a photo that need only the document's quad: cut off, resolution, tilt. Also what labels are made from.

Each measure has a natural unit; `*_score` turns it into the 0..1 of a criterion by a straight ramp whose two ends
are named below. The ends are definitions (what 0 and 1 mean), not decisions: thresholds stand in thresholds/.
"""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Points
from idqc.photo.geometry import area, intersection_area, rectangle

CUT_OFF_SHARE_AT_ONE = 0.10
"""A tenth of the document's area outside the frame loses at least one field on every type we know."""

PX_PER_MM_AT_ZERO = 7.0
PX_PER_MM_AT_ONE = 3.5
"""The smallest printed text is about 2 mm high: 14 px read well, 7 px do not (PP-OCR readers want 10 px and more)."""

TILT_DEG_AT_ZERO = 25.0
TILT_DEG_AT_ONE = 60.0
"""At 60 degrees the card is foreshortened to half, and small print is a third as sharp along that axis."""

FOCAL_LENGTH_PER_LONG_SIDE = 0.78
"""Main cameras of phones have about 26 mm (35 mm equivalent); on a 4:3 sensor that is 0.78 of its long side."""


def cut_off_share(quad_xy_px: Points, width_px: int, height_px: int) -> float:
    """The share of the document's area that lies outside the frame, 0..1."""
    whole = area(quad_xy_px)
    if whole <= 0:
        return 1.0
    return float(np.clip(1.0 - intersection_area(quad_xy_px, rectangle(width_px, height_px)) / whole, 0.0, 1.0))


def px_per_mm(quad_xy_px: Points, size_mm: tuple[float, float]) -> float:
    """Photo pixels per millimetre of the document, along its worst edge."""
    edges = np.linalg.norm(quad_xy_px - np.roll(quad_xy_px, -1, axis=0), axis=1)
    return float(min(edges[0] / size_mm[0], edges[2] / size_mm[0], edges[1] / size_mm[1], edges[3] / size_mm[1]))


def tilt_deg(quad_xy_px: Points, size_mm: tuple[float, float], width_px: int, height_px: int) -> float:
    """The angle between the line of sight and the document's normal, in degrees, for a phone's main camera."""
    focal = FOCAL_LENGTH_PER_LONG_SIDE * max(width_px, height_px)
    camera = np.array([[focal, 0, width_px / 2], [0, focal, height_px / 2], [0, 0, 1]], np.float64)
    w, h = size_mm
    corners_mm = np.array([[-w / 2, h / 2, 0], [w / 2, h / 2, 0], [w / 2, -h / 2, 0], [-w / 2, -h / 2, 0]], np.float64)
    found, turn, shift = cv2.solvePnP(
        corners_mm, np.float64(quad_xy_px).reshape(4, 1, 2), camera, None, flags=cv2.SOLVEPNP_ITERATIVE
    )
    if not found:
        return 90.0
    normal = cv2.Rodrigues(turn)[0][:, 2]
    sight = shift.ravel() / max(float(np.linalg.norm(shift)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(abs(normal @ sight), 0.0, 1.0))))


def cut_off_score(share: float) -> float:
    """0 for a document wholly in the frame, 1 from a tenth outside of it."""
    return float(np.clip(share / CUT_OFF_SHARE_AT_ONE, 0.0, 1.0))


def low_resolution_score(value_px_per_mm: float) -> float:
    """0 from 7 px/mm up, 1 from 3.5 px/mm down."""
    return float(np.clip((PX_PER_MM_AT_ZERO - value_px_per_mm) / (PX_PER_MM_AT_ZERO - PX_PER_MM_AT_ONE), 0.0, 1.0))


def tilt_score(value_deg: float) -> float:
    """0 up to 25 degrees, 1 from 60 degrees."""
    return float(np.clip((value_deg - TILT_DEG_AT_ZERO) / (TILT_DEG_AT_ONE - TILT_DEG_AT_ZERO), 0.0, 1.0))
