"""What each stage says about each criterion, before any threshold: scores with the places that they point at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from idqc.chances import Chance
from idqc.consistency import Consistency
from idqc.documents import PORTRAIT, DocumentType
from idqc.inspection import Points, Quad, Region, freeze_quad
from idqc.models.fields import FieldBoxes
from idqc.models.fraud import FraudReading
from idqc.models.quality import QualityReading
from idqc.photo.geometry import area, homography, intersection_area, project, rectangle
from idqc.photo.quad import cut_off_score, cut_off_share, low_resolution_score, px_per_mm, tilt_deg, tilt_score
from idqc.readings import FieldText

UNREADABLE_WHEN_FORMAT_BROKEN = 0.5
"""A field that was read with confidence and breaks its format is at least half unreadable: one of the two is wrong."""


@dataclass(frozen=True)
class Evidence:
    """One criterion's score in 0..1, as its model or rule gives it, and its places.

    `applicable` is False where the criterion cannot apply. `rule` is a rule that speaks to the same question beside the
    model: its score is in the units of the answer.
    """

    score: float | None
    regions: tuple[Region, ...] = ()
    applicable: bool = True
    rule: Evidence | None = None

    def judged(self, chance: Chance | None) -> Evidence:
        """The evidence that counts: the model's score as a chance, or the rule where it is the surer of the two.

        The one place where a map is applied. None leaves the score as it is.
        """
        score = self.score if self.score is None or chance is None else chance(self.score)
        if score is not None and not math.isfinite(score):
            score = None  # no number is no evidence that all is well
        if self.rule is not None and surer(score, self.rule.score) != score:
            return self.rule
        return replace(self, score=score, rule=None)


def surer(score: float | None, rule: float | None) -> float | None:
    """The higher of two scores, of which either may be missing."""
    return max((value for value in (score, rule) if value is not None), default=None)


NOT_APPLICABLE = Evidence(None, applicable=False)
NOT_COMPUTED = Evidence(None)


def of_quad(quad_xy_px: Points, size_mm: tuple[float, float], width_px: int, height_px: int) -> dict[str, Evidence]:
    """Cut off, low resolution and tilt, from the quad alone."""
    whole = (Region("document", freeze_quad(quad_xy_px), "position"),)
    return {
        "quality.cut_off": Evidence(cut_off_score(cut_off_share(quad_xy_px, width_px, height_px)), whole),
        "quality.low_resolution": Evidence(low_resolution_score(px_per_mm(quad_xy_px, size_mm)), whole),
        "quality.tilt": Evidence(tilt_score(tilt_deg(quad_xy_px, size_mm, width_px, height_px)), whole),
    }


def of_glare(quality: QualityReading, quad_xy_px: Points, boxes: FieldBoxes | None) -> Evidence:
    """`quality.glare`, pointing at the burnt-out places, each under the name of the field that it hides most of."""
    to_photo = homography(rectangle(1.0, 1.0), quad_xy_px)
    regions = []
    for spot in quality.glare_quads:
        label, most = "document", 0.0
        for name, box in boxes.fields.items() if boxes is not None else ():
            corners = np.array(
                [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]], np.float32
            )
            share = intersection_area(spot, corners) / max(area(corners), 1e-9)
            if share > most:
                label, most = name, share
        regions.append((most, Region(label, freeze_quad(project(to_photo, spot)), "glare")))
    ranked = tuple(region for _, region in sorted(regions, key=lambda item: -item[0]))
    whole = (Region("document", freeze_quad(quad_xy_px), "glare"),)
    return Evidence(quality.severity["quality.glare"], ranked or whole)


def of_visibility(
    kind: DocumentType, boxes: FieldBoxes, places: Mapping[str, Quad], obstacles: tuple[Quad, ...], document: Quad
) -> dict[str, Evidence]:
    """`field.<name>.hidden` of every mandatory field but the portrait: one minus the confidence that it is visible.

    Args:
        places: where each field was seen, in photo pixels.
        obstacles: things that lie on the document; they are what is pointed at when a field is gone.
        document: the document's own quad, pointed at when nothing better is known.
    """
    blamed = tuple(Region("obstacle", quad, "covered") for quad in obstacles)
    found: dict[str, Evidence] = {}
    for name in kind.mandatory_fields:
        if name == PORTRAIT:
            continue
        if name in places:
            regions: tuple[Region, ...] = (Region(name, places[name], "hidden"),)
        else:
            regions = (Region(name, document, "hidden"), *blamed)
        found[f"field.{name}.hidden"] = Evidence(1.0 - boxes.visibility(name), regions)
    return found


def of_readings(kind: DocumentType, texts: Mapping[str, FieldText], places: Mapping[str, Quad]) -> dict[str, Evidence]:
    """`field.<name>.unreadable`: one minus the reader's confidence, at least a half when the format is broken.

    A field that was not found is *not applicable* here: it is hidden, which is another criterion.
    """
    found: dict[str, Evidence] = {}
    for name in kind.mandatory_fields:
        if name == PORTRAIT or kind.fields[name].format is None:
            continue
        text = texts.get(name)
        if text is None:
            found[f"field.{name}.unreadable"] = NOT_APPLICABLE
            continue
        score = 1.0 - text.reading.confidence
        if not text.checked.ok:
            score = UNREADABLE_WHEN_FORMAT_BROKEN + (1.0 - UNREADABLE_WHEN_FORMAT_BROKEN) * score
        region = Region(name, places[name], text.checked.reason or "unreadable")
        found[f"field.{name}.unreadable"] = Evidence(float(np.clip(score, 0.0, 1.0)), (region,))
    return found


def of_fraud(reading: FraudReading, places: Mapping[str, Quad], document: Quad) -> dict[str, Evidence]:
    """The fraud criteria that ran. What is spread over the card points at the document, an edit at its place."""
    found = {}
    for species, score in reading.scores.items():
        regions: tuple[Region, ...] = (Region("document", document, species),)
        if species == "portrait_tamper" and PORTRAIT in places:
            regions = (Region(PORTRAIT, places[PORTRAIT], species),)
        elif species == "text_tamper" and reading.fields:
            worst = max(reading.fields, key=lambda name: reading.fields[name])
            regions = (Region(worst, places[worst], species),)
        found[f"fraud.{species}"] = Evidence(score, regions)
    return found


def with_contradictions(pixels: Evidence, zone: Consistency, places: Mapping[str, Quad]) -> Evidence:
    """`fraud.text_tamper` from two witnesses: the pixels, and as a rule the MRZ against the visual zone."""
    if zone.score is None:
        return pixels
    regions = tuple(Region(name, places[name], "contradicts_mrz") for name in zone.fields if name in places)
    return replace(pixels, rule=Evidence(zone.score, regions or pixels.regions))


def worst_component(components: Mapping[str, float]) -> str:
    """The name of the portrait component that failed most."""
    return max(components, key=lambda name: components[name], default="low_quality")


def of_expiry(kind: DocumentType, expiry: tuple[date, float] | None, place: Quad | None, as_of: date) -> Evidence:
    """`document.expired`: from the day after the expiry date on as sure as that date is read, 0 until then.

    Not computed when no date was read.
    """
    if "expiry_date" not in kind.fields:
        return NOT_APPLICABLE
    if expiry is None:
        return NOT_COMPUTED
    regions = (Region("expiry_date", place, "expired"),) if place is not None else ()
    day, sure = expiry
    return Evidence(sure if day < as_of else 0.0, regions)


COVERED_SHARE = 0.2
"""Of a field: less paint than this leaves it to be judged."""


def of_redacted(
    evidence: Mapping[str, Evidence], kind: DocumentType, redacted: Sequence[Quad], quads: Mapping[str, Quad]
) -> dict[str, Evidence]:
    """What is left of the evidence where parts of the photo were painted over before it was kept.

    A number's or zone's own field is not judged at all; any other field is not judged where it was not found, since it
    may lie under the paint, or where paint covers a good part of it. Tampering of text is judged from what is bare.
    """
    painted = [np.array(quad, np.float32) for quad in redacted]
    changed: dict[str, Evidence] = {}
    for name, spec in kind.fields.items():
        found = np.array(quads[name], np.float32) if name in quads else None
        covered = found is None or any(
            intersection_area(quad, found) > COVERED_SHARE * max(area(found), 1e-9) for quad in painted
        )
        if covered or spec.sensitive or spec.format == "mrz_td3":
            for code in (f"field.{name}.hidden", f"field.{name}.unreadable"):
                if code in evidence:
                    changed[code] = NOT_COMPUTED
    return changed
