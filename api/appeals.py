"""POST /v1/submissions/{id}/appeals: a person looks at a rejection, within 30 days."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response

from api.access import Caller, require
from api.deps import RunningService
from api.paths import SubmissionId
from api.schemas import Answer
from idqc.access.keys import Scope
from idqc.surfaces.review import make_appeal

router = APIRouter(prefix="/v1", tags=["reviews"])


class AppealBody(Answer):
    """An appeal and its clock."""

    appeal_id: str
    submission_id: str
    made_at: datetime
    due_at: datetime
    decided_at: datetime | None
    outcome: str | None


@router.post("/submissions/{submission_id}/appeals", status_code=201)
def post_appeal(
    submission_id: SubmissionId,
    service: RunningService,
    caller: Annotated[Caller, require(Scope.SUBMIT)],
    answer: Response,
) -> AppealBody:
    """Opens a human review of a rejected submission. A second call answers the first one's appeal, with 200."""
    appeal, is_new = make_appeal(service.house.store, submission_id, caller.actor)
    if not is_new:
        answer.status_code = 200
    return AppealBody(
        appeal_id=appeal.appeal_id,
        submission_id=appeal.submission_id,
        made_at=appeal.made_at,
        due_at=appeal.due_at,
        decided_at=appeal.decided_at,
        outcome=appeal.outcome,
    )
