"""What a line of a document can be, from what it says: natural logarithms of odds, like the gains of looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from idqc.consistency import spellings
from idqc.dates import dates_in
from idqc.formats import check_format
from idqc.models.fields import Box, Line
from idqc.mrz import Mrz
from idqc.name_letters import SORTS, letters_say
from idqc.vocabulary import is_state_code, says

CERTAIN, STRONG, FAIR = 7.0, 4.0, 2.0
USUAL_VALIDITY_YEARS, LONGEST_VALIDITY_YEARS, DAYS_A_CENTURY = 10, 15, 36_525
LONGEST_SEX, LEAST_DIGITS, LEAST_NUMBER, LONGEST_DOCUMENT_NUMBER = 7, 4, 6, 9
"""Letters of a sex in two languages; digits of a number; characters of one with fewer digits, and of one that fits into
the machine-readable zone."""
MOST_DIGITS_OF_A_DATE = 10
"""`16 JUL 16 2019`, month and all; a personal number that begins with a birth date has more."""
NARROW, USUAL_RATIO = 1.8, 1.5
"""Width over height of a box that holds a letter or two, and of documents."""
UNSURE, SURE = 0.25, 0.75
"""What a reader says of its reading: below the one it counts for nothing, above the other in full."""
NAME_LETTERS = 2.0
"""How much the letters of names count; chosen on mock cards of train and calibrate."""
MOST_BEFORE_NAMES = 2
"""Lines of plain words below the header: the names come first among them."""
HEADER = 0.16
"""Share of the height that the title and the state's name take at most."""
UNREADABLE = 1.0
"""Patterns and dirt cannot be read, and lines less often."""
SAME_NAME = 90.0
"""Per cent of letters that a name as read shares with the zone's."""
TOWN = 0.4
"""A place of which nothing tells what it is was rather born in than issued in."""
EXPIRY = "expiry_date"
NAMES = ("surname", "given_names")
_NUMBERS = ("document_number", "personal_number")
_WORDS = (*NAMES, "name", "title", "birth_place", "issuer", "nationality", "address")
_SHAPE_OF_A_DATE = re.compile(
    r"\d{4}[./\- ]{1,2}\d{1,2}[./\- ]{1,2}\d{1,2}\W?"
    r"|\W?[\dOIlSZB]{1,2}[ ./\-]+\S{1,5}[ ./\-]+(?:\S{2,5}[ ./\-]+)?[\dOIlSZB]{1,4}\W?"
    r"|(?=.*\d.*[ ./\-]).{2,9}(?:19|20)\d\d\W?"
)
_OFFICE = re.compile(
    r"[A-Z]{2,4}(?:/[A-Z]{2,4})+$|(?:DGP|SEF)-|(?:PPA|SRE|IPS)$|MA \d+ |(?:BH|UE|PU|BM) [^\W\d_]{3,}$|ADIC |SPC "
)
"""Departments are often printed for short: `SSP/SP` (Brazil), `BH GRAZ` (Austria), `UE ŽALEC` (Slovenia)."""
_TOWN_IN_A_STATE = re.compile(r"[^\d,/]{2,}(?:,\s*[^\W\d_][^\d,]+|/[A-Z]{2}|\s*\([A-Z]{2}\))")
"""`New York, U.S.A.`, `CHENNAI, TAMIL NADU`, `CURITIBA/PR`, `FORLÌ (FC)`."""


@dataclass(frozen=True)
class Said:
    """What a line says, taken apart. `weight` 0..1: how much that counts; `looks_like_date` where no day was read."""

    text: str
    weight: float
    day: date | None
    looks_like_date: bool
    letters: int
    digits: int
    topic: str | None
    aspect: float


def said_by(text: str, as_date: str | None, confidence: float, line: Line, as_of: date) -> Said:
    """Takes apart what a line says.

    Args:
        as_date: the same line read with the characters of dates only, where it was.
        confidence: the reader's, 0..1.
    """
    letters, digits = (sum(map(test, text)) for test in (str.isalpha, str.isdigit))
    day = only_date(text, as_of)
    shaped = bool(_SHAPE_OF_A_DATE.fullmatch(text.strip())) and digits >= 2
    if day is None and as_date is not None and (shaped or digits >= LEAST_DIGITS):
        day = only_date(as_date, as_of)
    if day is None and letters and digits:
        day = only_date(f"1 {text}", as_of)  # a month and a year, whose day was cut off
    topic = (
        next((t for t in ("issuer", "title", "birth_place", "nationality") if says(text, t)), None)
        if letters > digits
        else None
    )
    topic = topic or ("issuer" if _OFFICE.match(text.strip()) else None)
    box = line.box
    aspect = USUAL_RATIO * (box.right - box.left) / max(box.bottom - box.top, 1e-6)
    weight = float(np.clip((confidence - UNSURE) / (SURE - UNSURE), 0.0, 1.0))
    return Said(text.strip(), weight, day, shaped, letters, digits, topic, aspect)


