"""Places that are painted over: the number where it was read, generous areas in doubt, all without a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import cv2
import numpy as np
import pytest

from idqc.inspection import FieldReading, Finding, Inspection, Outcome, Points, Quad, Surface, Thresholds
from idqc.redaction import redactions

CARD: Quad = ((0, 0), (856, 0), (856, 540), (0, 540))
NUMBER: Quad = ((100, 200), (380, 200), (380, 230), (100, 230))
ZONE: Quad = ((40, 440), (820, 440), (820, 520), (40, 520))


def inspection(document_type: str | None, *readings: FieldReading, quad: Quad | None = CARD) -> Inspection:
    return Inspection(
        inspection_id="1", surface=Surface.VERIFICATION, verdict=Outcome.PASS, release="r", policy="default",
        image_width_px=900, image_height_px=600, as_of=date(2026, 11, 21), document_type=document_type,
        document_confidence=0.9, document_quad=quad, findings=(), fields=readings, timings_ms={},
    )  # fmt: skip


def covered(quads: list[Points] | None, x: float, y: float) -> bool:
    assert quads is not None
    return any(cv2.pointPolygonTest(np.float32(quad), (x, y), False) >= 0 for quad in quads)


def number(value: str | None) -> FieldReading:
    return FieldReading("id_number", value, 0.9, 0.8, True, NUMBER)


def test_a_number_that_was_read_is_covered_where_it_stands_and_nothing_else() -> None:
    quads = redactions(inspection("kr_resident", number("711231-*******")))
    assert all(covered(quads, x, 215) for x in (245, 300, 378))
    assert not covered(quads, 120, 215)
    assert not covered(quads, 600, 300)


@pytest.mark.parametrize("value", [None, "7112**-******", "*************"])
def test_a_number_that_was_not_surely_read_covers_the_generous_area(value: str | None) -> None:
    quads = redactions(inspection("kr_resident", number(value)))
    assert covered(quads, 120, 215)
    assert covered(quads, 600, 300)


def test_a_number_that_was_not_found_covers_the_generous_area() -> None:
    assert covered(redactions(inspection("kr_driver")), 400, 200)


def zone(value: str) -> FieldReading:
    return FieldReading("mrz", value, 0.9, 0.9, True, ZONE)


FIRST = "P<KORHONG<<GILDONG".ljust(44, "<") + "\n"


def test_a_passport_whose_zone_has_no_optional_data_shows_its_fields() -> None:
    quads = redactions(inspection("passport", zone(FIRST + "M12345678KOR7112319M3112319".ljust(44, "<"))))
    assert covered(quads, 700, 500)
    assert not covered(quads, 100, 500)
    assert not covered(quads, 400, 300)


def test_a_passport_with_a_personal_number_that_was_not_found_covers_the_generous_area() -> None:
    numbered = zone(FIRST + "M12345678KOR7112319M3112319*******".ljust(44, "<"))
    quads = redactions(inspection("passport", numbered))
    assert covered(quads, 700, 500)
    assert not covered(quads, 100, 500)
    assert covered(quads, 400, 300)
    found = FieldReading("personal_number", "*******", 0.9, 0.9, True, NUMBER)
    assert not covered(redactions(inspection("passport", numbered, found)), 400, 300)


def test_a_type_that_nothing_read_vouches_for_is_covered_wherever_any_type_has_a_number() -> None:
    quads = redactions(inspection("td1"))
    assert all(covered(quads, x, y) for x, y in ((60, 120), (800, 120), (400, 250), (400, 400), (820, 510)))
    assert not covered(quads, 400, 60)


def test_a_number_on_a_type_that_has_none_is_covered_whatever_else_was_found() -> None:
    own = FieldReading("personal_number", "*****", 0.9, 0.9, True, ZONE)
    seen = replace(inspection("td1", own), stray_quads=(NUMBER,))
    assert covered(redactions(seen), 120, 215)
    assert not covered(redactions(inspection("td1", own)), 120, 215)


@pytest.mark.parametrize("value", ["", "P<KORHONG", "P<KORHONG\nM1234"])
def test_a_zone_that_was_not_read_whole_covers_the_generous_area(value: str) -> None:
    quads = redactions(inspection("passport", zone(value)))
    assert covered(quads, 400, 350)
    assert covered(quads, 840, 530)


@pytest.mark.parametrize("document_type", [None, "unsupported"])
def test_without_a_known_document_the_whole_picture_is_hidden(document_type: str | None) -> None:
    assert redactions(inspection(document_type)) is None
    assert redactions(inspection("kr_resident", quad=None)) is None


@pytest.mark.parametrize(("outcome", "kept"), [(Outcome.WARN, False), (Outcome.PASS, True)])
def test_a_document_that_may_lie_elsewhere_hides_the_whole_picture(outcome: Outcome, kept: bool) -> None:
    doubt = (Finding("quality.no_document", 0.5, outcome, Thresholds(0.9, 0.4)),)
    unread = replace(inspection("td1"), findings=doubt)
    assert (redactions(unread) is not None) == kept
    assert redactions(replace(inspection("kr_resident", number("711231-*******")), findings=doubt)) is not None


def test_a_document_number_that_no_zone_tells_from_a_personal_one_is_covered_too() -> None:
    own = FieldReading("personal_number", "*****", 0.9, 0.9, True, ZONE)
    other = FieldReading("document_number", "JL9357122", 0.9, 0.9, True, NUMBER)
    assert covered(redactions(inspection("td1", own, other)), 120, 215)
    sure = zone(FIRST + "M12345678KOR7112319M3112319".ljust(44, "<"))
    assert not covered(redactions(inspection("passport", sure, other)), 120, 215)
