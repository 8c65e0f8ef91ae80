"""What goes into the portrait model and what is read from it; no weights needed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from idqc.models import portrait
from idqc.photo.geometry import homography, project, rectangle

MARKS = np.array([[0.35, 0.4], [0.65, 0.4], [0.5, 0.55], [0.4, 0.7], [0.6, 0.7]], np.float32)
QUAD = np.array([[100, 50], [300, 60], [290, 330], [95, 320]], np.float32)


def outputs(landmarks: np.ndarray | None = None, face: float = 0.9) -> dict[str, np.ndarray]:
    landmarks = MARKS if landmarks is None else landmarks
    components = np.linspace(0, 0.6, len(portrait.LEARNED_COMPONENTS), dtype=np.float32)[None]
    return {
        "face": np.array([[face]], np.float32),
        "landmarks": landmarks.astype(np.float32).reshape(1, 10),
        "components": components,
        "low_quality": np.array([[0.25]], np.float32),
    }


def test_the_crop_has_the_portrait_and_its_margin() -> None:
    photo = np.zeros((400, 500, 3), np.uint8)
    cv2.fillConvexPoly(photo, QUAD.astype(np.int32), (255, 255, 255))
    image = portrait.prepare(photo, QUAD)["image"]
    assert image.shape == (1, 3, 160, 160)
    assert image.dtype == np.float32
    seen = portrait.crop(photo, QUAD)
    inside = round(160 * portrait.MARGIN / (1 + 2 * portrait.MARGIN))
    assert seen[80, inside + 4].min() == 255
    assert seen[80, inside - 4].max() == 0
    assert seen[160 - inside - 4, 80].min() == 255
    assert seen[160 - inside + 4, 80].max() == 0


def test_landmarks_come_back_to_the_photo() -> None:
    wanted = project(homography(rectangle(1, 1), QUAD), MARKS)
    shares = project(homography(portrait.crop_quad(QUAD), rectangle(1, 1)), wanted)
    reading = portrait.read(outputs(shares), QUAD)
    assert np.abs(reading.landmarks_xy - wanted).max() < 0.01


def test_scores_count_upwards_to_bad() -> None:
    reading = portrait.read(outputs(face=0.9), QUAD)
    assert reading.missing == pytest.approx(0.1)
    assert reading.low_quality == pytest.approx(0.25)
    assert tuple(reading.components) == portrait.COMPONENTS
    assert reading.components["sharpness"] == 0.0
    assert reading.components["pose"] == pytest.approx(0.6)
    assert reading.components["inter_eye_distance"] == 0.0
    assert reading.components["head_size"] == 0.0


def test_eye_distance_is_judged_in_full_size_pixels() -> None:
    small = QUAD / 8
    assert portrait.read(outputs(), small).components["inter_eye_distance"] == 1.0
    assert portrait.read(outputs(), small, px_per_full_px=0.125).components["inter_eye_distance"] == 0.0


def test_a_small_head_fails_head_size() -> None:
    tiny = np.array([[0.47, 0.4], [0.53, 0.4], [0.5, 0.45], [0.48, 0.5], [0.52, 0.5]])
    assert portrait.read(outputs(tiny), QUAD).components["head_size"] == 1.0
