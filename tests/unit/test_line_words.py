"""What lines say by their words alone: towns, offices, captions and the ends of captions."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from idqc.captions import is_caption, likeness, split_caption, without_end_of_caption
from idqc.documents import document_types
from idqc.formats import check_format
from idqc.inspection import Image
from idqc.models.fields import Box, FieldBoxes, Line
from idqc.models.text import As, Reading
from idqc.transcript import Transcript
from idqc.vocabulary import says
from tests.unit.test_naming import TD1, TODAY, Engine, name_of


@pytest.mark.parametrize("town", ["CHENNAI, TAMIL NADU", "CURITIBA/PR", "SÃO LUÍS/MA", "FORLÌ (FC)", "URBINO (PU)"])
@pytest.mark.parametrize("before", [True, False])
def test_a_town_in_its_state_is_a_place_of_birth(town: str, before: bool) -> None:
    two = [town, "LUTON"] if before else ["LUTON", town]
    given = name_of(["KX4471820", "Frederiksen", "Laura Kristiina", *two])[3:]
    assert given == (["birth_place", "issuer"] if before else ["issuer", "birth_place"])


@pytest.mark.parametrize(
    "office", ["SPCEP S.2", "BH GRAZ", "DGP-28550D6D1", "UE ŽALEC", "POLIISI", "Burg. van Utrecht"]
)
def test_offices_are_known_however_short(office: str) -> None:
    assert name_of(["KX4471820", "Frederiksen", "Laura Kristiina", office, "Rotterdam"])[3:] == [
        "issuer",
        "birth_place",
    ]


@pytest.mark.parametrize(
    ("surname", "given"),
    [("MA", "XIAOMING"), ("WÓJTOWICZ", "AGNIESZKA"), ("van der Burg", "Anneke"), ("LIN", "YU-TING")],
)
def test_people_are_not_called_like_offices(surname: str, given: str) -> None:
    assert not {"issuer", "nationality"} & set(name_of([surname, given, "PREZYDENT MIASTA KRAKOWA"])[:2])


def test_a_state_is_no_number_and_no_name() -> None:
    assert name_of(["UNITED STATES OF AMERICA"], captions=["Document No"]) != ["document_number"]
    given = name_of(["LATVIJAS REPUBLIKA", "Frederiksen", "Laura Kristiina"])
    assert given[1:] == ["surname", "given_names"]


def test_a_misread_letter_leaves_the_first_one() -> None:
    assert says("FRANCAIZE / REPUBLIQUE", "nationality")
    assert not says("Jakarta", "nationality")  # Sakartvelo is Georgia


def test_captions_of_what_is_no_field_may_be_misread() -> None:
    assert is_caption("Holder's stgnature", TD1)
    assert not is_caption("HOLGERSSON", TD1)


def test_two_letters_in_common_with_a_short_caption_are_chance() -> None:
    captions = document_types()["td1"].fields["issuer"].captions
    assert likeness("IO", captions) == likeness("EGB", captions) == 0.0
    assert likeness("4c.", captions) == 100.0


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("surname", "e GALLEGO BENET", "GALLEGO BENET"),
        ("nationality", "Iity REPUBLIC OF KOREA", "REPUBLIC OF KOREA"),
        ("issuer", "Iy MINISTRY OF INTERIOR", "MINISTRY OF INTERIOR"),
        ("surname", "de GALLEGO BENET", "de GALLEGO BENET"),
        ("surname", "van der BERG", "van der BERG"),
        ("surname", "lo PRESTI", "lo PRESTI"),
        ("given_names", "Ana MARIA", "Ana MARIA"),
        ("birth_place", "São PAULO", "São PAULO"),
        ("surname", "e Gallego", "e Gallego"),
        ("issuer", "MA 35 WIEN", "MA 35 WIEN"),
    ],
)
def test_the_end_of_a_caption_before_capitals_is_left_out(field: str, text: str, value: str) -> None:
    assert without_end_of_caption(text, TD1.fields[field].captions) == value


class Says(Engine):
    """Reads any line as the same text; names know no strokes."""

    def __init__(self, says: str) -> None:
        super().__init__()
        self._says = says

    def look(self, crop_bgr: Image) -> As:
        del crop_bgr
        return lambda kind: Reading(self._says.replace("/", "/" if kind == "text" else ""), 0.9, 0.8)


def _surname(engine: Engine, name: str = "surname") -> str:
    document = np.full((540, 856, 3), 220, np.uint8)
    row = Line(Box("text", 0.9, 0.3, 0.3, 0.7, 0.35), MappingProxyType({name: 0.9}))
    transcript = Transcript(engine, document, TD1, FieldBoxes({}, (), (row,)), TODAY)
    for task in transcript.tasks():
        task()
    return transcript.finish()[1][name].reading.text


@pytest.mark.parametrize(
    ("says", "value"),
    [
        ("Efternamn/Surname Toft", "Toft"),
        ("Efternamn/Surname DA SILVA MELO", "DA SILVA MELO"),
        ("Efternamn / Surname DA SILVA", "DA SILVA"),
        ("Surname TOFT HANSEN", "TOFT HANSEN"),
        ("e GALLEGO BENET", "GALLEGO BENET"),
    ],
)
def test_captions_that_were_read_with_their_value_are_left_out(says: str, value: str) -> None:
    assert _surname(Says(says)) == value


def test_a_surname_may_be_a_caption_elsewhere() -> None:
    assert _surname(Says("NASCIMENTO MELO")) == "NASCIMENTO MELO"


def test_odd_lines_take_no_time() -> None:
    assert not check_format("latin_name", "A" + "." * 4000 + "1").ok
    assert split_caption("name " * 2000 + "Toft", TD1)[1].endswith("Toft")
    assert split_caption("a b " * 400, TD1) == ("", "a b " * 400)
