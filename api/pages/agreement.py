"""The leads' page: how far reviewers agree who judged the same cases without seeing each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import RunningService
from api.pages.render import page
from api.pages.session import Visitor, allow
from idqc.access.accounts import Permission
from idqc.store import accounts
from idqc.surfaces.review import measure_agreement

router = APIRouter(prefix="/console", include_in_schema=False)

DAYS = 90


@router.get("/agreement")
def read_agreement(
    request: Request, service: RunningService, visitor: Annotated[Visitor, allow(Permission.READ_AGREEMENT)]
) -> Response:
    """Cohen's kappa with its interval, and what each reviewer decided."""
    found, lines = measure_agreement(service.house.store, DAYS)
    with service.house.store.reading() as connection:
        names = accounts.names_of(connection)
    shown = [
        {
            "name": names.get(line.reviewer.removeprefix("account:"), line.reviewer),
            "decisions": line.decisions,
            "rejected": f"{100 * line.rejections / line.decisions:.0f} %" if line.decisions else "–",
            "overturned": line.overturned,
        }
        for line in lines
    ]
    return page(request, "agreement.html", here="agreement", found=found, lines=shown, days=DAYS, **visitor.shown)