def only_date(text: str, as_of: date) -> date | None:
    """The date that a line is, if it is one. Of a year in two digits, the century that a document allows."""
    found = dates_in(text)
    if len(found) != 1 or sum(map(str.isdigit, text)) > MOST_DIGITS_OF_A_DATE:
        return None
    day = found[0][0]
    longest = LONGEST_VALIDITY_YEARS if str(day.year) in text else USUAL_VALIDITY_YEARS
    if day.year - as_of.year <= longest:
        return day
    return day - timedelta(days=DAYS_A_CENTURY)


def of_words(said: Said, name: str) -> float:
    """Whether the line says what such a field can say."""
    narrow = said.aspect < NARROW
    by_size = (FAIR if narrow else -FAIR if said.aspect > 2 * NARROW else 0.0) if name == "sex" else 0.0
    if narrow and name != "sex":
        by_size = -FAIR
    if not said.letters + said.digits:
        return by_size - FAIR * (1 + said.weight)
    return by_size + said.weight * _of_text(said, name) - (1 - said.weight) * UNREADABLE


def _of_text(said: Said, name: str) -> float:
    if name.endswith("_date"):
        return FAIR if said.day is not None else 0.0 if said.looks_like_date else -STRONG
    if said.day is not None or said.looks_like_date:
        return -STRONG
    is_sex = len(said.text) <= LONGEST_SEX and check_format("sex", said.text.split()[-1]).ok
    if name == "sex":
        return STRONG if is_sex else -STRONG
    if is_sex and said.letters <= 2:
        return -STRONG
    if name in _NUMBERS:
        return _of_number(said, name)
    if name == "name":
        return FAIR if any("가" <= c <= "힣" for c in said.text) else -STRONG
    if name in _WORDS and said.digits > said.letters and said.topic != name:
        return -STRONG
    if name in NAMES and any("가" <= c <= "힣" for c in said.text):
        return -STRONG
    if said.topic == name:
        return STRONG
    if name in ("birth_place", "issuer") and said.topic is None and _TOWN_IN_A_STATE.fullmatch(said.text):
        return FAIR if name == "birth_place" else -FAIR
    if name == "nationality" and said.topic is None:
        return -0.5 * FAIR
    if name == "issuer" and said.topic is None:
        return -TOWN  # most offices say what they are
    return -FAIR if name in _WORDS and (said.topic is not None or (name in NAMES and said.digits)) else 0.0


def _of_number(said: Said, name: str) -> float:
    length = said.letters + said.digits
    if said.digits < LEAST_DIGITS:
        return -2 * CERTAIN if not said.digits else 0.0 if length >= LEAST_NUMBER else -STRONG
    if name == "document_number":
        return FAIR if length <= LONGEST_DOCUMENT_NUMBER else -FAIR
    return FAIR if length > LONGEST_DOCUMENT_NUMBER else 0.0 if said.letters else 0.5 * FAIR


def of_zone(said: Said, name: str, zone: Mrz | None) -> float:
    """Whether the machine-readable zone repeats the line. A zone with a wrong check digit is no witness for it."""
    text = said.text
    if zone is None or not text:
        return 0.0
    if name in ("birth_date", EXPIRY):
        if said.day is None or name in zone.failed:
            return 0.0
        return CERTAIN if said.day.strftime("%y%m%d") == getattr(zone, name) else -FAIR
    if name in _NUMBERS:
        found, written = "".join(c for c in text.upper() if c.isalnum()), getattr(zone, name)
        if not written or name in zone.failed or not found:
            return 0.0
        if found == written or (name == "personal_number" and len(found) >= LEAST_NUMBER and written.startswith(found)):
            return CERTAIN
        return STRONG if Levenshtein.distance(found, written) <= 1 else -FAIR
    if name in NAMES:
        likest = _likeness_to_zone(text, name, zone)
        return CERTAIN if likest > SAME_NAME else STRONG if likest > 70 else FAIR if likest > 55 else -FAIR
    if name == "nationality":
        return FAIR if text.upper() == zone.nationality else 0.0
    if name == "sex" and zone.sex in "MF":
        sex = check_format("sex", text.split()[-1])
        return 0.0 if not sex.ok else FAIR if sex.value == zone.sex else -FAIR
    return 0.0


def is_name_of_zone(text: str, name: str, zone: Mrz) -> bool:
    """Whether the zone repeats a text as the surname or the given names."""
    return _likeness_to_zone(text, name, zone) > SAME_NAME


def _likeness_to_zone(text: str, name: str, zone: Mrz) -> float:
    written = getattr(zone, name).replace(" ", "")
    return max((fuzz.ratio(found, written) for found in spellings(text) if found), default=0.0)


