"""The leads' page of the experiment on the capture screen, and the same page as a file that stands alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.deps import RunningService
from api.pages.experiment_view import experiment_view
from api.pages.render import page, render, texts_of
from api.pages.session import Visitor, allow
from api.pages.texts import TEMPLATES, Texts
from idqc.access.accounts import Permission
from idqc.experiments.arms import Experiment
from idqc.surfaces.experiment_reading import ExperimentReading, look_at

router = APIRouter(prefix="/console", include_in_schema=False)

STYLE = TEMPLATES.parent / "static" / "console" / "console.css"


@router.get("/experiment")
def read_experiment_page(
    request: Request, service: RunningService, visitor: Annotated[Visitor, allow(Permission.READ_EXPERIMENT)]
) -> Response:
    """The running experiment as of now; says so when there is none."""
    experiment = service.capture.experiment
    found = None
    if experiment is not None:
        found = experiment_view(texts_of(request), experiment, look_at(service.house.store, experiment))
    return page(request, "experiment.html", here="experiment", found=found, **visitor.shown)


def experiment_file(experiment: Experiment, looked: ExperimentReading, language: str) -> str:
    """The page as one HTML file with its style inside: no script, nothing that is loaded from elsewhere.

    Args:
        experiment: what was read.
        looked: the reading.
        language: `ko` or `en`.
    """
    texts = Texts("console", language)
    # The style sheet is a file of ours, not somebody's input.
    style = Markup(STYLE.read_text(encoding="utf-8"))
    return render("experiment_file.html", texts, found=experiment_view(texts, experiment, looked), style=style)
