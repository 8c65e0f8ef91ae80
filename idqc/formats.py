"""What a field's text must look like: the formats that documents/*.toml name, checked and brought into one spelling."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from stdnum.exceptions import ValidationError
from stdnum.kr import rrn

from idqc.dates import dates_in
from idqc.korean_text import mended_address, mended_licence_class, mended_office
from idqc.mrz import parse_td3

_LICENCE = re.compile(r"(\d{2})-?(\d{2})-?(\d{6})-?(\d{2})")
_OLD_LICENCE = re.compile(r"([가-힣]{2})-?(\d{2})-?(\d{6})-?(\d{2})")
_REGION_CODES = {
    "서울": "11", "부산": "12", "경기": "13", "강원": "14", "충북": "15", "충남": "16", "전북": "17", "전남": "18",
    "경북": "19", "경남": "20", "제주": "21", "대구": "22", "인천": "23", "광주": "24", "대전": "25", "울산": "26",
}  # fmt: skip
_FIRST_REGION, _LAST_REGION = 11, 28
_SEXES = {
    "M": "M", "남": "M", "남자": "M", "남성": "M", "MALE": "M", "H": "M",
    "F": "F", "여": "F", "여자": "F", "여성": "F", "FEMALE": "F", "W": "F", "K": "F", "Z": "F", "X": "X",
}  # fmt: skip

_DIRT = ' \n*|_~^`"<>=:;,'
"""No text begins or ends with these; patterns of the stock look like them."""


@dataclass(frozen=True)
class FormatResult:
    """Whether a text is what its format wants.

    `value` is the text in the format's own spelling (as read when it is not ok); `reason` says what is wrong, as a
    stable word; `dates` holds the possible meanings of a date, the latest last, or the first and last day of a period.
    """

    ok: bool
    value: str
    reason: str | None = None
    dates: tuple[date, ...] = ()


def _bad(text: str, reason: str) -> FormatResult:
    return FormatResult(False, text, reason)


def _joined(text: str) -> str:
    return " ".join(text.split())


def korean_name(text: str) -> FormatResult:
    """Two to seventeen Hangul syllables; Hanja or a note in brackets behind the name is left out."""
    name = re.sub(r"\s", "", re.split(r"[(\[]", text)[0])
    if not re.fullmatch(r"[가-힣]{2,17}", name):
        return _bad(name, "not_a_korean_name")
    return FormatResult(True, name)


def resident_number(text: str) -> FormatResult:
    """Six digits of a birth date and seven more. Since October 2020 they carry no check digit, so none is asked."""
    digits = re.sub(r"[\s\-–]", "", text)
    if not re.fullmatch(r"\d{13}", digits):
        return _bad(text, "not_13_digits")
    try:
        born = rrn.get_birth_date(digits)
    except ValidationError:
        return _bad(rrn.format(digits), "no_such_birth_date")
    return FormatResult(True, rrn.format(digits), dates=(born,))


def kr_license_number(text: str) -> FormatResult:
    """Like 11-05-123456-78, or with the region's name in place of its number on older cards."""
    compact = re.sub(r"\s", "", text)
    if old := _OLD_LICENCE.fullmatch(compact):
        if old[1] not in _REGION_CODES:
            return _bad(compact, "no_such_region")
        return FormatResult(True, "-".join((_REGION_CODES[old[1]], *old.groups()[1:])))
    match = _LICENCE.fullmatch(compact)
    if match is None:
        return _bad(compact, "not_a_licence_number")
    if not _FIRST_REGION <= int(match[1]) <= _LAST_REGION:
        return _bad("-".join(match.groups()), "no_such_region")
    return FormatResult(True, "-".join(match.groups()))


def single_date(text: str) -> FormatResult:
    """One date in any spelling of `idqc.dates`; the value is ISO 8601, the day first where both orders are possible."""
    found = dates_in(text)
    if len(found) != 1:
        return _bad(_joined(text), "not_a_date" if not found else "more_than_one_date")
    return FormatResult(True, found[0][0].isoformat(), dates=tuple(sorted(found[0])))


def date_period(text: str) -> FormatResult:
    """Two dates, the second not before the first, or a last day alone; the value is ISO 8601, `first/last`."""
    found = [meanings[0] for meanings in dates_in(text.replace("\n", " "))]
    if len(found) == 1:
        return FormatResult(True, found[0].isoformat(), dates=(found[0],))
    if len(found) != 2:
        return _bad(_joined(text), "not_a_period")
    first, last = found
    if last < first:
        return _bad(f"{first.isoformat()}/{last.isoformat()}", "period_ends_before_it_begins")
    return FormatResult(True, f"{first.isoformat()}/{last.isoformat()}", dates=(first, last))


def latin_name(text: str) -> FormatResult:
    """Letters with or without accents, spaces, hyphens, apostrophes and points."""
    name = _joined(text).strip(_DIRT)
    if not re.fullmatch(r"['’]?[^\W\d_](?:[^\W\d_]|[ '’.,\-])*", name):
        return _bad(name, "not_a_latin_name")
    return FormatResult(True, name)


def alphanumeric(text: str) -> FormatResult:
    """Four to twenty capitals and digits; spaces are left out."""
    value = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9/.\-]{2,18}[A-Z0-9]", value):
        return _bad(value, "not_a_number")
    return FormatResult(True, value)


def sex(text: str) -> FormatResult:
    """M, F or X, also from Korean words and from pairs such as `여/F`."""
    found = [_SEXES[part] for part in re.split(r"[\W\d_]+", text.upper()) if part in _SEXES]
    if not found:
        return _bad(text.strip(), "not_a_sex")
    return FormatResult(True, found[-1] if found[-1] in "MFX" else found[0])


def mrz_td3(text: str) -> FormatResult:
    """Two lines of 44 with right check digits; the value is the two lines, look-alikes mended."""
    zone = parse_td3(text)
    if zone is None:
        return _bad(text, "not_a_td3_zone")
    value = "\n".join(zone.lines)
    if zone.failed:
        return _bad(value, f"check_digit_{zone.failed[0]}")
    return FormatResult(True, value)


def free_text(text: str) -> FormatResult:
    """Anything with a letter or a digit in it."""
    value = "\n".join(_joined(line) for line in text.splitlines() if line.strip()).strip(_DIRT)
    return FormatResult(True, value) if any(c.isalnum() for c in value) else _bad(value, "empty")


def kr_office(text: str) -> FormatResult:
    """An issuing office of Korea; see `idqc.korean_text`."""
    return free_text(mended_office(text))


def kr_address(text: str) -> FormatResult:
    """A Korean address, province first; see `idqc.korean_text`."""
    return free_text(mended_address(free_text(text).value))


def kr_licence_class(text: str) -> FormatResult:
    """One or more classes of a Korean licence."""
    return free_text(mended_licence_class(text))


FORMATS: dict[str, Callable[[str], FormatResult]] = {
    "korean_name": korean_name,
    "resident_number": resident_number,
    "kr_license_number": kr_license_number,
    "date": single_date,
    "date_period": date_period,
    "latin_name": latin_name,
    "alphanumeric": alphanumeric,
    "sex": sex,
    "mrz_td3": mrz_td3,
    "text": free_text,
    "kr_office": kr_office,
    "kr_address": kr_address,
    "kr_licence_class": kr_licence_class,
}
"""Every format by the name that documents/*.toml use."""


def check_format(name: str, text: str) -> FormatResult:
    """Checks a field's text. Raises KeyError for a format that is not in FORMATS."""
    if not text.strip():
        return _bad("", "empty")
    return FORMATS[name](text)