def of_order(said: Sequence[Said], names: Sequence[str], as_of: date) -> NDArray[np.float64]:
    """Birth comes before issue, issue before expiry, and what is still to come is the expiry."""
    dates = [one.day for one in said]
    total = np.zeros((len(dates), len(names)))
    known = sorted(day for day in dates if day is not None)
    for name, column in ((name, column) for column, name in enumerate(names) if name.endswith("_date")):
        to_come = np.array([day is not None and day > as_of for day in dates], bool)
        total[to_come, column] += STRONG if name == EXPIRY else -CERTAIN
        long_ago = np.array([day is not None and as_of.year - day.year > LONGEST_VALIDITY_YEARS for day in dates], bool)
        total[long_ago, column] += FAIR if name == "birth_date" else -STRONG
    if len(known) < 2:
        return total
    all_read = all(one.day is not None or not one.looks_like_date for one in said)
    for row, day in enumerate(dates):
        if day is None:
            continue
        first, last = day == known[0], day == known[-1]
        for column, name in enumerate(names):
            if name == "birth_date":
                total[row, column] += -CERTAIN if not first else FAIR if all_read else 0.0
            elif name == EXPIRY:
                total[row, column] += -CERTAIN if not last else FAIR if all_read else 0.0
            elif name == "issue_date" and len(known) > 2:
                total[row, column] += -CERTAIN if first or last else FAIR
    return total


def of_name_letters(said: Sequence[Said], names: Sequence[str]) -> NDArray[np.float64]:
    """(lines, names): whether words look rather like given names, like a surname or like a town."""
    total = np.zeros((len(said), len(names)))
    if not set(SORTS) <= set(names):
        return total
    people = [names.index(name) for name in NAMES]
    places = [names.index(name) for name in ("birth_place", "issuer")]  # offices are called by their towns
    for row, one in enumerate(said):
        if one.letters > 1 and not one.digits:
            odds = np.clip(NAME_LETTERS * letters_say(one.text), -STRONG, STRONG) * one.weight
            total[row, people] += odds[[SORTS.index(name) for name in NAMES]]
            total[row, places] += max(odds[SORTS.index("birth_place")], 0.0)
    return total


def of_reading_order(lines: Sequence[Line], said: Sequence[Said], names: Sequence[str]) -> NDArray[np.float64]:
    """Names stand before places and offices, and the surname before the given names."""
    total = np.zeros((len(lines), len(names)))
    if not set(NAMES) <= set(names):
        return total
    words = [
        row
        for row, (line, one) in enumerate(zip(lines, said, strict=True))
        if one.letters > 1 and not one.digits and one.topic is None and line.box.top > HEADER / 2
    ]
    ordered = sorted(words, key=lambda row: (lines[row].box.top, lines[row].box.left))
    for later in ordered[MOST_BEFORE_NAMES:]:
        total[later, [names.index(name) for name in NAMES]] -= 0.5 * FAIR
    words.sort(key=lambda row: -sum(lines[row].likeness.get(name, 0.0) for name in NAMES))
    if len(words) < 2:
        return total
    first, second = sorted(words[:2], key=lambda row: (lines[row].box.top, lines[row].box.left))
    surname, given = (names.index(name) for name in NAMES)
    total[[first, second], [surname, given]] += 0.5 * FAIR
    total[[first, second], [given, surname]] -= 0.5 * FAIR
    return total


def of_header(lines: Sequence[Line], said: Sequence[Said], names: Sequence[str]) -> NDArray[np.float64]:
    """The code of a state beside the document's number is the state that issued it (ICAO Doc 9303-4), and what stands
    above the title's line or beside it is that state's name: neither says something of the holder."""
    total = np.zeros((len(lines), len(names)))
    if "nationality" not in names:
        return total
    column = names.index("nationality")
    if "title" in names:
        total[[line.box.top > 2 * HEADER for line in lines], names.index("title")] -= FAIR
    titles = [line.box for line, one in zip(lines, said, strict=True) if one.topic == "title" and line.box.top < HEADER]
    numbers = [
        line.box
        for line, one in zip(lines, said, strict=True)
        if one.digits >= LEAST_DIGITS and one.day is None and one.letters + one.digits >= LEAST_NUMBER
    ]
    for row, (line, one) in enumerate(zip(lines, said, strict=True)):
        box = line.box
        if is_state_code(one.text):
            if any(_in_a_row(box, o) and o.left > box.right for o in numbers) and box.top < 2 * HEADER:
                total[row, column] -= STRONG
        elif any(_in_a_row(box, title) or box.bottom < title.bottom for title in titles) or box.top < HEADER / 2:
            total[row, [at for at, name in enumerate(names) if name in _WORDS and name != "title"]] -= CERTAIN
        elif one.topic == "nationality" and " " in one.text and box.top < HEADER:
            total[row, [names.index(name) for name in NAMES if name in names]] -= CERTAIN
    return total


def _in_a_row(box: Box, other: Box) -> bool:
    shared = min(box.bottom, other.bottom) - max(box.top, other.top)
    return shared > 0.4 * min(box.bottom - box.top, other.bottom - other.top)
