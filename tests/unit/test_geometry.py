"""Homographies, overlap and the measures of a quad."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from idqc.photo.geometry import clip_to_frame, homography, iou, project, rectangle, rectify
from idqc.photo.quad import cut_off_score, cut_off_share, low_resolution_score, px_per_mm, tilt_deg, tilt_score

CARD_MM = (85.6, 53.98)


def seen_from(angle_deg: float, width_px: int = 1600, height_px: int = 1200) -> np.ndarray:
    """The quad of a card turned by an angle about its vertical axis, 250 mm before a phone's camera."""
    focal = 0.78 * width_px
    w, h = CARD_MM
    corners = np.array([[-w / 2, -h / 2, 0], [w / 2, -h / 2, 0], [w / 2, h / 2, 0], [-w / 2, h / 2, 0]])
    turn = cv2.Rodrigues(np.array([0.0, np.radians(angle_deg), 0.0]))[0]
    points = corners @ turn.T + [0, 0, 250]
    return (points[:, :2] / points[:, 2:] * focal + [width_px / 2, height_px / 2]).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 15.0, 30.0, 50.0])
def test_tilt_is_read_back_from_the_quad(angle: float) -> None:
    assert tilt_deg(seen_from(angle), CARD_MM, 1600, 1200) == pytest.approx(angle, abs=0.5)


def test_scores_are_zero_and_one_at_the_ends_of_their_ramps() -> None:
    assert [tilt_score(25.0), tilt_score(60.0)] == [0.0, 1.0]
    assert [low_resolution_score(7.0), low_resolution_score(3.5)] == [0.0, 1.0]
    assert [cut_off_score(0.0), cut_off_score(0.05), cut_off_score(0.5)] == [0.0, 0.5, 1.0]


def test_cut_off_is_the_share_of_the_area_outside() -> None:
    quad = rectangle(100, 50) - np.float32([25, 0])
    assert cut_off_share(quad, 400, 300) == pytest.approx(0.25)


def test_resolution_is_that_of_the_worst_edge() -> None:
    quad = np.float32([[0, 0], [856, 0], [856, 270], [0, 540]])
    assert px_per_mm(quad, CARD_MM) == pytest.approx(270 / 53.98)


def test_a_rectified_quad_shows_what_the_quad_holds() -> None:
    image = np.zeros((400, 600, 3), np.uint8)
    quad = np.float32([[100, 80], [500, 120], [480, 330], [90, 300]])
    cv2.fillConvexPoly(image, quad.astype(np.int32), (10, 200, 30))
    for width, height in ((200, 100), (40, 20)):
        flat = rectify(image, quad, width, height)
        assert flat.shape == (height, width, 3)
        assert np.abs(flat[2:-2, 2:-2].astype(int) - [10, 200, 30]).max() <= 3


def test_projection_and_overlap() -> None:
    square, moved = rectangle(10, 10), rectangle(10, 10) + np.float32([5, 0])
    assert np.allclose(project(homography(square, moved), square), moved)
    assert iou(square, moved) == pytest.approx(1 / 3)
    assert iou(square, square + 100) == 0.0
    assert len(clip_to_frame(square + 100, 50, 50)) == 0
