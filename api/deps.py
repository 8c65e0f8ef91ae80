"""What the resources share: the running service, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from api.admission import Admission
from api.metrics import Metrics
from api.pages.forms import SignInForms
from api.rate_limits import RateLimits
from idqc.inspector import Inspector
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.capture_sessions import CaptureStep
from idqc.surfaces.review import Sampling


@dataclass
class Service:
    """One running service. `ready` turns true once, after every model has run."""

    settings: Settings
    inspector: Inspector
    admission: Admission
    house: House
    capture: CaptureStep
    sampling: Sampling
    sign_in_forms: SignInForms
    openid: Any | None = None
    """Authlib's client of the identity provider, which has no types of its own."""
    rate_limits: RateLimits = field(default_factory=RateLimits)
    metrics: Metrics = field(default_factory=Metrics)
    ready: bool = False


def service_of(request: Request) -> Service:
    """The service behind this app."""
    service: Service = request.app.state.service
    return service


RunningService = Annotated[Service, Depends(service_of)]
