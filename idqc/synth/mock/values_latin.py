"""Made-up values of documents in Latin script: names by Faker's name lists, numbers and dates that fit together."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from idqc.synth.mock.draws import AS_OF, add_years, chance, day_between, digits, letters, pick, weighted
from idqc.synth.mock.nations import Nation, nations

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_FRENCH_MONTHS = ["JAN", "FÉV", "MARS", "AVR", "MAI", "JUIN", "JUIL", "AOÛT", "SEPT", "OCT", "NOV", "DÉC"]
DATE_STYLES = (
    "dots",
    "spaces",
    "slashes",
    "dashes",
    "iso",
    "month",
    "month",
    "bilingual",
    "us",
    "month_title",
    "short",
)
_NUMERIC = {
    "dots": "%d.%m.%Y", "spaces": "%d %m %Y", "slashes": "%d/%m/%Y", "dashes": "%d-%m-%Y", "iso": "%Y-%m-%d",
    "us": "%m/%d/%Y",
}  # fmt: skip
NUMBER_SHAPES = (
    ("LDDDDDDDD", 3.0), ("LLDDDDDDD", 3.0), ("DDDDDDDDD", 3.0), ("LLDDDDDD", 2.0), ("LLLDDDDDD", 1.5),
    ("DDLLDDDDD", 1.0),
    ("AAAAAAAAA", 1.5),
)  # fmt: skip
"""L a capital, D a digit, A either."""
_BASE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EXTRA = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŤŪŮŰŲŹŻŽȘȚ"
ALLOWED = frozenset(_BASE_LETTERS + _EXTRA + " '-")
"""Capitals that names may use; a name with another character is not drawn."""


@dataclass(frozen=True)
class LatinPerson:
    """Who a card in Latin script is about; names in mixed case."""

    nation: Nation
    surname: str
    given_names: str
    sex: str
    birth: date
    birth_place: str


@cache
def _names(locale: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    everyone = tuple(provider.first_names)
    lists = [
        tuple(getattr(provider, name, ()) or everyone)
        for name in ("first_names_male", "first_names_female", "last_names")
    ]
    if len(lists[2]) < 5:
        lists[2] = lists[1]
    kept = [tuple(name for name in names if 2 <= len(name) <= 16 and set(upper(name)) <= ALLOWED) for names in lists]
    return kept[0], kept[1], kept[2]


def upper(text: str) -> str:
    """Capitals as documents print them: the sharp s stays as it is where upper() would make it SS."""
    return "".join(c if c == "ß" else c.upper() for c in text)


def latin_person(rng: np.random.Generator, nation: Nation | None = None) -> LatinPerson:
    """A person of 16 to 90 years, of a nation drawn at random or the one given."""
    nation = nation or pick(rng, nations())
    male, female, last = _names(nation.locale)
    sex = pick(rng, "MF")
    first = male if sex == "M" else female
    given = pick(rng, first)
    if chance(rng, 0.35):
        given += (" " if chance(rng, 0.8) else "-") + pick(rng, first)
    surname = pick(rng, last)
    double = 0.7 if nation.code in ("ESP", "MEX", "PRT", "BRA") else 0.06
    if chance(rng, double):
        surname += (" " if chance(rng, 0.75) else "-") + pick(rng, last)
    if chance(rng, 0.015):
        sex = "X"
    birth = day_between(rng, add_years(AS_OF, -88), add_years(AS_OF, -19))
    return LatinPerson(nation, surname, given, sex, birth, pick(rng, nation.cities))


def document_number(rng: np.random.Generator, nation: str, passport: bool) -> str:
    """A number in one of the shapes that documents use: at most nine capitals and digits."""
    if nation == "KOR" and passport:
        if chance(rng, 0.5):
            return "M" + digits(rng, 3) + letters(rng, 1) + digits(rng, 4)
        prefix = pick(rng, ("M", "M", "S", "PM"))
        return prefix + digits(rng, 9 - len(prefix))
    shape = weighted(rng, NUMBER_SHAPES)
    alphabet = {"L": _BASE_LETTERS, "D": "0123456789", "A": "CFGHJKLMNPRTVWXYZ0123456789"}
    return "".join(letters(rng, 1, alphabet[kind]) for kind in shape)


def personal_number(rng: np.random.Generator, birth: date) -> str:
    """A national number: 7 to 12 characters."""
    shape = weighted(rng, (("born", 3), ("digits", 3), ("mixed", 2), ("dashed", 1)))
    if shape == "born":
        return birth.strftime("%y%m%d") + digits(rng, int(rng.integers(3, 6)))
    if shape == "mixed":
        return letters(rng, 1) + digits(rng, 8) + letters(rng, 1)
    if shape == "dashed":
        return birth.strftime("%Y%m%d") + "-" + digits(rng, 4)
    return digits(rng, int(rng.integers(8, 13)))


def validity(rng: np.random.Generator, birth: date, expired: bool) -> tuple[date, date]:
    """Issue and expiry date of a document of 5 or 10 years; expired ones ended before AS_OF."""
    years = weighted(rng, ((10, 0.7), (5, 0.3)))
    earliest = max(add_years(AS_OF, -years) + timedelta(days=10), add_years(birth, 16))
    if expired:
        ended = day_between(rng, add_years(AS_OF, -6), AS_OF - timedelta(days=2))
        ended = max(ended, add_years(birth, 16 + years))
        if ended >= AS_OF:
            years, ended = 1, AS_OF - timedelta(days=int(rng.integers(2, 300)))
        return add_years(ended, -years), ended
    issued = day_between(rng, min(earliest, AS_OF - timedelta(days=30)), AS_OF - timedelta(days=3))
    return issued, add_years(issued, years) - timedelta(days=int(chance(rng, 0.5)))


def latin_date(day: date, style: str) -> str:
    """A date in one of DATE_STYLES."""
    if style in _NUMERIC:
        return day.strftime(_NUMERIC[style])
    month = MONTHS[day.month - 1]
    if style == "bilingual":
        return f"{day.day:02d} {_FRENCH_MONTHS[day.month - 1]}/{month} {day.year}"
    if style == "month_title":
        return f"{day.day:02d} {month.title()} {day.year}"
    if style == "korean":
        return f"{day.day:02d} {day.month}월/{month} {day.year}"
    if style == "short":
        return f"{day.day:02d} {month}/{_FRENCH_MONTHS[day.month - 1]} {day.year % 100:02d}"
    return f"{day.day:02d} {month} {day.year}"


def sex_text(sex: str, style: str) -> str:
    """M, F or X, alone or in two languages."""
    if style == "double":
        return {"M": "M/M", "F": "F/F", "X": "X/X"}[sex]
    if style == "word":
        return {"M": "MALE", "F": "FEMALE", "X": "X"}[sex]
    return sex
