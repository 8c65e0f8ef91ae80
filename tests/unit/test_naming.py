from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import numpy as np
import pytest

from idqc.captions import ABOVE, BELOW, BESIDE, is_caption, likeness, looks_like_caption, places, split_caption
from idqc.documents import FieldSpec, document_types
from idqc.inspection import Image
from idqc.models.assignment import assign
from idqc.models.fields import Box, FieldBoxes, Line
from idqc.models.text import As, Reading
from idqc.models.text_lines import last_words
from idqc.mrz import Mrz
from idqc.naming import Clue, doubtful, gains, own_caption, trust
from idqc.transcript import ROUNDS, Transcript

TD1, PASSPORT = document_types()["td1"], document_types()["passport"]
TODAY = date(2026, 11, 21)
NAMES = [name for name in TD1.fields if name != "portrait"]


def line(row: int, left: float = 0.3, likely: str = "", tall: float = 0.05) -> Line:
    """One of several lines under each other, all alike to the eye unless one is `likely`."""
    likeness = dict.fromkeys(NAMES, 0.1) | ({likely: 0.6} if likely else {})
    top = 0.1 + 0.1 * row
    return Line(Box("text", 0.8, left, top, left + 0.3, top + tall), MappingProxyType(likeness))


def name_of(
    texts: Sequence[str], captions: Sequence[str] = (), zone: Mrz | None = None, way: str = ABOVE
) -> list[str | None]:
    lines = [line(row, tall=0.04 if way == ABOVE else 0.06) for row in range(len(texts))]
    said = [{way: (captions[row],)} if captions and captions[row] else {} for row in range(len(texts))]
    clues = [Clue(text, captions=said[row]) for row, text in enumerate(texts)]
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
    captions = ["Lieu de naissance", "Autorité / Authority", "3. Nationalité", "Prénoms", "Nom"]
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


def test_a_name_in_doubt_makes_a_box_unsure() -> None:
    lines = [line(row) for row in range(2)]
    names = ["surname", "given_names"]
    clear, doubt = (trust(np.array(table), lines) for table in ([[8.0, -8.0], [-8.0, 8.0]], [[3.0, 3.0], [3.0, 3.0]]))
    assert clear[0, 0] > 0.85
    assert doubt[0, 0] < 0.5
    faint = trust(np.array([[8.0, -8.0]]), [Line(replace(lines[0].box, confidence=0.3), dict.fromkeys(names, 0.1))])
    assert faint[0, 0] < clear[0, 0]


def test_captions_are_looked_for_where_there_is_room() -> None:
    alone, _, neighbour = line(0, 0.5), line(1, 0.5), line(0, 0.02)
    found = places(alone, [alone], 1.5)
    assert found[BESIDE].right < alone.box.left
    assert found[ABOVE].top < alone.box.top < found[ABOVE].bottom < alone.box.bottom < found[BELOW].bottom
    assert BESIDE not in places(line(0, 0.35), [neighbour, line(0, 0.35)], 1.5)


def test_captions_in_numbers() -> None:
    assert name_of(["NIMES", "PREFECTURA", "Blanc", "Martine"], ["3a.", "4c. ~", "1.", "2.11"]) == [
        "birth_place", "issuer", "surname", "given_names",
    ]  # fmt: skip
    captions = TD1.fields["expiry_date"].captions
    assert likeness("(4b-", captions) == 100
    assert max(likeness(dirt, captions) for dirt in ("4bl/11", "411", "IIII", "9. Sex")) < 70


def test_captions_that_are_misread_or_cut_off() -> None:
    assert likeness("Plaoe of bir", TD1.fields["birth_place"].captions) > 85
    assert likeness("e of birth", TD1.fields["birth_place"].captions) > 85
    assert likeness("Ntionaity", TD1.fields["nationality"].captions) > 85
    assert not is_caption("HO", TD1)  # a surname too


def test_captions_below_their_values() -> None:
    # Read above each line, they are those of the line before.
    said = ["Martine", "Blanc", "NIMES", "F"]
    assert name_of(said, ["", "Prénoms", "Nom", "Lieu de naissance"], way=ABOVE) == [
        "given_names", "surname", "birth_place", "sex",
    ]  # fmt: skip
    assert name_of(said, ["Prénoms", "Nom", "Lieu de naissance", "Sexe"], way=BELOW)[:3] == [
        "given_names", "surname", "birth_place",
    ]  # fmt: skip


def test_a_line_that_begins_with_its_caption() -> None:
    assert split_caption("Sexo / Sex F", TD1) == ("Sexo / Sex", "F")
    assert split_caption("Authority UKPA", TD1) == ("Authority", "UKPA")
    assert split_caption("Jméno v Given names", TD1) == ("", "Jméno v Given names")
    assert split_caption("NATIONAL IDENTITY CARD", TD1) == ("", "NATIONAL IDENTITY CARD")


