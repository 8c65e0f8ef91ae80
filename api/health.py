"""Whether the process lives, and whether it is ready for photos."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import RunningService
from api.schemas import Health, Problem
from idqc.errors import Busy

router = APIRouter(tags=["health"])


class Warming(Busy):
    """Not every model has run yet."""

    code = "service.warming"


@router.get("/healthz", response_model_exclude_none=True)
async def healthz() -> Health:
    """The process lives."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Problem, "description": "Not every model has run yet"}})
async def readyz(service: RunningService) -> Health:
    """Every model has run once; photos are welcome."""
    if not service.ready:
        raise Warming("The models have not all run once.", "Ask again in a second.", retry_after_s=1)
    return Health(status="ready", release=service.inspector.release.id)
