"""The quality trainer runs from labelled photos to a checked ONNX file that the reader understands."""

from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from idqc.labels import read_labels
from idqc.models import quality as reader
from idqc.photo.measures import measure
from idqc.runtime.reference import run_once
from idqc.train import quality
from idqc.train.document_defects import glare_severity, spoil_document
from idqc.train.loop import Budget
from idqc.train.photos import load_photo
from tests.train.tiny_photos import write_photos


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("data") / "photos", 18)


def test_from_photos_to_a_file_that_serves(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "DOCUMENTS", 24)
    budget = Budget(epochs=1, batch=8, learning_rate=1e-3)
    numbers = quality.train([data], tmp_path / "out", tmp_path / "weights", budget)
    assert numbers["parity_max_diff"] < 1e-4
    assert {"auc_blur", "floor_auc_blur", "auc_glare", "auc_dark", "auc_bright"} <= set(numbers)
    # The plain measures tell these crude defects already.
    assert numbers["floor_auc_blur"] == numbers["floor_auc_dark"] == 1.0

    document = np.random.default_rng(0).integers(0, 255, (630, 1000, 3), dtype=np.uint8)
    reading = reader.read(run_once(tmp_path / "weights" / "quality.onnx", reader.prepare(document)))
    assert all(0 <= value <= 1 for value in reading.severity.values())
    assert reading.maps.shape == (4, reader.MAP_CELLS, reader.MAP_CELLS)
    entry = tomllib.loads((tmp_path / "weights" / "manifest.toml").read_text())["models"]["quality"]
    shapes = {tensor["name"]: tensor["shape"] for tensor in entry["inputs"]}
    assert shapes == {"image": [1, 3, 224, 224], "measures": [1, reader.MEASURE_COUNT]}
    assert entry["metrics"]["floor_auc_blur"] == 1.0


def test_glare_is_mapped_to_the_cells_that_it_covers(data: Path) -> None:
    label = next(label for label in read_labels(data) if label.glare_quads)
    quad = np.array(label.quad, np.float32)
    plane = quality.glare_map(label, quad)
    assert plane.max() == 1
    # 120 x 90 of 480 x 303 card pixels.
    assert plane.mean() == pytest.approx(120 * 90 / (480 * 303), abs=0.02)


def test_good_documents_are_spoilt_to_a_known_severity() -> None:
    rng = np.random.default_rng(3)
    document = np.full((400, 640, 3), 200, np.uint8)
    for row in range(40, 390, 30):
        cv2.putText(document, "SPECIMEN 0123456789", (190, row), 0, 0.7, (40, 40, 40), 1, cv2.LINE_AA)
    fields = [(190, 70, 450, 95), (190, 200, 450, 225)]
    seen: dict[str, list[tuple[float, float]]] = {}
    for _ in range(48):
        spoilt = spoil_document(document, 7.5, fields, rng)
        assert spoilt.document_bgr.shape == document.shape
        measures = measure(spoilt.document_bgr)
        for code, severity in spoilt.severity.items():
            assert 0 <= severity <= 1
            seen.setdefault(code, []).append((severity, measures.floor_score(code)))
        assert (spoilt.lost is not None) == ("quality.glare" in spoilt.severity)
    assert set(seen) == set(reader.CRITERIA)
    for code in ("quality.blur", "quality.dark", "quality.bright"):
        order = np.corrcoef(np.array(seen[code]).argsort(axis=0).argsort(axis=0).T)[0, 1]
        assert order > 0.6, code


def test_a_hidden_field_counts_in_full_and_an_empty_place_does_not() -> None:
    lost = np.zeros((630, 1000), np.float32)
    lost[100:140, 300:700] = 1.0
    assert glare_severity(lost, [(300, 100, 700, 140)]) == pytest.approx(1.0)
    assert glare_severity(lost, [(300, 300, 700, 340)]) == pytest.approx(0.6 * lost.mean() / 0.1, rel=0.01)


def test_large_photos_are_decoded_smaller(tmp_path: Path) -> None:
    photo = np.zeros((1600, 3000, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "large.jpg"), photo)
    quad = np.array([[100, 100], [2900, 100], [2900, 1500], [100, 1500]], np.float32)
    for least_px, factor in ((2000, 1), (1200, 2), (700, 4)):
        image, inside = load_photo(tmp_path / "large.jpg", quad, least_px)
        assert image.shape[:2] == (1600 // factor, 3000 // factor)
        assert np.allclose(inside, quad / factor)
    with pytest.raises(FileNotFoundError):
        load_photo(tmp_path / "missing.jpg", quad, 100)


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text("")
    with pytest.raises(ValueError, match="no documents of split train"):
        quality.train([tmp_path], tmp_path / "out", tmp_path, Budget(1, 2, 1e-3))
