"""What was read of the fields: crops to texts, texts to checked and masked readings, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from idqc.consistency import MRZ_FIELD, Consistency, Witness, compare
from idqc.documents import DocumentType, FieldSpec
from idqc.formats import FormatResult, check_format
from idqc.inspection import FieldReading, Image, Quad
from idqc.models.fields import Box, FieldBoxes
from idqc.models.text import Reading, TextEngine
from idqc.mrz import parse_td3
from idqc.privacy import mask

CROP_MARGIN = 0.25
"""Of a line's height, on every side: the detector's boxes are a few pixels off, and a reader minds a cut letter more
than a little background."""
TALLEST_LINE = 0.06
"""Of the document's height: a taller field has several lines, and a margin by its height would reach its caption."""
EXPIRY = "expiry_date"
VOUCHING = frozenset({"resident_number", "mrz_td3"})
"""Formats whose reading says by itself what kind of document it is, and which each document of the type has."""
LONGEST_DOCUMENT_NUMBER = 9
"""Characters (ICAO 9303); personal numbers have ten and more."""


@dataclass(frozen=True)
class FieldText:
    """One field as read, unmasked. Never leaves the inspection."""

    reading: Reading
    checked: FormatResult


def readable(kind: DocumentType, boxes: FieldBoxes) -> list[FieldSpec]:
    """The fields that were found and have text to read, the longest first, so that parallel reading ends together."""
    found = [spec for spec in kind.fields.values() if spec.format is not None and spec.name in boxes.fields]
    return sorted(found, key=lambda spec: -_aspect(boxes.fields[spec.name]) * spec.max_lines)


def read_field(engine: TextEngine, document_bgr: Image, box: Box, spec: FieldSpec) -> FieldText:
    """Cuts one field out of the rectified document, reads it, and checks its format."""
    if spec.name == MRZ_FIELD:
        # The zone runs from edge to edge of the page (ICAO Doc 9303-3), and a detector's widest box may end before it.
        box = replace(box, left=0.0, right=1.0)
    reading = engine.read_field(crop_of(document_bgr, box), spec)
    return FieldText(reading, check_format(spec.format or "text", reading.text))


def field_readings(
    kind: DocumentType, texts: Mapping[str, FieldText], boxes: FieldBoxes, quads: Mapping[str, Quad], *, masked: bool
) -> dict[str, FieldReading]:
    """Every field of the type, in its order; sensitive values are masked unless `masked` is False. The portrait has a
    place and no value."""
    readings = {}
    for name, spec in kind.fields.items():
        text = texts.get(name)
        value = None
        if text is not None:
            shown = text.checked.value if text.checked.ok else text.reading.text
            hidden = (spec.sensitive and spec.format != "resident_number") or (
                may_change_places(kind, name) and sum(map(str.isalnum, shown)) > LONGEST_DOCUMENT_NUMBER
            )
            value = mask(spec.format, shown, hidden) if masked else shown
        readings[name] = FieldReading(
            name=name,
            value=value,
            confidence=None if text is None else round(text.reading.confidence, 4),
            confidence_min=None if text is None else round(text.reading.confidence_min, 4),
            visible=name in boxes.fields,
            quad=quads.get(name),
            seen=boxes.fields[name].confidence if name in boxes.fields else 0.0,
        )
    return readings


def may_change_places(kind: DocumentType, name: str) -> bool:
    """Whether a field is the document number of a type on which a personal number of any form can be taken for it."""
    free = any(spec.sensitive and spec.format not in VOUCHING for spec in kind.fields.values())
    return name == "document_number" and free


def expiry_date(texts: Mapping[str, FieldText]) -> tuple[date, float] | None:
    """The last day of validity and how sure it is, 0..1: from the MRZ where its check digit is right, else as printed.

    Of the printed date or period the least sure character counts: one wrong digit is ten years.
    """
    zone = parse_td3(texts[MRZ_FIELD].reading.text) if MRZ_FIELD in texts else None
    printed = texts[EXPIRY].checked.dates if EXPIRY in texts and texts[EXPIRY].checked.ok else ()
    if zone is not None and EXPIRY not in zone.failed:
        for day in printed:
            if day.strftime("%y%m%d") == zone.expiry_date:
                return day, 1.0
        # A passport is valid for at most ten years, so that its expiry is of this century.
        try:
            year, month, day_of_month = (int(zone.expiry_date[at : at + 2]) for at in (0, 2, 4))
            return date(2000 + year, month, day_of_month), 1.0
        except ValueError:
            return None
    return (max(printed), texts[EXPIRY].reading.confidence_min) if printed else None


def contradictions(texts: Mapping[str, FieldText]) -> Consistency | None:
    """The MRZ against the visual zone, where the document has an MRZ and it was read."""
    if MRZ_FIELD not in texts:
        return None
    witnesses = {name: Witness(text.reading.text, text.reading.confidence_min) for name, text in texts.items()}
    zone = witnesses.pop(MRZ_FIELD)
    return compare(zone, witnesses)


def _aspect(box: Box) -> float:
    return (box.right - box.left) / max(box.bottom - box.top, 1e-6)


def crop_of(document_bgr: Image, box: Box, behind: float = CROP_MARGIN, around: float = CROP_MARGIN) -> Image:
    """A box cut out of the document, with a margin.

    Args:
        behind, around: the margin to its right and on the other sides, in heights of its line.
    """
    height, width = document_bgr.shape[:2]
    tall = min(box.bottom - box.top, TALLEST_LINE) * height
    margin = around * tall
    left, right = max(int(box.left * width - margin), 0), min(round(box.right * width + behind * tall), width)
    top, bottom = max(int(box.top * height - margin), 0), min(round(box.bottom * height + margin), height)
    return document_bgr[top : max(bottom, top + 1), left : max(right, left + 1)]
