"""Where a picture must be painted over before anybody sees it: every place that can hold a resident number."""

from __future__ import annotations

import re

import numpy as np

from idqc.documents import DocumentType, document_types
from idqc.inspection import FieldReading, Inspection, Points
from idqc.mrz import LINE_LENGTH, OPTIONAL_DATA
from idqc.photo.geometry import homography, project, rectangle

_READ_AS_RESIDENT_NUMBER = re.compile(r"\d{6}-\*{7}")
BACK_DIGITS = (0.42, -0.15, 1.05, 1.15)
"""Left, top, right, bottom in shares of the quad: 7 of 14 characters, the hyphen, and half a digit to spare."""
OPTIONAL_DATA_OF_ZONE = (OPTIONAL_DATA.start / LINE_LENGTH - 0.02, 0.42, 1.05, 1.15)
"""The right part of the lower of two lines."""


def redactions(inspection: Inspection) -> list[Points] | None:
    """The quads to paint over, (4, 2) each in full-size photo pixels; None when the whole picture must be hidden.

    A number that was found and read with all its digits is covered where it stands. In any doubt (not found, not read
    as a number) the generous areas of the document type are covered; without a known document nobody knows where a
    number stands.
    """
    kind = document_types().get(inspection.document_type or "")
    if kind is None or inspection.document_quad is None:
        return None
    readings = {reading.name: reading for reading in inspection.fields}
    quads: list[Points] = []
    certain = bool(kind.resident_number_areas)
    for name, spec in kind.fields.items():
        reading = readings.get(name)
        if spec.format == "resident_number":
            certain &= _number_is_certain(reading)
            quads += _part(reading, BACK_DIGITS)
        elif spec.format == "mrz_td3":
            certain &= _zone_is_certain(reading)
            quads += _part(reading, OPTIONAL_DATA_OF_ZONE)
        elif spec.sensitive:
            quads += _part(reading, (-0.05, -0.15, 1.05, 1.15))
    return quads if certain else [*quads, *_areas(kind, np.array(inspection.document_quad, np.float32))]


def _number_is_certain(reading: FieldReading | None) -> bool:
    return (
        reading is not None
        and reading.quad is not None
        and bool(_READ_AS_RESIDENT_NUMBER.fullmatch(reading.value or ""))
    )


def _zone_is_certain(reading: FieldReading | None) -> bool:
    lines = (reading.value or "").splitlines() if reading is not None and reading.quad is not None else []
    return len(lines) == 2 and lines[0].startswith("P") and all(len(line) == LINE_LENGTH for line in lines)


def _part(reading: FieldReading | None, share: tuple[float, float, float, float]) -> list[Points]:
    if reading is None or reading.quad is None:
        return []
    return [_shares(np.array(reading.quad, np.float32), share)]


def _areas(kind: DocumentType, document_quad: Points) -> list[Points]:
    return [_shares(document_quad, area) for area in kind.resident_number_areas]


def _shares(quad: Points, share: tuple[float, float, float, float]) -> Points:
    left, top, right, bottom = share
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return project(homography(rectangle(1.0, 1.0), quad), corners)
