"""From what the models say to evidence for each criterion."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from idqc.consistency import Consistency
from idqc.documents import document_types
from idqc.evidence import (
    NOT_APPLICABLE,
    NOT_COMPUTED,
    Evidence,
    of_expiry,
    of_fraud,
    of_glare,
    of_quad,
    of_readings,
    of_redacted,
    of_visibility,
    with_contradictions,
    worst_component,
)
from idqc.formats import FormatResult
from idqc.models.fields import Box, FieldBoxes
from idqc.models.fraud import FraudReading
from idqc.models.quality import QualityReading
from idqc.models.text import Reading
from idqc.photo.geometry import rectangle
from idqc.readings import FieldText

RESIDENT = document_types()["kr_resident"]
DOCUMENT = ((0.0, 0.0), (856.0, 0.0), (856.0, 540.0), (0.0, 540.0))
PLACE = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0))


def text(value: str, confidence: float, ok: bool = True) -> FieldText:
    return FieldText(Reading(value, confidence, confidence), FormatResult(ok, value, None if ok else "broken"))


def test_a_whole_sharp_upright_card_has_nothing_against_it() -> None:
    quad = rectangle(856, 540) + np.float32([200, 200])
    scores = {code: evidence.score for code, evidence in of_quad(quad, RESIDENT.size_mm, 1256, 940).items()}
    assert scores["quality.cut_off"] == 0.0
    assert scores["quality.low_resolution"] == 0.0
    assert scores["quality.tilt"] == 0.0


def test_a_field_that_is_gone_points_at_what_lies_on_the_document() -> None:
    boxes = FieldBoxes({"name": Box("name", 0.9, 0.1, 0.1, 0.3, 0.2)}, ())
    found = of_visibility(RESIDENT, boxes, {"name": PLACE}, (PLACE,), DOCUMENT)
    assert found["field.name.hidden"].score == pytest.approx(0.1)
    assert found["field.id_number.hidden"].score == 1.0
    assert [region.label for region in found["field.id_number.hidden"].regions] == ["id_number", "obstacle"]
    assert "field.portrait.hidden" not in found
    assert "field.title.hidden" not in found


def test_a_field_that_is_one_of_two_lines_is_there() -> None:
    boxes = FieldBoxes({"name": Box("name", 0.5, 0.1, 0.1, 0.3, 0.2)}, (), visible={"name": 0.95, "id_number": 0.3})
    found = of_visibility(RESIDENT, boxes, {"name": PLACE}, (), DOCUMENT)
    assert found["field.name.hidden"].score == pytest.approx(0.05)
    assert found["field.id_number.hidden"].score == pytest.approx(0.7)


def test_a_confident_reading_of_a_broken_format_is_at_least_half_unreadable() -> None:
    texts = {"name": text("홍길동", 0.98), "id_number": text("7112", 0.98, ok=False)}
    found = of_readings(RESIDENT, texts, {"name": PLACE, "id_number": PLACE})
    assert found["field.name.unreadable"].score == pytest.approx(0.02)
    assert found["field.id_number.unreadable"].score == pytest.approx(0.51)
    assert found["field.address.unreadable"] is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("expiry", "score"), [(date(2026, 11, 20), 1.0), (date(2026, 11, 21), 0.0), (date(2030, 1, 1), 0.0)]
)
def test_a_document_is_valid_through_its_last_day(expiry: date, score: float) -> None:
    assert of_expiry(document_types()["td1"], (expiry, 1.0), PLACE, date(2026, 11, 21)).score == score


def test_a_doubtful_date_is_a_doubtful_expiry() -> None:
    doubtful = of_expiry(document_types()["td1"], (date(2020, 1, 1), 0.6), PLACE, date(2026, 11, 21))
    assert doubtful.score == 0.6


def test_expiry_unread_is_not_computed_and_without_expiry_not_applicable() -> None:
    assert of_expiry(document_types()["td1"], None, None, date(2026, 11, 21)) is NOT_COMPUTED
    assert of_expiry(RESIDENT, None, None, date(2026, 11, 21)) is NOT_APPLICABLE


def test_glare_names_the_field_that_it_hides_most_of() -> None:
    spot = np.float32([[0.1, 0.1], [0.4, 0.1], [0.4, 0.3], [0.1, 0.3]])
    quality = QualityReading({"quality.glare": 0.8}, np.zeros((4, 14, 14), np.float32), (spot,))
    boxes = FieldBoxes(
        {"name": Box("name", 0.9, 0.15, 0.15, 0.3, 0.2), "address": Box("address", 0.9, 0.3, 0.25, 0.9, 0.5)}, ()
    )
    evidence = of_glare(quality, rectangle(1000, 600), boxes)
    assert evidence.regions[0].label == "name"
    assert evidence.regions[0].quad[0] == (100.0, 60.0)
    without = QualityReading({"quality.glare": 0.1}, quality.maps, ())
    assert of_glare(without, rectangle(1000, 600), boxes).regions[0].label == "document"


def test_an_edit_points_at_its_field_and_a_copy_at_the_document() -> None:
    reading = FraudReading({"screen": 0.2, "portrait_tamper": 0.6, "text_tamper": 0.7}, {"name": 0.7, "sex": 0.1}, {})
    found = of_fraud(reading, {"name": PLACE, "sex": PLACE, "portrait": PLACE}, DOCUMENT)
    assert found["fraud.screen"].regions[0].label == "document"
    assert found["fraud.portrait_tamper"].regions[0].label == "portrait"
    assert found["fraud.text_tamper"].regions[0].label == "name"


def test_the_surer_of_pixels_and_contradictions_counts() -> None:
    zone = Consistency(0.8, {"birth_date": 0.8})
    assert with_contradictions(Evidence(0.9), zone, {}).judged(None).score == 0.9
    merged = with_contradictions(Evidence(0.1), zone, {"birth_date": PLACE}).judged(None)
    assert merged.score == 0.8
    assert merged.regions[0].defect == "contradicts_mrz"
    assert with_contradictions(NOT_COMPUTED, Consistency(None, {}), {}).score is None


def test_the_worst_component_is_named() -> None:
    assert worst_component({"sharpness": 0.2, "eyes_visible": 0.9}) == "eyes_visible"
    assert worst_component({}) == "low_quality"


def test_what_was_painted_over_is_not_held_against_the_photo() -> None:
    name = ((100.0, 100.0), (300.0, 100.0), (300.0, 140.0), (100.0, 140.0))
    issuer = ((100.0, 400.0), (300.0, 400.0), (300.0, 440.0), (100.0, 440.0))
    judged = {f"field.{field}.hidden": Evidence(0.9) for field in ("name", "id_number", "issuer", "address")}
    judged["quality.blur"] = Evidence(0.9)
    paint = ((200.0, 90.0), (320.0, 90.0), (320.0, 150.0), (200.0, 150.0))
    left = {**judged, **of_redacted(judged, RESIDENT, [paint], {"name": name, "issuer": issuer})}
    # Half of the name lies under the paint, the address may: the issuer is bare, and blur is judged as ever.
    not_computed = {code for code, evidence in left.items() if evidence is NOT_COMPUTED}
    assert not_computed == {"field.name.hidden", "field.id_number.hidden", "field.address.hidden"}
