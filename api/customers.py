"""DELETE /v1/customers: everything that is kept of one customer, on their request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header

from api.access import Caller, require
from api.deps import RunningService
from api.schemas import Answer, Problem
from idqc.access.keys import Scope
from idqc.surfaces.housekeeping import erase_customer

router = APIRouter(prefix="/v1", tags=["customers"])


class ErasedBody(Answer):
    """How much there was. Zero where nothing was known, or all was erased before."""

    submissions: int


@router.delete("/customers", responses={status: {"model": Problem} for status in (400, 401, 403, 429)})
def erase(
    service: RunningService,
    caller: Annotated[Caller, require(Scope.ADMIN)],
    customer_ref: Annotated[str, Header(alias="Idqc-Customer-Ref", min_length=1, max_length=200)],
) -> ErasedBody:
    """Deletes photos, readings and references of a customer at once, whatever the state; leaves an audit entry."""
    return ErasedBody(submissions=erase_customer(service.house, customer_ref, caller.actor))
