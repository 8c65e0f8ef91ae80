"""What goes into the quality model and what is read from it; no weights needed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from idqc.models import quality
from idqc.photo.measures import NAMES, measure


def outputs(maps: np.ndarray | None = None) -> dict[str, np.ndarray]:
    maps = np.zeros((1, 4, 14, 14), np.float32) if maps is None else maps
    return {"severity": np.array([[0.1, 0.2, 0.3, 0.4]], np.float32), "map": maps}


def test_inputs_have_the_declared_shapes_and_range() -> None:
    document = np.zeros((630, 1000, 3), np.uint8)
    document[..., 2] = 255
    inputs = quality.prepare(document)
    assert inputs["image"].shape == (1, 3, 224, 224)
    assert inputs["image"].dtype == inputs["measures"].dtype == np.float32
    assert inputs["measures"].shape == (1, len(NAMES)) == (1, quality.MEASURE_COUNT)
    # BGR red comes first in RGB.
    assert inputs["image"][0, 0].mean() == pytest.approx((1 - 0.485) / 0.229, abs=1e-4)
    assert inputs["image"][0, 2].mean() == pytest.approx((0 - 0.406) / 0.225, abs=1e-4)


def test_measures_that_were_taken_are_not_taken_again() -> None:
    document = np.random.default_rng(0).integers(0, 255, (630, 1000, 3), dtype=np.uint8)
    taken = measure(document)
    assert quality.prepare(document, taken)["measures"][0] is not None
    assert np.array_equal(quality.prepare(document, taken)["measures"], quality.prepare(document)["measures"])


def test_severities_keep_their_order() -> None:
    reading = quality.read(outputs())
    assert reading.severity == {
        "quality.blur": pytest.approx(0.1),
        "quality.glare": pytest.approx(0.2),
        "quality.dark": pytest.approx(0.3),
        "quality.bright": pytest.approx(0.4),
    }
    assert reading.glare_quads == ()


def test_glare_becomes_a_box_and_hides_the_field_under_it() -> None:
    maps = np.zeros((1, 4, 14, 14), np.float32)
    maps[0, quality.GLARE, 3:6, 7:12] = 1.0
    reading = quality.read(outputs(maps))
    assert len(reading.glare_quads) == 1
    quad = reading.glare_quads[0]
    assert np.allclose(quad[0], [7 / 14, 3 / 14], atol=0.02)
    assert np.allclose(quad[2], [12 / 14, 6 / 14], atol=0.02)
    under = np.array([[0.55, 0.25], [0.80, 0.25], [0.80, 0.38], [0.55, 0.38]], np.float32)
    beside = under - np.array([0.5, 0.0], np.float32)
    half = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.38], [0.25, 0.38]], np.float32)
    assert reading.glare_share(under) == pytest.approx(1.0)
    assert reading.glare_share(beside) == 0.0
    assert reading.glare_share(half) == pytest.approx(0.5, abs=0.05)


def test_two_spots_are_two_boxes_the_larger_first() -> None:
    maps = np.zeros((1, 4, 14, 14), np.float32)
    maps[0, quality.GLARE, 1:3, 1:3] = 0.9
    maps[0, quality.GLARE, 7:12, 7:12] = 0.9
    first, second = quality.read(outputs(maps)).glare_quads
    assert cv2.contourArea(first) > cv2.contourArea(second)


def test_a_field_outside_of_the_document_has_no_glare() -> None:
    outside = np.array([[1.2, 1.2], [1.4, 1.2], [1.4, 1.4], [1.2, 1.4]], np.float32)
    maps = np.zeros((1, 4, 14, 14), np.float32)
    assert quality.read(outputs(maps)).glare_share(outside) == 0.0
