"""The cascade: its order, what ends it, and what that leaves uncomputed. Models are stand-ins, decoding is not."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
import pytest

from idqc.audience import to_json
from idqc.catalogue import FIXED
from idqc.chances import Chance
from idqc.decision import ThresholdTable
from idqc.documents import FieldSpec, document_types
from idqc.errors import EmptyPhoto, RequestError
from idqc.inspection import Audience, Image, Inspection, Outcome, Photo, Points, Surface, Thresholds
from idqc.inspector import Inspector
from idqc.models.document import Candidate
from idqc.models.fields import Box, FieldBoxes, Line
from idqc.models.fraud import FraudReading
from idqc.models.portrait import PortraitReading
from idqc.models.quality import CRITERIA, QualityReading
from idqc.models.text import Reading
from idqc.photo.geometry import one_by_one, rectangle
from idqc.release import Release
from idqc.runtime.lanes import Lanes
from idqc.stages import Stages

QUAD = rectangle(856, 540) + np.float32([100, 100])
SAID = {
    "name": "홍길동",
    "id_number": "711231-1234567",
    "address": "서울특별시 강남구",
    "issue_date": "2019. 3. 5.",
    "issuer": "서울특별시 강남구청장",
}


class Fake:
    """Every model at once: a clean resident card, but for what a test changes."""

    def __init__(self) -> None:
        self.candidates = [Candidate("kr_resident", 0.98, QUAD, 0.01, 0.99)]
        self.severity = dict.fromkeys(CRITERIA, 0.02)
        names = ("title", *SAID, "portrait")
        self.boxes = {name: Box(name, 0.97, 0.1, 0.1 * i, 0.5, 0.1 * i + 0.08) for i, name in enumerate(names)}
        self.lines: tuple[Line, ...] = ()
        self.said = dict(SAID)
        self.copies = {"screen": 0.01, "print": 0.02, "grayscale_copy": 0.01}
        self.calls: list[str] = []


class Documents:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def run(self, photo: Photo) -> list[Candidate]:
        self.fake.calls.append("document")
        return self.fake.candidates


class Quality:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def run(self, document_bgr: Image) -> QualityReading:
        self.fake.calls.append("quality")
        return QualityReading(self.fake.severity, np.zeros((4, 14, 14), np.float32), ())


class Fields:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def run(self, document_bgr: Image, names: Any = ()) -> FieldBoxes:
        self.fake.calls.append("fields")
        return FieldBoxes(self.fake.boxes, (), self.fake.lines)


class Portraits:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def run(self, image_bgr: Image, quad: Points, scale: float = 1.0) -> PortraitReading:
        self.fake.calls.append("portrait")
        return PortraitReading(0.01, 0.05, {"sharpness": 0.1}, np.zeros((5, 2), np.float32))


class Fraud:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def run(
        self,
        photo: Photo,
        quad: Points,
        portrait: Any = None,
        fields: Any = None,
        together: Any = one_by_one,
        with_maps: bool = False,
    ) -> FraudReading:
        self.fake.calls.append("fraud")
        together([])
        edits = {"portrait_tamper": 0.1, "text_tamper": 0.1} if fields else {}
        left = np.zeros((60, 96), np.float32)
        left[:, :48] = 1.0
        return FraudReading(
            {**self.fake.copies, **edits}, dict.fromkeys(fields or {}, 0.1), {"screen": left} if with_maps else {}
        )


class Text:
    def __init__(self, fake: Fake) -> None:
        self.fake = fake

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        return Reading(self.fake.said[spec.name], 0.99, 0.97)


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def inspector(fake: Fake) -> Inspector:
    keys = {criterion.threshold_key for criterion in FIXED} | {"field.hidden", "field.unreadable"}
    table = ThresholdTable(MappingProxyType(dict.fromkeys(keys, Thresholds(0.9, 0.4))))
    models: Any = (Documents(fake), Quality(fake), Fields(fake), Portraits(fake), Fraud(fake), Text(fake))
    return Inspector(Release("test+0", Path(), {}, table), Stages(*models, face_engine=None, lanes=Lanes(1)))


@pytest.fixture(scope="module")
def photo() -> bytes:
    rng = np.random.default_rng(3)
    grey = rng.integers(60, 200, (90, 120, 3), np.uint8)
    done, encoded = cv2.imencode(".jpg", cv2.resize(grey, (1200, 900)))
    assert done
    return encoded.tobytes()


def outcomes(inspection: Inspection) -> dict[str, Outcome]:
    return {finding.criterion: finding.outcome for finding in inspection.findings}


def test_a_clean_card_passes_every_criterion_and_hides_its_number(inspector: Inspector, photo: bytes) -> None:
    done = inspector.inspect(photo, "verification", as_of=date(2026, 11, 21))
    assert done.verdict is Outcome.PASS
    assert done.release == "test+0"
    assert done.as_of == date(2026, 11, 21)
    assert done.document_type == "kr_resident"
    values = {reading.name: reading.value for reading in done.fields}
    assert values["id_number"] == "711231-*******"
    assert "1234567" not in repr(done)
    assert outcomes(done)["document.expired"] is Outcome.NOT_APPLICABLE
    assert {"decode", "document", "quality", "fields", "text", "portrait", "fraud", "total"} <= set(done.timings_ms)


def test_capture_ends_at_a_certain_reject_and_says_what_was_not_computed(
    inspector: Inspector, fake: Fake, photo: bytes
) -> None:
    fake.severity["quality.blur"] = 0.95
    done = inspector.inspect(photo, Surface.CAPTURE)
    assert done.verdict is Outcome.REJECT
    assert outcomes(done)["quality.blur"] is Outcome.REJECT
    assert outcomes(done)["fraud.screen"] is Outcome.NOT_COMPUTED
    assert "fraud" not in fake.calls
    explained = inspector.inspect(photo, Surface.CAPTURE, explain="regions")
    assert outcomes(explained)["fraud.screen"] is Outcome.PASS
    assert explained.explanation["portrait"] == {"sharpness": 0.1}
    assert outcomes(explained)["portrait.missing"] is Outcome.PASS


def test_heat_maps_are_pictures_of_the_photos_shape(inspector: Inspector, photo: bytes) -> None:
    done = inspector.inspect(photo, explain="heatmaps")
    assert set(done.explanation["heatmaps"]) == {*CRITERIA, "fraud.screen"}
    kind, _, encoded = done.explanation["heatmaps"]["fraud.screen"].partition(",")
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_UNCHANGED)
    assert kind == "data:image/png;base64"
    assert picture.shape == (600, 800, 4)
    # The half of the document where the map is 1 stands out, the other half and the frame are clear.
    assert picture[300, 200, 3] > 150
    assert picture[300, 600, 3] == picture[30, 30, 3] == 0
    assert "heatmaps" not in inspector.inspect(photo, explain="regions").explanation


def test_verification_runs_everything_whatever_the_quality(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    fake.severity["quality.blur"] = 0.95
    done = inspector.inspect(photo)
    assert outcomes(done)["fraud.screen"] is Outcome.PASS
    assert outcomes(done)["quality.blur"] is Outcome.REJECT
    finding = next(f for f in done.findings if f.criterion == "quality.blur")
    assert finding.message["en"].startswith("The photo is blurred")
    assert finding.regions[0].label == "document"


def test_a_score_is_a_chance_before_it_meets_a_threshold(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    """A severity of 0.95 that is hardly ever right warns of nothing, and ends no capture."""
    fake.severity["quality.blur"] = 0.95
    chance = Chance(0.001, 1.0, 1.0, 0.0)
    table = replace(inspector.release.thresholds, chances=MappingProxyType({"quality.blur": chance}))
    mapped = replace(inspector, release=replace(inspector.release, thresholds=table))
    for surface in Surface:
        finding = next(f for f in mapped.inspect(photo, surface).findings if f.criterion == "quality.blur")
        assert (finding.outcome, finding.raw, finding.regions) == (Outcome.PASS, 0.95, ())
        assert finding.score == pytest.approx(chance(0.95), rel=1e-5)
        assert outcomes(mapped.inspect(photo, surface))["fraud.screen"] is Outcome.PASS
    shown = to_json(mapped.inspect(photo), Audience.OPERATOR)["findings"][0]
    assert {"raw", "rule"}.isdisjoint(shown)


def test_without_a_document_nothing_else_is_computed(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    fake.candidates = []
    done = inspector.inspect(photo)
    assert done.verdict is Outcome.REJECT
    assert done.document_quad is None
    states = outcomes(done)
    assert states.pop("quality.no_document") is Outcome.REJECT
    assert set(states.values()) == {Outcome.NOT_COMPUTED}


def test_another_card_is_unsupported_and_its_fields_are_not_judged(
    inspector: Inspector, fake: Fake, photo: bytes
) -> None:
    fake.candidates = [Candidate("unsupported", 0.95, QUAD, 0.97, 0.97)]
    done = inspector.inspect(photo)
    assert outcomes(done)["document.unsupported"] is Outcome.REJECT
    assert not [code for code in outcomes(done) if code.startswith("field.")]
    assert done.document_type == "unsupported"


def test_a_covered_field_and_a_missing_portrait_are_named(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    del fake.boxes["id_number"], fake.boxes["portrait"]
    done = inspector.inspect(photo, Surface.CAPTURE)
    states = outcomes(done)
    assert states["field.id_number.hidden"] is Outcome.REJECT
    assert states["portrait.missing"] is Outcome.REJECT
    assert states["portrait.low_quality"] is Outcome.NOT_APPLICABLE
    hidden = next(f for f in done.findings if f.criterion == "field.id_number.hidden")
    assert hidden.message["ko"].startswith("주민등록번호")


def test_an_expired_licence(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    fake.candidates = [Candidate("kr_driver", 0.98, QUAD, 0.01, 0.99)]
    fake.said |= {"expiry_date": "2015.01.01 ~ 2015.12.31"}
    fake.boxes["expiry_date"] = Box("expiry_date", 0.9, 0.1, 0.85, 0.5, 0.9)
    assert outcomes(inspector.inspect(photo, as_of=date(2015, 12, 31)))["document.expired"] is Outcome.PASS
    assert outcomes(inspector.inspect(photo, as_of=date(2016, 1, 1)))["document.expired"] is Outcome.REJECT


def test_two_names_that_change_places_are_not_hidden(inspector: Inspector, fake: Fake, photo: bytes) -> None:
    """Capture reads nothing: which of two lines is the surname stays open, but both names are there."""
    either = {"surname": 0.45, "given_names": 0.45}
    fake.lines = tuple(Line(Box("surname", 0.9, 0.4, top, 0.7, top + 0.06), either) for top in (0.2, 0.3))
    done = inspector.inspect(photo, "capture", document_type="td1")
    hidden = {finding.criterion: finding.score for finding in done.findings}
    assert hidden["field.surname.hidden"] == hidden["field.given_names.hidden"]
    assert 0 < (hidden["field.surname.hidden"] or 0) < 0.3
    assert (hidden["field.document_number.hidden"] or 0) > 0.95


def test_the_customers_word_for_the_type_is_taken(inspector: Inspector, photo: bytes) -> None:
    done = inspector.inspect(photo, document_type="td1")
    assert "field.surname.hidden" in outcomes(done)
    assert set(document_types()) == {"kr_driver", "kr_resident", "passport", "td1"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"surface": "backoffice"}, "request.surface"),
        ({"explain": "everything"}, "request.explain"),
        ({"document_type": "library_card"}, "request.document_type"),
    ],
)
def test_unknown_words_are_named(inspector: Inspector, photo: bytes, arguments: dict[str, str], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        inspector.inspect(photo, **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_bytes_are_looked_at_first(inspector: Inspector, fake: Fake) -> None:
    with pytest.raises(EmptyPhoto):
        inspector.inspect(b"")
    assert fake.calls == []
