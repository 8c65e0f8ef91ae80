"""From crops to checked and masked readings."""

from __future__ import annotations

from datetime import date

import numpy as np

from idqc.documents import FieldSpec, document_types
from idqc.formats import check_format
from idqc.inspection import Image
from idqc.models.fields import Box, FieldBoxes
from idqc.models.text import Reading
from idqc.mrz import check_digit
from idqc.readings import FieldText, contradictions, expiry_date, field_readings, read_field, readable

PASSPORT = document_types()["passport"]
RESIDENT = document_types()["kr_resident"]
LEAST = 0.98
"""How sure the least sure character of every reading is."""


class Says:
    """A text engine that says what it is told, and remembers the crops."""

    def __init__(self, said: dict[str, str]) -> None:
        self.said, self.crops = said, dict[str, Image]()

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        self.crops[spec.name] = crop_bgr
        return Reading(self.said.get(spec.name, ""), 0.95, 0.9)


def read(kind_name: str, said: dict[str, str]) -> dict[str, FieldText]:
    specs = document_types()[kind_name].fields
    return {
        name: FieldText(Reading(value, 0.99, LEAST), check_format(specs[name].format or "text", value))
        for name, value in said.items()
    }


def mrz(number: str, birth: str, expiry: str) -> str:
    optional = "<" * 14
    body = f"{number}{check_digit(number)}KOR{birth}{check_digit(birth)}M{expiry}{check_digit(expiry)}{optional}<"
    second = body + check_digit(body[:10] + body[13:20] + body[21:43])
    return "P<KORHONG<<GILDONG".ljust(44, "<") + "\n" + second


def test_only_found_fields_with_text_are_read_the_longest_first() -> None:
    box = Box("x", 0.9, 0.1, 0.1, 0.3, 0.2)
    wide = Box("address", 0.9, 0.1, 0.4, 0.9, 0.5)
    names = [spec.name for spec in readable(RESIDENT, FieldBoxes({"portrait": box, "name": box, "address": wide}, ()))]
    assert names == ["address", "name"]


def test_a_crop_has_a_margin_and_stays_inside_the_document() -> None:
    engine = Says({"name": "홍길동"})
    document = np.zeros((600, 1000, 3), np.uint8)
    done = read_field(engine, document, Box("name", 0.9, 0.0, 0.1, 0.2, 0.2), RESIDENT.fields["name"])
    assert engine.crops["name"].shape == (78, 209, 3)
    assert done.checked.ok
    assert done.checked.value == "홍길동"


def test_a_machine_readable_zone_is_read_over_the_whole_width() -> None:
    engine = Says({"mrz": mrz("M12345678", "900101", "300101")})
    document = np.zeros((700, 1000, 3), np.uint8)
    done = read_field(engine, document, Box("mrz", 0.9, 0.2, 0.8, 0.7, 0.9), PASSPORT.fields["mrz"])
    assert engine.crops["mrz"].shape[1] == 1000
    assert done.checked.ok


def test_resident_numbers_are_masked_unless_asked_for() -> None:
    texts = read("kr_resident", {"id_number": "711231-1234567", "name": "홍길동"})
    boxes = FieldBoxes({name: Box(name, 0.9, 0, 0, 1, 1) for name in texts}, ())
    shown = field_readings(RESIDENT, texts, boxes, {}, masked=True)
    assert shown["id_number"].value == "711231-*******"
    assert shown["name"].value == "홍길동"
    assert shown["address"].value is None
    assert not shown["address"].visible
    assert (shown["portrait"].value, shown["portrait"].quad) == (None, None)
    assert field_readings(RESIDENT, texts, boxes, {}, masked=False)["id_number"].value == "711231-1234567"


def test_a_document_number_that_may_be_a_personal_number_is_masked() -> None:
    td1 = document_types()["td1"]
    boxes = FieldBoxes({}, ())
    long, mixed, short = (
        field_readings(td1, read("td1", {"document_number": number}), boxes, {}, masked=True)["document_number"].value
        for number in ("80032004065", "J11120296E", "JL9357122")
    )
    assert long is not None
    assert mixed is not None
    assert "80032004065" not in long
    assert "J11120296E" not in mixed
    assert "*" in long
    assert "*" in mixed
    assert short == "JL9357122"
    licence = field_readings(
        document_types()["kr_driver"], read("kr_driver", {"document_number": "11-24-464188-23"}), boxes, {}, masked=True
    )
    assert licence["document_number"].value == "11-24-464188-23"


def test_the_zone_decides_the_expiry_where_its_check_digit_is_right() -> None:
    zone = mrz("M12345678", "800101", "300505")
    assert expiry_date(read("passport", {"mrz": zone, "expiry_date": "2031.01.01"})) == (date(2030, 5, 5), 1.0)
    broken = zone[:-17].replace("300505", "310505") + zone[-17:]
    assert expiry_date(read("passport", {"mrz": broken, "expiry_date": "05 MAY 2030"})) == (date(2030, 5, 5), LEAST)
    assert expiry_date({}) is None


def test_the_last_day_of_a_period_counts() -> None:
    assert expiry_date(read("kr_driver", {"expiry_date": "2026.01.01 ~ 2026.12.31"})) == (date(2026, 12, 31), LEAST)


def test_a_rewritten_birth_date_contradicts_the_zone() -> None:
    zone = mrz("M12345678", "800101", "300505")
    same = contradictions(read("passport", {"mrz": zone, "birth_date": "01 JAN 1980", "document_number": "M12345678"}))
    other = contradictions(read("passport", {"mrz": zone, "birth_date": "09 AUG 1992"}))
    assert same is not None
    assert same.score == 0.0
    assert other is not None
    assert other.score is not None
    assert other.score > 0.5
    assert other.fields == ("birth_date",)
    assert contradictions({}) is None
