from __future__ import annotations

import numpy as np

from idqc.name_letters import BUCKETS, SORTS, buckets, letters_say


def _sort(name: str) -> str:
    return SORTS[int(letters_say(name).argmax())]


def test_given_names_surnames_and_towns_are_told_apart() -> None:
    assert {_sort(name) for name in ("Laura Kristiina", "Gottfried", "JOSEFINA", "Ilona-Viktória")} == {"given_names"}
    assert {_sort(name) for name in ("Frederiksen", "HOLSTEN", "Nowakowski", "Lindström")} == {"surname"}
    assert {_sort(name) for name in ("Rotterdam", "STOCKHOLM", "Coimbra")} == {"birth_place"}


def test_case_and_accents_do_not_matter() -> None:
    np.testing.assert_array_equal(letters_say("Jérôme"), letters_say("JEROME"))


def test_no_latin_word_says_nothing() -> None:
    for text in ("", "12 F /", "김민준"):
        assert not letters_say(text).any()
    assert all(0 <= at < BUCKETS for at in buckets("anna"))


def test_what_is_said_for_one_sort_is_said_against_the_others() -> None:
    assert abs(letters_say("Anna Lindström").sum()) < 1e-9
