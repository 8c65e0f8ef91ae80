from __future__ import annotations

from idqc.given_names import BUCKETS, buckets, given_name_odds


def test_given_names_are_told_from_surnames() -> None:
    given = ["Laura Kristiina", "Gottfried", "JOSEFINA", "Ilona-Viktória", "Beatriz-Ayla"]
    last = ["Frederiksen", "HOLSTEN", "Nascimento Cavalcante", "Boillat", "Lindström"]
    assert all(given_name_odds(name) > 0 for name in given)
    assert all(given_name_odds(name) < 0 for name in last)


def test_case_and_accents_do_not_matter() -> None:
    assert given_name_odds("Jérôme") == given_name_odds("JEROME")


def test_no_word_says_nothing() -> None:
    assert given_name_odds("") == given_name_odds("12 F /") == 0.0
    assert all(0 <= at < BUCKETS for at in buckets("anna"))
