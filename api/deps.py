"""What the resources share: the running service, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.admission import Admission
from api.metrics import Metrics
from idqc.inspection import Audience
from idqc.inspector import Inspector
from idqc.settings import Mode, Settings
from idqc.surfaces.capture_sessions import CaptureStep


@dataclass
class Service:
    """One running service. `ready` turns true once, after every model has run."""

    settings: Settings
    inspector: Inspector
    admission: Admission
    metrics: Metrics = field(default_factory=Metrics)
    ready: bool = False
    capture: CaptureStep | None = None


def service_of(request: Request) -> Service:
    """The service behind this app."""
    service: Service = request.app.state.service
    return service


RunningService = Annotated[Service, Depends(service_of)]


def catalogue_audience(service: RunningService) -> Audience:
    """Whoever sits at a demo's machine is its operator; in production thresholds are shown to nobody over HTTP."""
    return Audience.OPERATOR if service.settings.mode is Mode.DEMO else Audience.CUSTOMER


CatalogueAudience = Annotated[Audience, Depends(catalogue_audience)]
