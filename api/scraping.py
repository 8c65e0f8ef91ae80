"""GET /metrics: open on a demo's own machine; in production for admin keys, since counts would help an attacker."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.access import PossibleCaller, admit
from api.deps import RunningService
from idqc.access.keys import Scope
from idqc.settings import Mode

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def read_metrics(service: RunningService, caller: PossibleCaller) -> Response:
    """The text that Prometheus scrapes."""
    if service.settings.mode is not Mode.DEMO:
        admit(caller, frozenset({Scope.ADMIN}))
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)
