"""What Korean cards say in words of which all are known: offices, provinces and districts, licence classes. A syllable
that was misread in one of them is mended where only one fits; what cannot be known, such as a street, stays as read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from idqc.korean_regions import districts_of_cities, licence_classes, offices, provinces

MOST_WRONG, LEAST_RIGHT = 2, 0.75
"""Syllables of an office that may be misread, and the share of it that must be right."""
MOST_BEFORE = 3
"""Characters of a caption or of dirt before a province."""
_CLASS = re.compile(r"([12])종(\s?)([가-힣]{2,3})(?![가-힣])")
_BEHIND = re.compile(r"(\([^()]*\))(?:[^\n)가-힣]*|\s*[^\d\s)]{1,2})\)?$")
"""Dirt behind the bracket that an address ends with: no Hangul, or too little to be a part of it."""


def mended_office(text: str) -> str:
    """An issuing office as its province and district are called, if one alone is nearly what was read; else the text.

    Of a district's name one syllable may be misread: two make another district.
    """
    bare = "".join(c for c in text if "가" <= c <= "힣")
    known = offices()
    near = process.extract(bare, known.keys(), scorer=Levenshtein.distance, score_cutoff=MOST_WRONG, limit=2)
    if not near or near[0][1] > (1 - LEAST_RIGHT) * len(bare) or (len(near) > 1 and near[1][1] == near[0][1]):
        return text
    office = known[near[0][0]]
    first, last = office.district
    wrong = sum(first <= edit.dest_pos < last for edit in Levenshtein.editops(bare, office.bare))
    return office.printed if wrong <= 1 else text


def mended_address(text: str) -> str:
    """An address from its province on to the bracket that it ends with; province and district as they are called."""
    text = _BEHIND.sub(r"\1", text)
    starts = _begins_with(text, provinces(), MOST_BEFORE)
    if len(starts) > 1:  # Gyeongsang and Jeolla are told apart by their cities
        starts = [one for one in starts if any(not d.wrong for d in _begins_with(one.rest, provinces()[one.name], 0))]
    if len(starts) != 1:
        return text
    (start,) = starts
    said, rest = start.name, start.rest
    known = provinces()[start.name]
    while len(inner := _begins_with(rest, known, 0)) == 1:
        said, rest = f"{said}{_blank(rest)}{inner[0].name}", inner[0].rest
        known = districts_of_cities().get(inner[0].name, ())
    if start.wrong > 1 and said == start.name:
        return text  # too much was misread to be sure of the province without its district
    return said + _blank(rest) + rest.lstrip(" ,.\n")


def mended_licence_class(text: str) -> str:
    """Licence classes as they are called: `2종 보동` is 2종 보통."""

    def mend(found: re.Match[str]) -> str:
        best = _only([known for known in licence_classes() if Levenshtein.distance(known, found[3]) <= 1], found[3])
        return f"{found[1]}종{found[2]}{best or found[3]}"

    return _CLASS.sub(mend, text).rstrip(" .,/")


def _blank(rest: str) -> str:
    """What parts a name from the rest: the end of the line, where it ends there."""
    return "\n" if "\n" in rest[: len(rest) - len(rest.lstrip())] else " " if rest else ""


class _Start(NamedTuple):
    name: str
    wrong: int
    rest: str


def _begins_with(text: str, known: Iterable[str], most_before: int) -> list[_Start]:
    """The known names that a text begins with, blanks left out, and what follows: one, or those that fit equally well.

    Of three syllables one may be misread, of five two, and never the last one, which tells a city from a county and a
    street; a name of two must be read right, and a short one after dirt, too.
    """
    letters = [(at, c) for at, c in enumerate(text[:24]) if not c.isspace() and c not in ".,"]
    found: dict[str, tuple[float, _Start]] = {}
    for name in known:
        most = 0 if len(name) < 3 else 1 if len(name) < 5 else 2
        for before in range(min(most_before, len(letters)) + 1):
            for size in (len(name), len(name) - 1, len(name) + 1):
                part = letters[before : before + size]
                wrong = Levenshtein.distance(name, "".join(c for _, c in part), score_cutoff=most)
                if not part or part[-1][1] != name[-1] or wrong > most or (before and wrong and len(name) < 5):
                    continue
                worth = wrong + 0.5 * before
                if name not in found or worth < found[name][0]:
                    found[name] = worth, _Start(name, wrong, text[part[-1][0] + 1 :])
    best = min((worth for worth, _ in found.values()), default=0.0)
    return [start for worth, start in found.values() if worth == best]


def _only(fitting: list[str], said: str) -> str | None:
    if said in fitting:
        return said
    return fitting[0] if len(fitting) == 1 else None
