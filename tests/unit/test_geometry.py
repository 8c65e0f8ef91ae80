"""Homographies, overlap and the measures of a quad."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from idqc.photo.geometry import clip_to_frame, homography, iou, project, rectangle, rectify, shrunk
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


def scenery(width: int, height: int) -> np.ndarray:
    noise = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.uint8)


def test_bands_side_by_side_make_the_same_picture() -> None:
    image, quad = scenery(640, 480), np.float32([[60, 50], [590, 80], [560, 430], [40, 400]])
    done: list[int] = []

    def last_first(tasks: Sequence[Callable[[], None]]) -> None:
        for task in reversed(tasks):
            task()
        done.append(len(tasks))

    whole, banded = rectify(image, quad, 400, 253), rectify(image, quad, 400, 253, last_first, bands=3)
    assert done == [3]
    assert np.abs(whole.astype(int) - banded).max() <= 1


@pytest.mark.parametrize("size", [(512, 352), (320, 200), (250, 157), (999, 600)])
def test_shrinking_is_close_to_area_means(size: tuple[int, int]) -> None:
    image = scenery(1013, 639)
    means = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(int)
    made = shrunk(image, *size)
    assert made.shape == means.shape
    nearest = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    assert np.abs(made - means).mean() < 0.5 * np.abs(nearest - means).mean()
    assert np.abs(made.mean(axis=(0, 1)) - image.mean(axis=(0, 1))).max() < 0.6


def test_projection_and_overlap() -> None:
    square, moved = rectangle(10, 10), rectangle(10, 10) + np.float32([5, 0])
    assert np.allclose(project(homography(square, moved), square), moved)
    assert iou(square, moved) == pytest.approx(1 / 3)
    assert iou(square, square + 100) == 0.0
    assert len(clip_to_frame(square + 100, 50, 50)) == 0
