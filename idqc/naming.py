"""Which field each line of text is: its looks, what it says, what its caption says, and the machine-readable zone.

Passports and identity cards in Latin script print a dozen short lines that look alike. A date is told from another by
their order in life, a name by the zone that repeats it, a place from an authority by the caption beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from idqc.consistency import spellings
from idqc.dates import dates_in
from idqc.documents import DocumentType
from idqc.formats import check_format
from idqc.models.fields import Box, Line, likeness_gains
from idqc.mrz import Mrz

# What a piece of evidence is worth, in natural logarithms of odds, like the gains of looks.
CERTAIN, STRONG, FAIR = 7.0, 4.0, 2.0
DOUBT = 3.0
"""A line whose name is ahead of its next best by less than this gets its caption read."""
CAPTION_AT_LEAST = 70.0
"""Per cent of letters in common, from which a caption counts; it counts in full at 100."""
LONGEST_VALIDITY_YEARS, DAYS_A_CENTURY = 15, 36_525
SURE_CAPTION = 85.0
LONG_CAPTION = 7
LONGEST_SEX = 7
LEAST_DIGITS, LEAST_NUMBER = 4, 6
"""A line with so many digits looks like a number; so does one with any digit and so many characters."""
MOST_DIGITS_OF_A_DATE = 10
"""`16 JUL 16 2019`, month and all; a personal number that begins with a birth date has more."""
EXPIRY = "expiry_date"
_NUMBERS = ("document_number", "personal_number")
_NAMES = ("surname", "given_names")
_WORDS = (*_NAMES, "name", "title", "birth_place", "issuer", "nationality", "address")


@dataclass(frozen=True)
class Clue:
    """What was read of one line and, where it was asked for, of the captions above it and to its left."""

    text: str
    captions: tuple[str, ...] = ()


def gains(
    lines: Sequence[Line],
    clues: Sequence[Clue],
    kind: DocumentType,
    zone: Mrz | None,
    names: Sequence[str],
    as_of: date,
) -> NDArray[np.float64]:
    """(lines, names): what giving a line to a field gains, from all evidence.

    Args:
        clues: one for each line.
        zone: the parsed machine-readable zone, where the document has one that could be read.
        as_of: today, after which nobody is born and nothing is issued.
    """
    total = likeness_gains(lines, names)
    clues = with_printed_captions(lines, clues, kind)
    dates = [_only_date(clue.text, as_of) for clue in clues]
    for row, clue in enumerate(clues):
        for column, name in enumerate(names):
            total[row, column] += _of_text(clue.text, name, dates[row]) + _of_zone(clue.text, name, dates[row], zone)
        total[row] += _of_captions(clue.captions, kind, names)
        if is_caption(clue.text, kind):
            # A title may read like one: `identity card` and `identity card no`.
            total[row] -= CERTAIN * np.array([name != "title" for name in names])
    return total + _of_order(dates, names, as_of) + _of_reading_order(lines, clues, names)


def doubtful(total: NDArray[np.float64], given: Sequence[int | None]) -> list[int]:
    """The lines whose name is hardly better than another one, the most doubtful first."""
    margins = []
    for row, column in enumerate(given):
        if column is None:
            continue
        others = np.delete(total[row], column)
        margins.append((float(total[row, column] - others.max(initial=-np.inf)), row))
    return [row for margin, row in sorted(margins) if margin < DOUBT]


def caption_boxes(line: Line, lines: Sequence[Line], document_ratio: float) -> list[Box]:
    """Where the caption of a line can stand: to its left, where there is room, and right above it; in document shares.

    Args:
        document_ratio: width of the document over its height.
    """
    box = line.box
    tall = box.bottom - box.top
    wide = tall / document_ratio  # as far across as the line is tall
    row = [
        o.box for o in lines if o is not line and min(o.box.bottom, box.bottom) - max(o.box.top, box.top) > 0.4 * tall
    ]
    right_end = min(
        [o.left - wide for o in row if o.left > box.left] + [box.left + max(box.right - box.left, 14 * wide)]
    )
    left_end = max([o.right + wide for o in row if o.right < box.left + wide] + [box.left - 16 * wide])
    above = Box("caption", 1.0, max(box.left - wide, 0), max(box.top - 1.15 * tall, 0), min(right_end, 1), box.top)
    if box.left - max(left_end, 0) < 3 * wide:
        return [above]
    beside = (max(left_end, 0), box.top - 0.15 * tall, box.left - 0.2 * wide, box.bottom + 0.15 * tall)
    return [Box("caption", 1.0, *beside), above]


def with_printed_captions(lines: Sequence[Line], clues: Sequence[Clue], kind: DocumentType) -> list[Clue]:
    """The clues, each with the captions among the lines themselves that stand right above it or to its left."""
    printed = [row for row, clue in enumerate(clues) if is_caption(clue.text, kind)]
    found = []
    for row, clue in enumerate(clues):
        box, near = lines[row].box, []
        tall = box.bottom - box.top
        for other in printed:
            caption = lines[other].box
            shared = min(caption.bottom, box.bottom) - max(caption.top, box.top)
            beside = shared > 0.5 * min(tall, caption.bottom - caption.top) and caption.right < box.left + tall
            above = -0.3 * tall < box.top - caption.bottom < 0.9 * tall and abs(caption.left - box.left) < tall
            if other != row and (beside or above):
                near.append(clues[other].text)
        found.append(replace(clue, captions=(*clue.captions, *near)))
    return found


def is_caption(text: str, kind: DocumentType) -> bool:
    """Whether a text is surely the caption of some field of this type."""
    return any(_match([text], spec.captions) >= SURE_CAPTION for spec in kind.fields.values())


def _only_date(text: str, as_of: date) -> date | None:
    """The date that the line is, if it is one. Of a year in two digits, the century that a document allows."""
    found = dates_in(text)
    if len(found) != 1 or sum(map(str.isdigit, text)) > MOST_DIGITS_OF_A_DATE:
        return None
    day = found[0][0]
    if day.year - as_of.year <= LONGEST_VALIDITY_YEARS:
        return day
    return day - timedelta(days=DAYS_A_CENTURY)


def _of_text(text: str, name: str, day: date | None) -> float:
    """Whether the line says what such a field can say."""
    letters, digits = (sum(map(test, text)) for test in (str.isalpha, str.isdigit))
    if not letters + digits:
        return -STRONG
    if name.endswith("_date"):
        return FAIR if day is not None else -STRONG
    if day is not None:
        return -STRONG
    is_sex = check_format("sex", text.split()[-1]).ok and len(text.strip()) <= LONGEST_SEX
    if name == "sex":
        return STRONG if is_sex else -STRONG
    if is_sex and letters == 1:
        return -STRONG
    if name in _NUMBERS:
        return FAIR if digits >= LEAST_DIGITS else 0.0 if digits and letters + digits >= LEAST_NUMBER else -STRONG
    if name == "name":
        return FAIR if any("가" <= c <= "힣" for c in text) else -STRONG
    if name in _WORDS and digits > letters:
        return -STRONG
    return -FAIR if name in _NAMES and digits else 0.0


def _of_zone(text: str, name: str, day: date | None, zone: Mrz | None) -> float:
    """Whether the machine-readable zone repeats the line. A zone with a wrong check digit is no witness for it."""
    if zone is None or not text.strip():
        return 0.0
    if name in ("birth_date", EXPIRY):
        if day is None or name in zone.failed:
            return 0.0
        return CERTAIN if day.strftime("%y%m%d") == getattr(zone, name) else -FAIR
    if name in _NUMBERS:
        said, written = "".join(c for c in text.upper() if c.isalnum()), getattr(zone, name)
        if not written or name in zone.failed:
            return 0.0
        return CERTAIN if said == written else STRONG if Levenshtein.distance(said, written) <= 1 else -FAIR
    if name in _NAMES:
        written = getattr(zone, name).replace(" ", "")
        likest = max((fuzz.ratio(said, written) for said in spellings(text) if said), default=0.0)
        return CERTAIN if likest > 90 else STRONG if likest > 75 else -FAIR
    if name == "nationality":
        return STRONG if text.strip().upper() == zone.nationality else 0.0
    return 0.0


def _of_captions(captions: Sequence[str], kind: DocumentType, names: Sequence[str]) -> NDArray[np.float64]:
    """What the captions say: for the field that they name, and against the others when one is named well."""
    matches = np.array([_match(captions, kind.fields[name].captions) for name in names])
    worth = STRONG * np.clip((matches - CAPTION_AT_LEAST) / (100.0 - CAPTION_AT_LEAST), 0.0, 1.0)
    return np.asarray(2 * worth - worth.max(initial=0.0), np.float64)


def _match(found: Sequence[str], known: Sequence[str]) -> float:
    """Per cent of letters that the best of the captions found shares with the best of those known."""
    parts = [plain for text in found for part in re.split(r"[/|]", text) if (plain := _letters(part))]
    likest = max((fuzz.ratio(part, caption) for part in parts for caption in known), default=0.0)
    # Two captions in two languages may be read as one line: a long one counts when it is a part of it.
    inside = (fuzz.partial_ratio(part, c) for part in parts for c in known if LONG_CAPTION <= len(c) <= len(part))
    return max(likest, *inside, 0.0)


def _letters(text: str) -> str:
    """Small letters without accents: numbers, points and case differ from card to card."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    composed = unicodedata.normalize("NFC", bare)
    return " ".join("".join(c if c.isalpha() else " " for c in composed).split())


