"""Dates as identity documents print them, in numbers or with month names, in several languages."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_MONTHS = {
    1: "JAN JANUARY JANV JÄN ENE GEN STY YANV", 2: "FEB FEBRUARY FEV FEVR LUT", 3: "MAR MARCH MARS MRZ MAERZ MRT MAC",
    4: "APR APRIL AVR ABR KWI", 5: "MAY MAI MAG MAJ MEI", 6: "JUN JUNE JUIN GIU CZE", 7: "JUL JULY JUIL LUG LIP",
    8: "AUG AUGUST AOUT AOU AGO SIE", 9: "SEP SEPT SEPTEMBER SET WRZ", 10: "OCT OCTOBER OKT OTT OUT PAZ",
    11: "NOV NOVEMBER LIS", 12: "DEC DECEMBER DEZ DIC GRU",
}  # fmt: skip
_MONTH_OF = {name: number for number, names in _MONTHS.items() for name in names.split()}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[.\-/년 ]\s*(\d{1,2})\s*[.\-/월 ]\s*(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})\s*[.\-/ ]\s*(\d{1,2})\s*[.\-/ ]\s*(\d{4})(?!\d)")
_MONTH_NAME = re.compile(r"(?<!\d)(\d{1,2})[ .\-/]*(?:\d{1,2}월)?[ .\-/]*([A-Z]{3,9})[A-Z /.\-]*?(\d{4}|\d{2})(?!\d)")
_MONTH_FIRST = re.compile(r"([A-Z]{3,9})[ .]*(\d{1,2})[ ,.]+(\d{4})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_CENTURY_PIVOT = 60
"""Two-digit years below this are of the 2000s."""


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2150 else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).upper()
    letters = (unicodedata.normalize("NFD", c)[0] if not "가" <= c <= "힣" else c for c in composed)
    upright = "".join(letters)
    # Between digits, letters that look like a digit are one.
    upright = re.sub(r"(?<=[\d.\-/])[OIL](?=[\d.\-/]|$)", lambda m: "0" if m[0] == "O" else "1", upright)
    # And within a month's name, digits that look like a letter are one.
    return re.sub(
        r"(?<=[A-Z])[01](?=[A-Z/ .]|$)|(?<![\dA-Z])0(?=[A-Z]{2})", lambda m: "O" if m[0] == "0" else "I", upright
    )


def dates_in(text: str) -> list[tuple[date, ...]]:
    """Every date in the text, in reading order, each as its possible meanings.

    A date such as 03/05/2019 has two: the day first (as most of the world writes), and the month first.
    """
    plain = _plain(text)
    found: list[tuple[int, tuple[date, ...]]] = []
    for match in [*_YEAR_FIRST.finditer(plain), *_COMPACT.finditer(plain)]:
        meaning = _day(int(match[1]), int(match[2]), int(match[3]))
        if meaning:
            found.append((match.start(), (meaning,)))
    for match in _DAY_FIRST.finditer(plain):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        meanings = [m for m in (_day(year, second, first), _day(year, first, second)) if m]
        found.append((match.start(), tuple(dict.fromkeys(meanings))))
    for match in _MONTH_NAME.finditer(plain):
        month, year = _MONTH_OF.get(match[2]), int(match[3])
        if len(match[3]) == 2:
            year += 2000 if year < _CENTURY_PIVOT else 1900
        meaning = _day(year, month, int(match[1])) if month else None
        if meaning:
            found.append((match.start(), (meaning,)))
    for match in _MONTH_FIRST.finditer(plain):
        month = _MONTH_OF.get(match[1])
        meaning = _day(int(match[3]), month, int(match[2])) if month else None
        if meaning:
            found.append((match.start(), (meaning,)))
    return [meanings for _, meanings in sorted(found) if meanings]
