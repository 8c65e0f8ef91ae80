"""The reviewer's pages: the queue, a case, its pictures, the decision. What a claim or decision means stands in
`idqc.surfaces.review`; here are only forms and answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import RunningService, Service
from api.pages.case_view import case_view, marks_of, queue_row
from api.pages.render import page, texts_of
from api.pages.session import CheckedForm, PossibleVisitor, Visitor, allow
from api.pages.sign_in import HOME, sign_in_page
from api.paths import SubmissionId
from idqc.access.accounts import Permission
from idqc.errors import Conflict, RequestError
from idqc.inspection import Audience
from idqc.review.rules import CLAIM_LIFE, Choice, check_decision
from idqc.states import State
from idqc.store import appeals, reviews, submissions
from idqc.surfaces import review, verification

router = APIRouter(prefix="/console", include_in_schema=False)

Reviewer = Annotated[Visitor, allow(Permission.DECIDE)]
QUEUE_LENGTH = 100


@router.get("")
def read_queue(
    request: Request, service: RunningService, visitor: PossibleVisitor, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The queue; the sign-in page when nobody is signed in; an operator's page for an operator."""
    if visitor is None:
        return sign_in_page(request, service)
    if not visitor.account.may(Permission.DECIDE):
        return RedirectResponse(f"{HOME}/operations", 303)
    t, now = texts_of(request), service.house.store.clock()
    rows = review.open_queue(service.house.store, visitor.actor, service.sampling, QUEUE_LENGTH)
    counts = {
        "waiting": len(rows),
        "second": sum(row.state is State.SECOND_REVIEW for row in rows),
        "appeals": sum(row.appeal_due_at is not None for row in rows),
    }
    lines = [queue_row(t, row, visitor.actor, now) for row in rows if not row.heard]
    message = t(f"case.{done}") if t.has(f"case.{done}") else ""
    return page(request, "queue.html", here="queue", rows=lines, counts=counts, message=message, **visitor.shown)


@router.post("/next")
def take_next(service: RunningService, visitor: Reviewer, form: CheckedForm) -> Response:
    """Claims the most urgent case and goes to it."""
    claimed = review.claim_next(service.house.store, visitor.actor, service.sampling)
    return RedirectResponse(HOME if claimed is None else f"{HOME}/cases/{claimed.submission_id}", 303)


@router.post("/ahead")
def take_ahead(service: RunningService, visitor: Reviewer, form: CheckedForm) -> Response:
    """Claims the case after this one, so that its page can be made ready; 204 when there is none."""
    current = str(form.get("after", ""))[:32]
    claimed = review.claim_next(service.house.store, visitor.actor, service.sampling, current)
    if claimed is None:
        return Response(status_code=204)
    return JSONResponse({"case_id": claimed.submission_id})


@router.get("/cases/{submission_id}")
def read_case(
    request: Request, submission_id: SubmissionId, service: RunningService, visitor: Reviewer, ahead: bool = False
) -> Response:
    """One case. Opening it claims it, when it is free; the view is written down before anything is shown."""
    return _case_page(request, service, visitor, submission_id, ahead=ahead)


@router.post("/cases/{submission_id}/claim")
def renew_claim(submission_id: SubmissionId, service: RunningService, visitor: Reviewer, form: CheckedForm) -> Response:
    """Renews the claim while somebody works on the case."""
    review.claim(service.house.store, submission_id, visitor.actor, service.sampling)
    return Response(status_code=204)


@router.post("/cases/{submission_id}/release")
def release_case(
    submission_id: SubmissionId, service: RunningService, visitor: Reviewer, form: CheckedForm
) -> Response:
    """Puts the case back into the queue."""
    review.release(service.house.store, submission_id, visitor.actor)
    return RedirectResponse(HOME, 303)


