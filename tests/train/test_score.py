"""Scoring a label folder: what is kept of a photo, going on after an interruption, files that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from idqc.decision import ThresholdTable
from idqc.documents import FieldSpec
from idqc.errors import NotAnImage
from idqc.inspection import FieldReading, Finding, Inspection, Outcome, Surface, Thresholds
from idqc.labels import FieldLabel, Label, to_json
from idqc.models.fields import FIELD_CLASSES
from idqc.models.text import Reading
from idqc.photo.measures import FLOOR
from idqc.release import Release
from idqc.train import score as module
from idqc.train.scored import Scored

QUAD = ((50.0, 40.0), (450.0, 40.0), (450.0, 292.0), (50.0, 292.0))
NAMED = ((50.0, 40.0), (250.0, 40.0), (250.0, 65.2), (50.0, 65.2))
RELEASE = Release("test+0", Path(), MappingProxyType({}), ThresholdTable(MappingProxyType({})))


class FakeText:
    """Reads every field as the same name."""

    def read_field(self, crop_bgr: np.ndarray, spec: FieldSpec) -> Reading:
        assert spec.name == "name"
        assert crop_bgr.shape[1] > crop_bgr.shape[0]
        return Reading("홍 길동", 0.9, 0.8)


class FakeInspector:
    """Answers every photo with the same Inspection, and counts."""

    calls = 0
    stages = SimpleNamespace(text_engine=FakeText())

    def inspect(self, data: bytes, surface: Surface, **options: Any) -> Inspection:
        FakeInspector.calls += 1
        if data == b"broken":
            raise NotAnImage("No.", "Send a photo.")
        assert options == {"as_of": module.AS_OF, "mask": False}
        findings = (
            Finding("quality.blur", 0.04, Outcome.PASS, Thresholds(0.9, 0.5), raw=0.25, rule=0.01),
            Finding("document.expired", None, Outcome.NOT_APPLICABLE, Thresholds(0.9, 0.5)),
        )
        return Inspection(
            "id", surface, Outcome.PASS, RELEASE.id, "default", 500, 400, date(2026, 11, 21), "kr_resident", 0.97, QUAD,
            findings, (FieldReading("name", "홍길동", 0.9, 0.8, True, NAMED, 0.85),), {"decode": 3.0, "total": 9.0},
        )  # fmt: skip


class FakeFields:
    """A field detector whose first anchor is a name in the left top quarter of the document."""

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        assert inputs["image"].shape == (1, 3, 352, 512)
        prediction = np.zeros((1, 4 + len(FIELD_CLASSES), 3), np.float32)
        prediction[0, :4, 0] = 0.25, 0.25, 0.5, 0.5
        prediction[0, 4 + FIELD_CLASSES.index("name"), 0] = 0.9
        return {"prediction": prediction}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module, "load_release", lambda *_: RELEASE)
    monkeypatch.setattr(module, "open_inspector", lambda *_, **__: FakeInspector())
    monkeypatch.setattr(Release, "open", lambda *_: FakeFields())
    FakeInspector.calls = 0
    picture = np.full((400, 500, 3), 200, np.uint8)
    cv2.rectangle(picture, (50, 40), (450, 292), (90, 120, 60), -1)
    labels = []
    for index in range(3):
        name = f"{index}.jpg"
        cv2.imwrite(str(tmp_path / name), picture)
        fields = {"name": FieldLabel([[100, 100], [300, 100], [300, 130], [100, 130]], "홍길동", True)}
        labels.append(Label(name, "kr_resident", [list(corner) for corner in QUAD], fields, split="test"))
    (tmp_path / "3.jpg").write_bytes(b"broken")
    labels.append(Label("3.jpg", "kr_resident", labels[0].quad, split="test"))
    labels.append(replace(labels[0], split="train"))
    (tmp_path / "labels.jsonl").write_text("".join(to_json(label) + "\n" for label in labels), encoding="utf-8")
    return tmp_path


def test_what_is_kept(folder: Path) -> None:
    pairs = module.score(folder, folder / "out", splits=("test",))
    assert [label.file for label, _ in pairs] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    first = pairs[0][1]
    assert first.scores == {"quality.blur": 0.25, "document.expired": None}
    assert first.rules == {"quality.blur": 0.01}
    assert first.outcomes["document.expired"] == "not_applicable"
    assert first.readings["name"]["value"] == "홍길동"
    assert set(first.measures) == set(FLOOR)
    (name, confidence, box), *others = first.detections
    assert (name, confidence, others) == ("name", 0.85, [])
    assert box == pytest.approx((0.0, 0.0, 0.5, 0.1), abs=1e-3)
    assert first.detections_true_quad == [(name, 0.9, (0.0, 0.0, 0.5, 0.5))]
    assert first.readings_true_boxes == {"name": "홍길동"}
    assert pairs[3][1].error == "photo.not_an_image"


def test_goes_on_where_it_stopped(folder: Path) -> None:
    module.score(folder, folder / "out", splits=("test",), limit=2)
    assert FakeInspector.calls == 2
    again = module.score(folder, folder / "out", splits=("test",))
    assert FakeInspector.calls == 4
    assert all(isinstance(scored, Scored) for _, scored in again)
    module.score(folder, folder / "out", splits=("test",), as_of=date(2026, 11, 21))
    assert FakeInspector.calls == 4


def test_starts_anew_for_another_release(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.score(folder, folder / "out", splits=("test",))
    monkeypatch.setattr(module, "fingerprint", lambda *_: "other")
    assert {scored.made_by for _, scored in module.score(folder, folder / "out", splits=("test",))} == {"other"}
    assert FakeInspector.calls == 8
