"""How the field detector's tensor is read; no weights needed."""

from __future__ import annotations

import numpy as np
import pytest

from idqc.documents import document_types
from idqc.models import fields


def prediction(*found: tuple[str, float, tuple[float, float, float, float]]) -> dict[str, np.ndarray]:
    raw = np.zeros((1, 4 + len(fields.FIELD_CLASSES), 64), np.float32)
    for column, (name, confidence, (left, top, right, bottom)) in enumerate(found):
        raw[0, :4, column] = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        raw[0, 4 + fields.FIELD_CLASSES.index(name), column] = confidence
    return {"prediction": raw}


def test_every_field_of_every_type_has_a_class() -> None:
    for spec in document_types().values():
        assert set(spec.fields) <= set(fields.FIELD_CLASSES)
    assert len(set(fields.FIELD_CLASSES)) == 21


@pytest.mark.parametrize("size", [(1000, 631), (200, 126)])
def test_prepare(size: tuple[int, int]) -> None:
    blue = np.zeros((size[1], size[0], 3), np.uint8)
    blue[..., 0] = 255
    image = fields.prepare(blue)["image"]
    assert image.shape == (1, 3, 352, 512)
    assert image.dtype == np.float32
    assert image[0, :, 100, 100].tolist() == [0.0, 0.0, 1.0]


def test_read_takes_the_best_of_a_field_and_all_obstacles() -> None:
    name, elsewhere = (0.1, 0.2, 0.4, 0.3), (0.5, 0.5, 0.9, 0.6)
    found = fields.read(
        prediction(
            ("name", 0.5, elsewhere),
            ("name", 0.9, name),
            ("seal", 0.01, name),
            ("obstacle", 0.3, (0, 0, 0.2, 0.2)),
            ("obstacle", 0.8, (0.6, 0.6, 1, 1)),
            ("obstacle", 0.7, (0.61, 0.6, 1, 1)),
        )
    )
    assert list(found.fields) == ["name"]
    best = found.fields["name"]
    assert (best.left, best.top, best.right, best.bottom) == pytest.approx(name)
    assert best.confidence == pytest.approx(0.9)
    assert [round(box.confidence, 2) for box in found.obstacles] == [0.8, 0.3]


def test_boxes_stay_inside_the_document() -> None:
    box = fields.read(prediction(("mrz", 0.9, (-0.1, 0.8, 1.2, 1.05)))).fields["mrz"]
    assert (box.left, box.right, box.bottom) == (0.0, 1.0, 1.0)


def test_read_of_an_empty_document() -> None:
    found = fields.read(prediction())
    assert found.fields == {}
    assert found.obstacles == ()


def test_quad_in_photo() -> None:
    quad = np.float32([[100, 100], [500, 100], [500, 350], [100, 350]])
    box = fields.Box("name", 0.9, 0.25, 0.2, 0.5, 0.4)
    expected = [[200, 150], [300, 150], [300, 200], [200, 200]]
    assert np.abs(fields.quad_in_photo(box, quad) - expected).max() < 0.01
    upside_down = fields.quad_in_photo(box, np.roll(quad, 2, axis=0))
    assert np.abs(upside_down[0] - [400, 300]).max() < 0.01
