from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import MappingProxyType

import numpy as np
import pytest

from idqc.documents import FieldSpec, document_types
from idqc.inspection import Image
from idqc.models.assignment import assign
from idqc.models.fields import Box, FieldBoxes, Line
from idqc.models.text import As, Reading
from idqc.models.text_lines import last_word
from idqc.mrz import Mrz
from idqc.naming import Clue, caption_boxes, doubtful, gains, is_caption
from idqc.transcript import Transcript

TD1, PASSPORT = document_types()["td1"], document_types()["passport"]
TODAY = date(2026, 11, 21)
NAMES = [name for name in TD1.fields if name != "portrait"]


def line(row: int, left: float = 0.3, likely: str = "", tall: float = 0.05) -> Line:
    """One of several lines under each other, all alike to the eye unless one is `likely`."""
    likeness = dict.fromkeys(NAMES, 0.1) | ({likely: 0.6} if likely else {})
    top = 0.1 + 0.1 * row
    return Line(Box("text", 0.8, left, top, left + 0.3, top + tall), MappingProxyType(likeness))


def name_of(texts: Sequence[str], captions: Sequence[Sequence[str]] = (), zone: Mrz | None = None) -> list[str | None]:
    lines = [line(row) for row in range(len(texts))]
    clues = [Clue(text, tuple(captions[row]) if captions else ()) for row, text in enumerate(texts)]
    return [NAMES[c] if c is not None else None for c in assign(gains(lines, clues, TD1, zone, NAMES, TODAY))]


def test_dates_are_told_apart_by_their_order_in_life() -> None:
    assert name_of(["12.03.2021", "05.06.1980", "11.03.2031"]) == ["issue_date", "birth_date", "expiry_date"]
    assert name_of(["05.06.1980", "11.03.2031"]) == ["birth_date", "expiry_date"]
    assert name_of(["11.03.2031"]) == ["expiry_date"]


def test_a_year_in_two_digits_is_of_the_century_that_a_document_allows() -> None:
    assert name_of(["16 JUL 43", "02 AUG 31"]) == ["birth_date", "expiry_date"]


def test_sexes_and_numbers_say_what_they_are() -> None:
    assert name_of(["F", "KX4471820", "Brekke"])[:2] == ["sex", "document_number"]
    assert "birth_date" not in name_of(["19501008-7243"])
    assert name_of(["", "."]) == [None, None]


def test_captions_name_what_looks_alike() -> None:
    captions = [["Lieu de naissance"], ["Autorité / Authority"], ["3. Nationalité"], ["Prénoms"], ["Nom"]]
    said = ["NIMES", "PREFECTURE", "Française", "Martine", "Blanc"]
    assert name_of(said, captions) == ["birth_place", "issuer", "nationality", "given_names", "surname"]


def test_a_printed_caption_is_no_value_and_names_its_neighbour() -> None:
    lines = [line(0, 0.02), line(0, 0.34), line(1, 0.34)]
    clues = [Clue("Place of birth"), Clue("OSLO"), Clue("POLITI")]
    given = assign(gains(lines, clues, TD1, None, NAMES, TODAY))
    assert given[0] in (None, NAMES.index("title"))  # a title has no value, and may read like a caption
    assert given[1] == NAMES.index("birth_place")
    assert is_caption("Geburtsort", TD1)
    assert not is_caption("Holzknecht", TD1)


def test_the_zone_names_what_it_repeats() -> None:
    zone = Mrz(
        "P", "NOR", "BREKKE", "NILS", "KX4471820", "NOR", "800605", "M", "310311", "19800605", (), ("", "")
    )  # fmt: skip
    said = ["NILS", "BREKKE", "19800605", "KX4471820", "05.06.1980", "11.03.2031"]
    expected = ["given_names", "surname", "personal_number", "document_number", "birth_date", "expiry_date"]
    assert name_of(said, zone=zone) == expected


def test_the_surname_is_read_before_the_given_names_when_nothing_else_tells() -> None:
    assert name_of(["HEGARTY", "KIRBY"]) == ["surname", "given_names"]


def test_doubtful_lines_come_first() -> None:
    table = np.array([[5.0, 4.5], [1.0, 9.0], [0.0, 0.0]])
    assert doubtful(table, [0, 1, None]) == [0]


def test_captions_are_looked_for_where_there_is_room() -> None:
    alone, _, neighbour = line(0, 0.5), line(1, 0.5), line(0, 0.02)
    beside, above = caption_boxes(alone, [alone], 1.5)
    assert beside.right < alone.box.left
    assert above.bottom == alone.box.top
    crowded = caption_boxes(line(0, 0.35), [neighbour, line(0, 0.35)], 1.5)
    assert len(crowded) == 1


@pytest.mark.parametrize("caption", [True, False])
def test_the_last_word_of_a_line(caption: bool) -> None:
    crop = np.full((40, 200, 3), 220, np.uint8)
    crop[12:28, 160:164] = 20
    crop[12:28, 168:172] = 20
    if caption:
        crop[12:28, 20:24] = 20
        crop[12:28, 30:34] = 20
    left, top, right, bottom = last_word(crop)
    assert abs(left - 160) <= 2
    assert abs(right - 172) <= 2
    assert (abs(top - 12) <= 2, abs(bottom - 28) <= 2) == (True, True)


class Engine:
    """Reads a grey level as the text that stands for it."""

    SAID = MappingProxyType({50: "05.06.1980", 100: "11.03.2031", 150: "Brekke", 200: "OSLO", 230: "Place of birth"})

    def __init__(self) -> None:
        self.looks = 0

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        raise AssertionError("no field of this document is named by its looks")

    def look(self, crop_bgr: Image) -> As:
        self.looks += 1
        grey = int(np.median(crop_bgr))
        text = self.SAID.get(grey, "")
        return lambda kind: Reading(text, 0.9, 0.8)


def test_a_document_is_read_and_named() -> None:
    document = np.full((540, 856, 3), 255, np.uint8)
    lines = tuple(line(row, 0.5, likely="issue_date" if row < 2 else "surname" if row == 2 else "") for row in range(4))
    for grey, each in zip((50, 100, 150, 200), lines, strict=True):
        box = each.box
        document[
            int(box.top * 540) - 6 : int(box.bottom * 540) + 6, int(box.left * 856) - 6 : int(box.right * 856) + 6
        ] = grey
    document[int(0.4 * 540) - 6 : int(0.45 * 540) + 6, 60:410] = 230
    by_looks = {"issue_date": Box("issue_date", 0.8, 0.5, 0.1, 0.8, 0.15)}
    engine = Engine()
    transcript = Transcript(engine, document, TD1, FieldBoxes(by_looks, (), lines), TODAY)
    for task in transcript.tasks():
        task()
    assert engine.looks == 4
    for task in transcript.doubts():
        task()
    boxes, texts = transcript.finish()
    assert {name: text.reading.text for name, text in texts.items()} == {
        "birth_date": "05.06.1980",
        "expiry_date": "11.03.2031",
        "surname": "Brekke",
        "birth_place": "OSLO",
    }
    assert set(boxes.fields) == set(texts)
    assert boxes.fields["expiry_date"].top == pytest.approx(0.2)
