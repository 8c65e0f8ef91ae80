"""Where a picture must be painted over before anybody sees it: every place that can hold a resident number."""

from __future__ import annotations

import re

import numpy as np

from idqc.documents import DocumentType, document_types
from idqc.inspection import FieldReading, Inspection, Outcome, Points
from idqc.mrz import LINE_LENGTH, OPTIONAL_DATA
from idqc.photo.geometry import homography, project, rectangle
from idqc.readings import VOUCHING, may_change_places

_READ_AS_RESIDENT_NUMBER = re.compile(r"\d{6}-\*{7}")
BACK_DIGITS = (0.42, -0.15, 1.05, 1.15)
"""Left, top, right, bottom in shares of the quad: 7 of 14 characters, the hyphen, and half a digit to spare."""
WHOLE = (-0.05, -0.15, 1.05, 1.15)
"""All of a field, and a little around it."""
OPTIONAL_DATA_OF_ZONE = (OPTIONAL_DATA.start / LINE_LENGTH - 0.02, 0.42, 1.05, 1.15)
"""The right part of the lower of two lines."""


def redactions(inspection: Inspection) -> list[Points] | None:
    """The quads to paint over, (4, 2) each in full-size photo pixels; None when the whole picture must be hidden.

    A number that was found and read with all its digits is covered where it stands. In any doubt (not found, not read
    as a number) the generous areas of the document type are covered, and those of every type when nothing that was
    read vouches for the type itself: a resident card that is taken for a foreign one must not slip through. Without a
    known document, or where it may lie elsewhere and no number was read in its place, nobody knows where one stands.
    """
    kind = document_types().get(inspection.document_type or "")
    if kind is None or inspection.document_quad is None:
        return None
    readings = {reading.name: reading for reading in inspection.fields}
    zone = readings.get("mrz")
    quads: list[Points] = [_shares(np.array(quad, np.float32), WHOLE) for quad in inspection.stray_quads]
    certain, vouched = True, False
    for name, spec in kind.fields.items():
        reading = readings.get(name)
        if spec.format == "resident_number":
            found = _number_is_certain(reading)
            quads += _part(reading, BACK_DIGITS)
        elif spec.format == "mrz_td3":
            found = _zone_is_certain(reading)
            quads += _part(reading, OPTIONAL_DATA_OF_ZONE)
        elif spec.sensitive:
            found = reading is not None and reading.quad is not None
            quads += _part(reading, WHOLE)
        else:
            # Two numbers of one form change places easily: without a zone to tell them apart, neither stays in view.
            if may_change_places(kind, name) and not _zone_is_certain(zone):
                quads += _part(reading, WHOLE)
            continue
        vouched |= found
        certain &= found or (spec.format not in VOUCHING and _zone_is_certain(zone) and _holds_no_number(zone))
    if certain and vouched:
        return quads
    if not vouched and _place_in_doubt(inspection):
        return None
    types = [kind] if vouched else document_types().values()
    document_quad = np.array(inspection.document_quad, np.float32)
    return [*quads, *(area for each in types for area in _areas(each, document_quad))]


def _place_in_doubt(inspection: Inspection) -> bool:
    return any(f.criterion == "quality.no_document" and f.outcome is not Outcome.PASS for f in inspection.findings)


def _number_is_certain(reading: FieldReading | None) -> bool:
    return (
        reading is not None
        and reading.quad is not None
        and bool(_READ_AS_RESIDENT_NUMBER.fullmatch(reading.value or ""))
    )


def _zone_is_certain(reading: FieldReading | None) -> bool:
    lines = (reading.value or "").splitlines() if reading is not None and reading.quad is not None else []
    return len(lines) == 2 and lines[0].startswith("P") and all(len(line) == LINE_LENGTH for line in lines)


def _holds_no_number(zone: FieldReading | None) -> bool:
    """Whether the optional data of a zone is fillers alone: then no personal number is printed above it either."""
    lines = (zone.value or "").splitlines() if zone is not None else []
    return len(lines) == 2 and set(lines[1][OPTIONAL_DATA.start : OPTIONAL_DATA.start + 14]) == {"<"}


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
