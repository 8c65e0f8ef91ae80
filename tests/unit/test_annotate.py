from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from idqc.annotate import LONG_SIDE_PX, PANEL_PX, annotate
from idqc.documents import document_types
from idqc.inspection import FieldReading, Finding, Inspection, Outcome, Photo, Region, Surface, Thresholds

QUAD = ((100.0, 100.0), (1100.0, 100.0), (1100.0, 730.0), (100.0, 730.0))
LIMITS = Thresholds(0.9, 0.4)
DONE = Inspection(
    inspection_id="0" * 32,
    surface=Surface.VERIFICATION,
    verdict=Outcome.WARN,
    release="2026.11.1+0",
    policy="default",
    image_width_px=1200,
    image_height_px=900,
    as_of=date(2026, 11, 21),
    document_type="kr_resident",
    document_confidence=0.99,
    document_quad=QUAD,
    findings=(
        Finding("quality.glare", 0.6, Outcome.WARN, LIMITS, (Region("name", QUAD, "glare"),), {}),
        Finding("quality.blur", 0.95, Outcome.REJECT, LIMITS),
        Finding("fraud.screen", None, Outcome.NOT_COMPUTED, LIMITS),
    ),
    fields=(
        FieldReading(
            "name", "홍길동", 0.9, 0.8, True, ((500.0, 200.0), (700.0, 200.0), (700.0, 240.0), (500.0, 240.0))
        ),
        FieldReading(
            "id_number", "711231-*******", 0.9, 0.8, True, ((20.0, 800.0), (90.0, 800.0), (90.0, 850.0), (20.0, 850.0))
        ),
        FieldReading("address", None, None, None, False, None),
    ),
    timings_ms={"total": 1.0},
)


@pytest.fixture
def photo() -> Photo:
    noise = np.random.default_rng(7).integers(0, 256, (900, 1200, 3)).astype(np.uint8)
    return Photo(noise, 1.0, 1200, 900)


def test_a_resident_number_that_was_read_is_painted_over_where_it_stands(photo: Photo) -> None:
    assert annotate(photo, DONE)[810:845, 60:88].std() < 1


def test_a_resident_number_that_was_not_found_is_painted_over_wherever_it_can_stand(photo: Photo) -> None:
    picture = annotate(photo, replace(DONE, fields=DONE.fields[:1]))
    assert picture.shape == (900, 1200 + PANEL_PX, 3)
    for x0, y0, x1, y1 in document_types()["kr_resident"].resident_number_areas:
        left, top = 100 + 1000 * x0, 100 + 630 * y0
        right, bottom = 100 + 1000 * x1, 100 + 630 * y1
        inside = picture[round(top) + 6 : round(bottom) - 6, round(left) + 6 : round(right) - 6]
        assert (inside.std(axis=(0, 1)) < 40).all()


def test_quads_and_badges_are_drawn(photo: Photo) -> None:
    picture = annotate(photo, DONE)
    bare = annotate(photo, replace(DONE, findings=(), fields=()))
    assert (picture != bare).any(axis=2)[:, :1200].sum() > 500
    assert (picture != bare).any(axis=2)[:, 1200:].sum() > 500


def test_without_a_known_document_nothing_stays_readable(photo: Photo) -> None:
    for unknown in (replace(DONE, document_quad=None), replace(DONE, document_type="unsupported")):
        picture = annotate(photo, replace(unknown, fields=(), findings=()))
        assert np.unique(picture[300:330, 300:330].reshape(-1, 3), axis=0).shape[0] <= 9


def test_a_large_or_scaled_photo_is_drawn_at_screen_size(photo: Photo) -> None:
    half = Photo(photo.bgr, 0.25, 4800, 3600)
    assert annotate(half, DONE).shape == (LONG_SIDE_PX * 3 // 4, LONG_SIDE_PX + PANEL_PX, 3)
