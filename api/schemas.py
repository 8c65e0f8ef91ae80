"""What the service answers, as pydantic models: the JSON of an Inspection, the catalogue, health, problems."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from idqc.inspection import Outcome, Surface

Score = float | None
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]


class Answer(BaseModel):
    """A closed JSON object: a key that is not declared is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Size(Answer):
    """The full-size photo after its EXIF turn."""

    width: int
    height: int


class Place(Answer):
    """Where the document lies; the quad runs clockwise from its own top left and may leave the frame."""

    type: str | None
    confidence: Score = Field(default=None, ge=0, le=1)
    quad: Quad


class Limits(Answer):
    """The two thresholds of a criterion; null means that it never gives that outcome."""

    reject: Score
    reject_warning: Score


class Spot(Answer):
    """A named place in the photo."""

    label: str
    quad: Quad
    defect: str


class FindingBody(Answer):
    """One criterion, judged. 0 is normal, 1 should be turned away; null where not computed or not applicable.

    Learned scores are chances where the release has a map for them (`prior` in `GET /v1/criteria`).
    `message` is the sentence for the customer, `advice` the one for a reviewer. `spread` says that it lies all over the
    document: no single place is to blame, and a heat map shows only where more of it is.
    """

    criterion: str
    score: Score = Field(default=None, ge=0, le=1)
    outcome: Outcome
    thresholds: Limits | None = None
    regions: list[Spot]
    message: dict[Literal["ko", "en"], str] | None
    advice: dict[Literal["ko", "en"], str] | None = None
    spread: bool | None = None


class Reading(Answer):
    """What was read from one field; resident numbers are masked."""

    name: str
    value: str | None
    confidence: Score = Field(ge=0, le=1)
    confidence_min: Score = Field(ge=0, le=1)
    visible: bool
    quad: Quad | None


class InspectionBody(Answer):
    """Every criterion of the surface, the field readings, and the verdict that they make."""

    inspection_id: str
    surface: Surface
    verdict: Literal[Outcome.REJECT, Outcome.WARN, Outcome.PASS]
    release: str
    policy: str
    image: Size
    as_of: date
    document: Place | None
    findings: list[FindingBody]
    fields: list[Reading]
    timings_ms: dict[str, float] | None = None
    explanation: dict[str, Any] | None = None


class CriterionBody(Answer):
    """One line of the catalogue. `thresholds` and `prior` are left out for whoever is no operator.

    With a prior, scores and thresholds are chances that such a photo is bad, where that share of all photos is.
    Without one, the score is a measurement.
    """

    code: str
    family: str
    meaning: dict[str, str]
    message: dict[str, str] | None
    spread: bool
    surfaces: list[Surface]
    thresholds: Limits | None = None
    prior: float | None = None


class CatalogueBody(Answer):
    """The criteria, those of every document type included."""

    release: str
    criteria: list[CriterionBody]


class Health(Answer):
    """Whether the process lives, or is ready for photos."""

    status: Literal["ok", "ready"]
    release: str | None = None


class Problem(Answer):
    """RFC 9457, with a stable `code`, the `numbers` of what was wrong and a `hint` of what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    numbers: dict[str, float | int | str]