@router.post("/cases/{submission_id}/shown")
def note_shown(submission_id: SubmissionId, service: RunningService, visitor: Reviewer, form: CheckedForm) -> Response:
    """A case that was made ready off screen is looked at now; its claim begins anew.

    Raises:
        Conflict: it was ready for so long that another reviewer has it by now.
    """
    review.claim(service.house.store, submission_id, visitor.actor, service.sampling)
    review.note_view(service.house.store, submission_id, visitor.actor, "case")
    return Response(status_code=204)


@router.post("/cases/{submission_id}/decision")
async def decide_case(
    request: Request, submission_id: SubmissionId, service: RunningService, visitor: Reviewer, form: CheckedForm
) -> Response:
    """Approves, rejects, or sends to second review; then the queue, or for a script just the step."""
    choice, note = str(form.get("choice", "")), str(form.get("note", "")).strip()
    reasons = [str(reason) for reason in form.getlist("reasons")]
    by_script = "application/json" in request.headers.get("accept", "")

    def decide() -> Response:
        try:
            if choice not in set(Choice):
                raise _unknown_choice()
            wanted = Choice(choice)
            # A reason that was ticked and then not needed is dropped; only a rejection has reasons.
            kept = check_decision(wanted, reasons if wanted is Choice.REJECT else [], note)
            step = review.decide(service.house.store, submission_id, visitor.actor, wanted, kept, note)
        except RequestError as refused:
            if by_script:
                raise
            t = texts_of(request)
            told = t("case.lost") if isinstance(refused, Conflict) else t("case.not_decided", detail=refused)
            return _case_page(
                request, service, visitor, submission_id, status=409, error=told, chosen=reasons, note=note
            )
        if by_script:
            return JSONResponse({"step": step.value})
        return RedirectResponse(f"{HOME}?done=decided", 303)

    return await run_in_threadpool(decide)


def _unknown_choice() -> RequestError:
    return RequestError("The choice is not known.", "Use approve, reject or refer.", code="request.choice")


def _case_page(
    request: Request, service: Service, visitor: Visitor, submission_id: str, *, ahead: bool = False,
    status: int = 200, error: str = "", chosen: list[str] | None = None, note: str = "",
) -> Response:  # fmt: skip
    t, house = texts_of(request), service.house
    store, now = house.store, house.store.clock()
    with store.reading() as connection:
        submission = submissions.read(connection, submission_id)
        others = _others(connection, submission)
        case = reviews.find_case(connection, submission_id)
        appeal = appeals.find_appeal(connection, submission_id)
    why_not = ""
    try:
        claim = review.claim(store, submission_id, visitor.actor, service.sampling)
    except Conflict:
        claim = None
        heard = case is not None and visitor.actor in case.heard
        why_not = t("case.own" if heard else "case.lost")
    review.note_view(store, submission_id, visitor.actor, "case", ahead=ahead)
    answer = verification.inspection_of(house, submission_id, Audience.REVIEWER)
    view = case_view(t, dict(submission), answer, others, now)
    due_at = appeal.due_at if appeal is not None and appeal.decided_at is None else None
    second = claim is not None and submission["state"] == State.SECOND_REVIEW.value
    shown: dict[str, Any] = {
        **view,
        "marks": marks_of(t, State(submission["state"]), due_at, now),
        "blind": second and claim is not None and claim.sampled,
        "notes": case.notes if second and case is not None and not case.sampled else (),
    }
    return page(
        request, "case.html", status, here="queue", case=shown, mine=claim is not None, why_not=why_not, error=error,
        chosen=chosen or [], note=note, claim_minutes=round(CLAIM_LIFE.total_seconds() / 60), **visitor.shown,
    )  # fmt: skip


def _others(connection: Any, submission: Any) -> list[dict[str, Any]]:
    if submission["customer_hmac"] is None:
        return []
    found = submissions.of_customer(connection, submission["customer_hmac"])
    ids = [row["id"] for row in found if row["id"] != submission["id"]]
    findings = reviews.findings_of(connection, ids)
    return [{**row, "findings": findings.get(row["id"], ())} for row in found if row["id"] != submission["id"]]