def test_nationalities_offices_and_titles_are_known_by_their_words() -> None:
    assert name_of(["MINISTRY OF INTERIOR", "PORTUGUESA"]) == ["issuer", "nationality"]
    assert name_of(["DNK", "Brekke"])[0] == "nationality"
    assert name_of(["CARTE NATIONALE D'IDENTITÉ", "Blanc"])[0] == "title"
    assert name_of(["UNITED STATES OF AMERICA", "DEPARTMENT OF STATE"]) == ["nationality", "issuer"]
    assert name_of(["POLSKIE/POLISH", "POLISEN OSLO"]) == ["nationality", "issuer"]
    assert name_of(["New York, U.S.A."]) == ["birth_place"]


def test_names_that_look_like_captions_are_names() -> None:
    assert not is_caption("NAOMI", TD1)
    assert not is_caption("PASSPORT OFFICE", TD1)
    for name in ("Naomi Lee", "Ime Okafor", "HO CHI", "Ten Hag", "Adi LEE"):
        assert split_caption(name, TD1) == ("", name)
    assert split_caption("Sex F", TD1) == ("Sex", "F")
    zone = Mrz("P", "BRA", "NASCIMENTO CAVALCANTE", "LEVI", "", "BRA", "", "M", "", "", (), ("", ""))
    assert own_caption("Nascimento Cavalcante", TD1, zone) == ("", "Nascimento Cavalcante")
    assert own_caption("Sexo / Sex M", TD1, zone) == ("Sexo / Sex", "M")


def test_a_misread_caption_is_no_value() -> None:
    assert looks_like_caption("sance / Datø ofbiruh", TD1) > 0.5
    assert looks_like_caption("FREDERIKSEN", TD1) == 0.0
    lines = [line(0, 0.3, likely="birth_place"), line(1, 0.3)]
    clues = [Clue("sance / Datø ofbiruh"), Clue("BERN BE")]
    given = assign(gains(lines, clues, TD1, None, NAMES, TODAY))
    assert given[0] in (None, NAMES.index("title"))
    assert given[1] is not None


def test_the_letters_of_names_tell_them_apart_where_nothing_else_does() -> None:
    assert name_of(["Laura Kristiina", "Frederiksen"]) == ["given_names", "surname"]
    assert name_of(["Frederiksen", "Laura Kristiina"]) == ["surname", "given_names"]


def test_an_unsure_reading_counts_little() -> None:
    lines = [line(0, likely="surname"), line(1, likely="document_number")]
    unsure = [Clue("K4 71", 0.2), Clue("Brek", 0.2)]
    sure = [Clue("KX4471820", 1.0), Clue("Brekke", 1.0)]
    given = [assign(gains(lines, clues, TD1, None, NAMES, TODAY)) for clues in (unsure, sure)]
    assert given[0] == [NAMES.index("surname"), NAMES.index("document_number")]
    assert given[1][0] == NAMES.index("document_number")


def test_the_code_beside_the_number_is_the_issuing_state() -> None:
    at_top = [Line(Box("text", 0.8, left, 0.12, left + 0.1, 0.16), line(0).likeness) for left in (0.5, 0.7)]
    lines = [*at_top, line(3)]
    clues = [Clue("GBR"), Clue("FO680619"), Clue("GBR")]
    assert assign(gains(lines, clues, TD1, None, NAMES, TODAY))[2] == NAMES.index("nationality")


@pytest.mark.parametrize("caption", [True, False])
def test_the_last_word_of_a_line(caption: bool) -> None:
    crop = np.full((40, 200, 3), 220, np.uint8)
    crop[12:28, 160:164] = 20
    crop[12:28, 168:172] = 20
    if caption:
        crop[12:28, 20:24] = 20
        crop[12:28, 30:34] = 20
    left, top, right, bottom = last_words(crop)
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


@pytest.mark.parametrize(("stroke_px", "cut"), [(12, True), (3, False)])
def test_a_sex_is_cut_to_its_letter_and_not_to_a_stroke_of_it(stroke_px: int, cut: bool) -> None:
    class Says(Engine):
        SAID = MappingProxyType({220: "F"})

    document = np.full((540, 856, 3), 220, np.uint8)
    document[60:78, 300 : 300 + stroke_px] = 20
    row = Line(Box("text", 0.9, 270 / 856, 56 / 540, 316 / 856, 82 / 540), MappingProxyType({"sex": 0.9}))
    transcript = Transcript(Says(), document, TD1, FieldBoxes({}, (), (row,)), TODAY)
    for task in transcript.tasks():
        task()
    box = transcript.finish()[0].fields["sex"]
    assert (box.left > 290 / 856) == cut


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
    for _ in range(ROUNDS):
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
    assert 0.7 < boxes.fields["expiry_date"].confidence < 0.9
    assert boxes.visibility("expiry_date") > 0.7
    assert boxes.visibility("sex") < 0.1
