"""A passport's machine-readable zone against its visual zone: what one says and the other does not.

A forger who rewrites a name or a date seldom gets the other zone and its check digits right. A genuine passport, badly
read, contradicts itself too; so a difference counts only as much as both readings are sure, look-alikes are no
difference, and a value that cannot be compared says nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from rapidfuzz.distance import Levenshtein

from idqc.formats import check_format
from idqc.mrz import Mrz, parse_td3

MRZ_FIELD = "mrz"
ONE_CHARACTER = 0.5
"""What one differing character is worth when both zones are sure; two or more are worth 1."""
FAILED_CHECK_DIGIT = 0.3
UNSURE_BELOW = 0.5
"""A reading whose weakest character is below this is no witness; in between, doubt counts in proportion."""
ONE_LETTER = 0.35
"""The same for a letter of a name: accents and spellings make names harder to compare than numbers."""

_LOOK_ALIKES = str.maketrans("OQDIL|ZSBGT", "00011125867")
_SPELLED = {
    "Ä": ("A", "AE"), "Ö": ("O", "OE"), "Ü": ("U", "UE", "UXX"), "Å": ("A", "AA"), "Ø": ("O", "OE"), "Æ": ("AE",),
    "Œ": ("OE",), "ß": ("SS",), "Þ": ("TH",), "Ð": ("D",), "Đ": ("D",), "Ł": ("L",), "İ": ("I",), "Ñ": ("N", "NXX"),
}  # fmt: skip
_MAX_SPELLINGS = 64


@dataclass(frozen=True)
class Witness:
    """One field as read: its text and the confidence of its weakest character, 0..1."""

    text: str
    confidence_min: float


@dataclass(frozen=True)
class Consistency:
    """How much the visual zone contradicts the MRZ: `score` 0..1, None where nothing could be compared;
    `contradictions` by field, the worst first."""

    score: float | None
    contradictions: Mapping[str, float]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that contradict the zone."""
        return tuple(self.contradictions)


def _sure(confidence: float) -> float:
    return max(0.0, (confidence - UNSURE_BELOW) / (1 - UNSURE_BELOW))


def spellings(name: str) -> list[str]:
    """The ways in which a name can stand in the zone, without separators: accents dropped or spelled out."""
    choices: list[tuple[str, ...]] = []
    for letter in unicodedata.normalize("NFC", name):
        capital = letter if letter == "ß" else letter.upper()
        plain = unicodedata.normalize("NFD", capital)[0]
        choices.append(_SPELLED.get(capital) or ((plain,) if plain.isascii() and plain.isalnum() else ("",)))
    made: list[str] = []
    for parts in product(*choices):
        made.append("".join(parts))
        if len(made) == _MAX_SPELLINGS:
            break
    return made


def _name(visual: str, zone: str) -> float | None:
    zone = zone.replace(" ", "")
    tried = [spelling for spelling in spellings(visual) if spelling]
    if not zone or not tried:
        return None
    return min(min(_apart(spelling, zone) for spelling in tried) * ONE_LETTER, 1.0)


def _apart(visual: str, zone: str) -> int:
    """Differing characters, look-alikes aside. 0 where one is a part of the other: the zone cuts long values off, and a
    finger or glare hides the rest of a word without touching what is read of it."""
    visual, zone = visual.translate(_LOOK_ALIKES), zone.translate(_LOOK_ALIKES)
    return 0 if visual in zone or zone in visual else int(Levenshtein.distance(visual, zone))


def _number(visual: str, zone: str) -> float | None:
    visual = "".join(c for c in visual.upper() if c.isalnum())
    if not visual or not zone:
        return None
    return min(_apart(visual, zone) * ONE_CHARACTER, 1.0)


def _date(visual: str, zone: str) -> float | None:
    result = check_format("date", visual)
    if not result.ok or not zone.isdigit():
        return None
    apart = min(Levenshtein.distance(day.strftime("%y%m%d"), zone) for day in result.dates)
    return min(apart * ONE_CHARACTER, 1.0)


def _sex(visual: str, zone: str) -> float | None:
    result = check_format("sex", visual)
    return float(result.value != zone) * ONE_CHARACTER if result.ok else None


def _nationality(visual: str, zone: str) -> float | None:
    code = visual.strip().upper()
    if len(code) != 3 or len(zone) != 3 or not code.isalpha():
        return None
    return min(Levenshtein.distance(code, zone) * ONE_CHARACTER / 1.5, 1.0)


def _contradiction(name: str, text: str, zone: Mrz) -> float | None:
    match name:
        case "surname":
            return _name(text, zone.surname)
        case "given_names":
            return _name(text, zone.given_names)
        case "document_number":
            return _number(text, zone.document_number)
        case "birth_date":
            return _date(text, zone.birth_date)
        case "expiry_date":
            return _date(text, zone.expiry_date)
        case "sex":
            return _sex(text, zone.sex)
        case "nationality":
            return _nationality(text, zone.nationality)
    return None


def compare(zone_read: Witness, visual: Mapping[str, Witness]) -> Consistency:
    """Compares the zone with each visual field that it repeats: names, number, nationality, dates, sex.

    Args:
        zone_read: the two lines, joined by a line end.
        visual: what was read of the other fields, by field name; fields that the zone does not repeat are ignored.
    """
    zone = parse_td3(zone_read.text)
    if zone is None:
        return Consistency(None, {})
    found: dict[str, float] = {}
    compared = False
    for name, witness in visual.items():
        difference = _contradiction(name, witness.text, zone)
        if difference is None:
            continue
        compared = True
        # A value under its own right check digit was read right, whatever the recogniser felt.
        checked = name in ("document_number", "birth_date", "expiry_date") and name not in zone.failed
        checked = checked and not (name == "document_number" and zone.number_mended)
        sure = _sure(witness.confidence_min) * (1.0 if checked else _sure(zone_read.confidence_min))
        if difference * sure > 0:
            found[name] = difference * sure
    if zone.failed:
        compared = True
        found[MRZ_FIELD] = FAILED_CHECK_DIGIT * _sure(zone_read.confidence_min)
    if not compared:
        return Consistency(None, {})
    innocent = 1.0
    for value in found.values():
        innocent *= 1.0 - value
    return Consistency(1.0 - innocent, dict(sorted(found.items(), key=lambda item: -item[1])))
