"""The vocabulary: what goes into an inspection and what comes out of it, as frozen values.

Every quad anywhere is four (x, y) points in pixels of the full-size photo after its EXIF turn,
clockwise from the document's own top left. Every score is 0 (normal) to 1 (should be turned away); a learned one is
a chance where the release has a map for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) uint8, BGR, 0..255."""

Points: TypeAlias = NDArray[np.float32]
"""(n, 2) float32, x then y."""

Quad: TypeAlias = tuple[tuple[float, float], ...]
"""Four (x, y) points, frozen; what findings and JSON carry."""


class Surface(StrEnum):
    """Who the photo is inspected for; decides which criteria count and when the cascade may stop."""

    CAPTURE = "capture"
    VERIFICATION = "verification"
    REVIEW = "review"


class Audience(StrEnum):
    """Who asks to see an Inspection; `idqc.audience.project` decides what each may see."""

    CUSTOMER = "customer"
    REVIEWER = "reviewer"
    OPERATOR = "operator"


class Outcome(StrEnum):
    """What a score means after thresholds. Not computed and not applicable are states of their own."""

    REJECT = "reject"
    WARN = "warn"
    PASS = "pass"
    NOT_COMPUTED = "not_computed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, eq=False)
class Photo:
    """The upload, decoded and turned upright by its EXIF tag.

    `bgr` holds the pixels at `scale` pixels of the array a full-size pixel (1.0, 0.5, 0.25 or 0.125);
    `width_px` and `height_px` are those of the full-size photo.
    """

    bgr: Image
    scale: float
    width_px: int
    height_px: int


@dataclass(frozen=True, eq=False)
class Document:
    """Where the document lies. `quad_xy_px` is (4, 2) in full-size photo pixels and may leave the frame."""

    type: str
    confidence: float
    quad_xy_px: Points
    document_bgr: Image


@dataclass(frozen=True)
class Region:
    """A named place in the photo that a finding points at."""

    label: str
    quad: Quad
    defect: str


@dataclass(frozen=True)
class Thresholds:
    """The two thresholds of a criterion; None means that this criterion never gives that outcome."""

    reject: float | None
    reject_warning: float | None


@dataclass(frozen=True)
class Finding:
    """One criterion, judged. `score` is None when not computed or not applicable.

    `raw` is the score before it became a chance, `rule` that of a rule beside the model; neither is ever answered, for
    they are what maps are fitted to.
    `message` is the sentence for customers, `advice` the one for reviewers, by language; both empty where nothing is
    told.
    """

    criterion: str
    score: float | None
    outcome: Outcome
    thresholds: Thresholds
    regions: tuple[Region, ...] = ()
    message: Mapping[str, str] = field(default_factory=dict)
    raw: float | None = None
    rule: float | None = None
    advice: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldReading:
    """What was read from one field. `value` is already masked where it holds a resident number.

    `seen` is how sure it is that a line stands at `quad` and that it is this field, 0..1.
    """

    name: str
    value: str | None
    confidence: float | None
    confidence_min: float | None
    visible: bool
    quad: Quad | None
    seen: float = 0.0


@dataclass(frozen=True)
class Inspection:
    """The answer: every criterion of the surface, the field readings, and the verdict they make."""

    inspection_id: str
    surface: Surface
    verdict: Outcome
    release: str
    policy: str
    image_width_px: int
    image_height_px: int
    as_of: date
    document_type: str | None
    document_confidence: float | None
    document_quad: Quad | None
    findings: tuple[Finding, ...]
    fields: tuple[FieldReading, ...]
    timings_ms: Mapping[str, float]
    explanation: Mapping[str, Any] = field(default_factory=dict)
    stray_quads: tuple[Quad, ...] = ()
    """Numbers and zones that were seen where this document type has none; never answered, always painted over."""


def freeze_quad(points_xy: Points) -> Quad:
    """Turns (4, 2) points into the frozen form that findings carry, to a tenth of a pixel."""
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points_xy)
