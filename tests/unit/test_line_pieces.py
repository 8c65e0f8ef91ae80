from __future__ import annotations

import pytest

from idqc.documents import document_types
from idqc.line_pieces import Read, pieces
from idqc.models.fields import Box

TD1 = document_types()["td1"]
RATIO = 1.585


def read(text: str, left: float, right: float, top: float = 0.5, box: float = 0.7, sure: float = 1.0) -> Read:
    return Read(Box("text", box, left, top, right, top + 0.04), text, sure)


def test_a_caption_with_the_beginning_of_its_value_gives_way_to_the_value() -> None:
    found = pieces([read("Autoridade/Authority IR", 0.3, 0.55), read("IRN", 0.52, 0.57)], TD1, RATIO)
    assert (found.dropped, found.captions) == ({0}, {1: ["Autoridade/Authority"]})
    assert not found.ragged


def test_a_value_that_begins_with_the_end_of_its_caption_is_ragged() -> None:
    found = pieces([read("Pohlavi / Sex F", 0.3, 0.5), read("x F", 0.46, 0.5)], TD1, RATIO)
    assert (found.dropped, found.ragged) == ({0}, {1})


def test_the_first_word_of_a_value_is_no_end_of_a_caption() -> None:
    found = pieces([read("NameLEE", 0.3, 0.42), read("LEE MIN HO", 0.38, 0.5)], TD1, RATIO)
    assert (found.dropped, found.ragged) == ({0}, set())


def test_of_three_pieces_the_caption_stays_with_the_last() -> None:
    three = [read("Surname MARIA", 0.3, 0.5), read("MARIA TERESA", 0.42, 0.6), read("TERESA LOPEZ", 0.51, 0.7)]
    found = pieces(three, TD1, RATIO)
    assert (found.dropped, found.captions) == ({0, 1}, {2: ["Surname"]})
    assert (found.joined[2].left, found.joined[2].right) == (0.42, 0.7)


def test_two_halves_of_a_line_are_one() -> None:
    found = pieces([read("DEPT OF FOR", 0.05, 0.25), read("OF FOREIGN AFFAIRS", 0.13, 0.5)], TD1, RATIO)
    assert found.dropped == {0}
    joined = found.joined[1]
    assert (joined.left, joined.right) == (0.05, 0.5)


def test_the_end_of_a_line_is_no_line_of_its_own() -> None:
    found = pieces([read("New York, U.S.A.", 0.3, 0.55), read("U.S.A.", 0.47, 0.55)], TD1, RATIO)
    assert (found.dropped, found.joined) == ({1}, {})


def test_of_two_boxes_around_the_same_the_surer_stays() -> None:
    found = pieces([read("Levi", 0.3, 0.36, box=0.3), read("Levi", 0.305, 0.36, box=0.6)], TD1, RATIO)
    assert found.dropped == {0}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (read("05.11.2020", 0.3, 0.45), read("04.11.2030", 0.46, 0.61)),  # they share digits, side by side
        (read("22.09.2005 F", 0.3, 0.48), read("F", 0.46, 0.48)),  # a sex beside a date
        (read("OSLO", 0.3, 0.4), read("OSLO", 0.3, 0.4, top=0.6)),  # two rows
        (read("ANNA", 0.3, 0.4), read("BREKKE", 0.42, 0.55)),
    ],
)
def test_lines_of_their_own_stay(first: Read, second: Read) -> None:
    found = pieces([first, second], TD1, RATIO)
    assert (found.dropped, found.joined) == (set(), {})


def test_what_was_hardly_read_is_not_joined() -> None:
    found = pieces([read("POLSKIE/POLISH", 0.3, 0.5), read("POLISH Do ~am<<ox", 0.42, 0.7, sure=0.3)], TD1, RATIO)
    assert (found.dropped, found.joined) == ({1}, {})
