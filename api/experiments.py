"""GET /v1/experiments/report: the reading of the running experiment, for a page or a notebook."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter

from api.access import require
from api.deps import RunningService
from api.schemas import Answer
from idqc.access.keys import Scope
from idqc.errors import NotFound
from idqc.experiments.report import State
from idqc.surfaces.experiment_reading import look_at

router = APIRouter(prefix="/v1/experiments", tags=["experiments"], dependencies=[require(Scope.ADMIN)])

Number = float | None
Title = dict[Literal["ko", "en"], str]


class SampleRatio(Answer):
    """Whether the arms got their shares; below `stops_below` nothing is read."""

    p: float
    stops_below: float


class ReadingBody(Answer):
    """One measure of one arm with its always-valid interval; null while too few customers stand behind it."""

    arm: str
    metric: str
    title: Title
    count: int
    value: Number
    low: Number
    high: Number


class ComparisonBody(Answer):
    """The primary measure of one arm minus another's; `better` names the arm that is certainly ahead."""

    one: str
    other: str
    difference: Number
    low: Number
    high: Number
    better: str | None


class ReportBody(Answer):
    """All that the experiment says at this moment; valid however often it is asked for."""

    experiment: str
    at: datetime
    state: State
    winner: str | None
    primary: str
    confidence: float
    min_per_arm: int
    customers: dict[str, int]
    sample_ratio: SampleRatio
    readings: list[ReadingBody]
    comparisons: list[ComparisonBody]


@router.get("/report")
def read_report(service: RunningService) -> ReportBody:
    """Reads the running experiment."""
    experiment = service.capture.experiment
    if experiment is None:
        raise NotFound("No experiment is running.", "Set IDQC_EXPERIMENT to its TOML file.", code="experiment.none")
    return ReportBody(**look_at(service.house.store, experiment).report.to_json())
