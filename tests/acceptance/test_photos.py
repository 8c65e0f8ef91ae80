"""The release itself, on mock photos that are made here: real weights, real thresholds, end to end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from idqc.access.keys import Scope
from idqc.audience import to_json
from idqc.inspection import Audience, Inspection, Outcome, Surface
from idqc.inspector import Inspector, open_inspector
from idqc.labels import Label, from_json
from idqc.photo.geometry import clip_to_frame, iou
from idqc.release import load_release
from idqc.settings import Settings
from idqc.store.house import open_house
from idqc.surfaces.keys import create_key
from idqc.synth.assets import Assets
from idqc.synth.generator import make_photo
from idqc.synth.plan import plan_photo

SEED = 20261121
CLEAN = 8
ENOUGH = 6
"""Of eight photos. Accuracy is measured on thousands elsewhere; here a broken release must not pass."""


@dataclass(frozen=True)
class Sample:
    """A mock photo and what is known about it."""

    data: bytes
    label: Label


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    opened = open_inspector(load_release())
    opened.warm()
    return opened


def made(kind: str, count: int) -> Iterator[Sample]:
    assets = Assets.load(None, None)
    found = 0
    for index in range(10_000):
        plan = plan_photo(SEED, index, "test")
        if plan.kind == kind and (kind != "negative" or not plan.card):
            data, line = make_photo(plan, assets)
            yield Sample(data, from_json(line))
            found += 1
            if found == count:
                return


@pytest.fixture(scope="module")
def clean() -> list[Sample]:
    return list(made("clean", CLEAN))


@pytest.fixture(scope="module")
def inspected(inspector: Inspector, clean: list[Sample]) -> list[Inspection]:
    return [inspector.inspect(sample.data) for sample in clean]


def test_documents_are_found_where_they_are(clean: list[Sample], inspected: list[Inspection]) -> None:
    right = 0
    for sample, done in zip(clean, inspected, strict=True):
        if done.document_quad is None:
            continue
        size = done.image_width_px, done.image_height_px
        quads = (np.float32(done.document_quad), np.float32(sample.label.quad))
        seen, true = (clip_to_frame(quad, *size) for quad in quads)
        right += done.document_type == sample.label.document_type and iou(seen, true) >= 0.9
    assert right >= ENOUGH


def test_every_criterion_is_listed_with_a_score_or_a_reason(inspected: list[Inspection]) -> None:
    for done in inspected:
        for finding in done.findings:
            none = finding.outcome in (Outcome.NOT_COMPUTED, Outcome.NOT_APPLICABLE)
            assert (finding.score is None) == none
            if finding.outcome in (Outcome.REJECT, Outcome.WARN):
                assert finding.regions or finding.criterion == "quality.no_document"
                assert set(finding.message) == {"ko", "en"}


def test_fields_are_read(clean: list[Sample], inspector: Inspector) -> None:
    right = wrong = 0
    for sample in clean:
        done = inspector.inspect(sample.data, mask=False)
        read = {reading.name: reading.value or "" for reading in done.fields}
        for name in ("id_number", "document_number"):
            if name in sample.label.fields and name in read:
                said, true = (
                    "".join(filter(str.isalnum, text)) for text in (read[name], sample.label.fields[name].text)
                )
                right, wrong = right + (said == true), wrong + (said != true)
    assert right > wrong


def test_no_back_digits_leave_the_inspection(
    clean: list[Sample], inspector: Inspector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for sample in clean:
            answer = json.dumps(to_json(inspector.inspect(sample.data), Audience.OPERATOR)) + caplog.text
            for field in sample.label.fields.values():
                digits = "".join(filter(str.isdigit, field.text))
                if len(digits) == 13 and "\n" not in field.text:
                    assert digits[6:] not in answer


def test_the_same_photo_gets_the_same_scores(clean: list[Sample], inspector: Inspector) -> None:
    first, second = (inspector.inspect(clean[0].data) for _ in range(2))
    assert first.findings == second.findings
    assert first.inspection_id != second.inspection_id


def test_capture_reads_nothing(clean: list[Sample], inspector: Inspector) -> None:
    done = inspector.inspect(clean[0].data, Surface.CAPTURE)
    assert done.fields == ()
    assert "text" not in done.timings_ms
    assert not [f for f in done.findings if f.criterion.endswith("unreadable") or "tamper" in f.criterion]


def test_a_scene_without_a_document_is_less_sure_of_one_than_any_clean_photo(
    inspector: Inspector, inspected: list[Inspection]
) -> None:
    def no_document(done: Inspection) -> float:
        return next(f.score or 0.0 for f in done.findings if f.criterion == "quality.no_document")

    scenes = [no_document(inspector.inspect(sample.data)) for sample in made("negative", 4)]
    assert np.median(scenes) > np.median([no_document(done) for done in inspected])


@pytest.mark.parametrize("grey", [0, 255])
def test_a_photo_of_nothing_is_turned_away(inspector: Inspector, grey: int) -> None:
    done, encoded = cv2.imencode(".png", np.full((900, 1200, 3), grey, np.uint8))
    assert done
    assert inspector.inspect(encoded.tobytes()).verdict is not Outcome.PASS


def test_the_service_answers_over_http(clean: list[Sample], inspector: Inspector, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    house = open_house(settings)
    key = create_key(house.store, "test", frozenset({Scope.ADMIN}), actor="test").text
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(create_app(settings, inspector, house), headers=headers) as client:
        answer = client.post(
            "/v1/inspections?surface=capture", content=clean[0].data, headers={"Content-Type": "image/jpeg"}
        )
        assert answer.status_code == 200
        assert answer.json()["release"] == inspector.release.id
        assert "document;dur=" in answer.headers["Server-Timing"]
        assert client.get("/metrics").text.count("idqc_") > 10
    house.close()
