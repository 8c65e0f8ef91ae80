"""The catalogue over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import PossibleCaller
from api.deps import RunningService
from api.schemas import CatalogueBody, CriterionBody, Limits
from idqc.catalogue import all_criteria
from idqc.inspection import Audience, Surface

router = APIRouter(prefix="/v1", tags=["criteria"])


@router.get("/criteria", response_model_exclude_unset=True)
def read_criteria(service: RunningService, caller: PossibleCaller) -> CatalogueBody:
    """Every criterion with its wording, for anybody; with an admin key live thresholds too."""
    audience = caller.audience if caller is not None else Audience.CUSTOMER
    release = service.inspector.release
    lines = []
    for criterion in all_criteria():
        if not criterion.visible_to(audience):
            continue
        line = CriterionBody(
            code=criterion.code,
            family=criterion.family,
            meaning=dict(criterion.meaning),
            message=None if criterion.customer is None else dict(criterion.customer),
            spread=criterion.spread,
            surfaces=[surface for surface in Surface if surface in criterion.surfaces],
        )
        if audience is Audience.OPERATOR:
            limits = release.thresholds.of(criterion)
            line.thresholds = Limits(reject=limits.reject, reject_warning=limits.reject_warning)
            chance = release.thresholds.chance_of(criterion)
            line.prior = None if chance is None else chance.prior
        lines.append(line)
    return CatalogueBody(release=release.id, criteria=lines)
