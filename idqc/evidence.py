"""What each stage says about each criterion, before any threshold: scores with the places that they point at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from idqc.documents import PORTRAIT, DocumentType
from idqc.inspection import FieldReading, Points, Quad, Region, freeze_quad
from idqc.models.formats import FormatResult
from idqc.photo.quad import cut_off_score, cut_off_share, low_resolution_score, px_per_mm, tilt_deg, tilt_score

UNREADABLE_WHEN_FORMAT_BROKEN = 0.5
"""A field that was read with confidence and breaks its format is at least half unreadable: one of the two is wrong."""


@dataclass(frozen=True)
class Evidence:
    """One criterion's score in 0..1 and its places. `applicable` is False where the criterion cannot apply."""

    score: float | None
    regions: tuple[Region, ...] = ()
    applicable: bool = True


NOT_APPLICABLE = Evidence(None, applicable=False)
NOT_COMPUTED = Evidence(None)


def of_quad(quad_xy_px: Points, kind: DocumentType, width_px: int, height_px: int) -> dict[str, Evidence]:
    """Cut off, low resolution and tilt, from the quad alone."""
    whole = (Region("document", freeze_quad(quad_xy_px), "position"),)
    return {
        "quality.cut_off": Evidence(cut_off_score(cut_off_share(quad_xy_px, width_px, height_px)), whole),
        "quality.low_resolution": Evidence(low_resolution_score(px_per_mm(quad_xy_px, kind.size_mm)), whole),
        "quality.tilt": Evidence(tilt_score(tilt_deg(quad_xy_px, kind.size_mm, width_px, height_px)), whole),
    }


def of_visibility(
    kind: DocumentType,
    visible: Mapping[str, float],
    places: Mapping[str, Quad],
    obstacles: Iterable[tuple[Quad, float]],
    document: Quad,
) -> dict[str, Evidence]:
    """`field.<name>.hidden` of every mandatory field but the portrait.

    Args:
        visible: confidence 0..1 that the field is visible, by field name.
        places: where each field was seen, in photo pixels.
        obstacles: things that lie on the document, with confidence; they are what is pointed at when a field is gone.
        document: the document's own quad, pointed at when nothing better is known.
    """
    blamed = tuple(Region("obstacle", quad, "covered") for quad, _ in obstacles)
    found: dict[str, Evidence] = {}
    for name in kind.mandatory_fields:
        if name == PORTRAIT:
            continue
        if name in places:
            regions: tuple[Region, ...] = (Region(name, places[name], "hidden"),)
        else:
            regions = blamed or (Region(name, document, "hidden"),)
        found[f"field.{name}.hidden"] = Evidence(1.0 - visible.get(name, 0.0), regions)
    return found


def of_readings(
    kind: DocumentType, readings: Mapping[str, FieldReading], formats: Mapping[str, FormatResult]
) -> dict[str, Evidence]:
    """`field.<name>.unreadable`: one minus the reader's confidence, at least a half when the format is broken.

    A field that is not visible is *not applicable* here: it is hidden, which is another criterion.
    """
    found: dict[str, Evidence] = {}
    for name in kind.mandatory_fields:
        if name == PORTRAIT or kind.fields[name].format is None:
            continue
        code = f"field.{name}.unreadable"
        reading = readings.get(name)
        if reading is None or not reading.visible:
            found[code] = NOT_APPLICABLE
            continue
        if reading.confidence is None or reading.quad is None:
            found[code] = NOT_COMPUTED
            continue
        score = 1.0 - reading.confidence
        if not formats[name].ok:
            score = UNREADABLE_WHEN_FORMAT_BROKEN + (1.0 - UNREADABLE_WHEN_FORMAT_BROKEN) * score
        found[code] = Evidence(float(np.clip(score, 0.0, 1.0)), (Region(name, reading.quad, "unreadable"),))
    return found


def of_expiry(kind: DocumentType, expiry: date | None, place: Quad | None, as_of: date) -> Evidence:
    """`document.expired`: 1 from the day after the expiry date, 0 until then, not computed when it was not read."""
    if "expiry_date" not in kind.fields:
        return NOT_APPLICABLE
    if expiry is None:
        return NOT_COMPUTED
    regions = (Region("expiry_date", place, "expired"),) if place is not None else ()
    return Evidence(float(expiry < as_of), regions)
