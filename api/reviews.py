"""The reviewer's queue over HTTP, for a bank's own case system: list, claim, look, decide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access import Caller, require
from api.deps import RunningService
from api.paths import SubmissionId
from api.schemas import Answer
from idqc.access.keys import Scope
from idqc.errors import NotFound
from idqc.review.rules import MAX_NOTE_CHARACTERS, Choice
from idqc.surfaces import review, verification

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

Reviewer = Annotated[Caller, require(Scope.REVIEW)]
MAX_REASONS = 50


class CaseBody(Answer):
    """One case of the queue, the most urgent first."""

    submission_id: str
    state: Literal["awaiting_review", "second_review"]
    opened_at: datetime
    risk: float = Field(description="0 without a warning; grows with number, kind and strength of the warnings.")
    document_type: str | None
    flags: list[str]
    warnings: list[str] = Field(description="Criteria that warn or reject.")
    attempts: int = Field(description="Photos that this customer has sent, this one included.")
    claimed: bool
    appeal_due_at: datetime | None


class QueueBody(Answer):
    """The queue."""

    cases: list[CaseBody]


class ClaimBody(Answer):
    """A case that is the caller's until it expires."""

    submission_id: str
    until: datetime
    inspection: dict[str, Any] | None


class DecisionRequest(BaseModel):
    """What the reviewer says of a claimed case."""

    model_config = ConfigDict(extra="forbid")

    decision: Choice
    reasons: list[Annotated[str, Field(max_length=80)]] = Field(
        default_factory=list, max_length=MAX_REASONS, description="Criteria of the catalogue; needed for reject."
    )
    note: str = Field(default="", max_length=MAX_NOTE_CHARACTERS, description="No personal data.")


class StepBody(Answer):
    """What became of the case."""

    submission_id: str
    state: Literal["approved", "rejected", "second_review"]


@router.get("")
def list_reviews(
    service: RunningService, caller: Reviewer, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> QueueBody:
    """The cases that wait for a person, ordered by risk and age."""
    rows = review.open_queue(service.house.store, caller.actor, service.sampling, limit)
    cases = [
        CaseBody.model_validate(
            {
                "submission_id": row.submission_id,
                "state": row.state.value,
                "opened_at": row.opened_at,
                "risk": row.risk,
                "document_type": row.document_type,
                "flags": list(row.flags),
                "warnings": [one["criterion"] for one in row.findings if one["outcome"] in ("reject", "warn")],
                "attempts": row.attempts,
                "claimed": row.claimed_by is not None,
                "appeal_due_at": row.appeal_due_at,
            }
        )
        for row in rows
        if not row.heard
    ]
    return QueueBody(cases=cases)


@router.post("/{submission_id}/claim")
def claim_review(submission_id: SubmissionId, service: RunningService, caller: Reviewer) -> ClaimBody:
    """Takes a case for ten minutes, or renews that; answers its Inspection."""
    claimed = review.claim(service.house.store, submission_id, caller.actor, service.sampling)
    review.note_view(service.house.store, submission_id, caller.actor, "case")
    inspection = verification.inspection_of(service.house, submission_id, caller.audience)
    return ClaimBody(submission_id=submission_id, until=claimed.until, inspection=inspection)


@router.get("/{submission_id}/photo", responses={200: {"content": {"image/jpeg": {}}}}, response_class=Response)
def read_review_photo(submission_id: SubmissionId, service: RunningService, caller: Reviewer) -> Response:
    """The masked photo of a case that the caller has claimed."""
    review.claim(service.house.store, submission_id, caller.actor, service.sampling)
    try:
        photo = verification.masked_photo(service.house, submission_id)
    except Exception as gone:
        raise NotFound("There is no photo of this case.", "It was deleted, or never kept.") from gone
    review.note_view(service.house.store, submission_id, caller.actor, "photo", picture="whole")
    return Response(photo, media_type="image/jpeg")


@router.post("/{submission_id}/decision")
def decide_review(
    submission_id: SubmissionId, decision: DecisionRequest, service: RunningService, caller: Reviewer
) -> StepBody:
    """Approves, rejects with reasons, or refers a claimed case. A sampled case goes to a second, blind opinion."""
    step = review.decide(
        service.house.store, submission_id, caller.actor, decision.decision, decision.reasons, decision.note
    )
    return StepBody.model_validate({"submission_id": submission_id, "state": step.value})