def _of_order(dates: Sequence[date | None], names: Sequence[str], as_of: date) -> NDArray[np.float64]:
    """Birth comes before issue, issue before expiry, and what is still to come is the expiry."""
    total = np.zeros((len(dates), len(names)))
    known = sorted(day for day in dates if day is not None)
    for name, column in ((name, column) for column, name in enumerate(names) if name.endswith("_date")):
        to_come = np.array([day is not None and day > as_of for day in dates], bool)
        total[to_come, column] += STRONG if name == EXPIRY else -CERTAIN
    if len(known) < 2:
        return total
    for row, day in enumerate(dates):
        if day is None:
            continue
        first, last = day == known[0], day == known[-1]
        for column, name in enumerate(names):
            if name == "birth_date":
                total[row, column] += FAIR if first else -CERTAIN
            elif name == EXPIRY:
                total[row, column] += FAIR if last else -CERTAIN
            elif name == "issue_date" and len(known) > 2:
                total[row, column] += -CERTAIN if first or last else FAIR
    return total


def _of_reading_order(lines: Sequence[Line], clues: Sequence[Clue], names: Sequence[str]) -> NDArray[np.float64]:
    """The surname stands before the given names: tells the two lines apart that look most like names."""
    total = np.zeros((len(lines), len(names)))
    if not set(_NAMES) <= set(names):
        return total
    words = [row for row, clue in enumerate(clues) if clue.text.strip() and not any(map(str.isdigit, clue.text))]
    words.sort(key=lambda row: -sum(lines[row].likeness.get(name, 0.0) for name in _NAMES))
    if len(words) < 2:
        return total
    first, second = sorted(words[:2], key=lambda row: (lines[row].box.top, lines[row].box.left))
    surname, given = (names.index(name) for name in _NAMES)
    total[[first, second], [surname, given]] += 0.5 * FAIR
    total[[first, second], [given, surname]] -= 0.5 * FAIR
    return total
