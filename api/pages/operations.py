"""The operators' page: how full the queue is, dead letters, accounts and keys. No photo and no reading on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import RunningService
from api.pages.case_view import moment, short
from api.pages.render import page, texts_of
from api.pages.session import CheckedForm, Visitor, allow
from api.paths import SubmissionId
from idqc.access.accounts import Permission
from idqc.errors import Conflict
from idqc.store import accounts, audit, keys, queue, submissions

router = APIRouter(prefix="/console/operations", include_in_schema=False)

Operator = Annotated[Visitor, allow(Permission.OPERATE)]
DEAD_SHOWN = 100


@router.get("")
def read_operations(
    request: Request, service: RunningService, visitor: Operator, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """The state of the service."""
    t, store = texts_of(request), service.house.store
    now = store.clock()
    with store.reading() as connection:
        depth = submissions.depth(connection)
        dead = queue.dead(connection, DEAD_SHOWN)
        people = accounts.list_accounts(connection)
        issued = keys.list_keys(connection)
    shown_accounts = [
        {
            "name": one.name,
            "role": one.role,
            "state": "disabled" if one.disabled else "locked" if (one.locked_until or now) > now else "active",
        }
        for one in people
    ]
    shown_keys = [
        {
            "name": key.name,
            "scopes": ", ".join(sorted(key.scopes)),
            "used": f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "",
            "state": "revoked" if key.revoked_at else "active",
        }
        for key in issued
    ]
    letters = [
        {
            "id": row["id"],
            "short": short(row["id"]),
            "error": row["error_code"] or "–",
            "when": moment(row["updated_at"]),
        }
        for row in dead
    ]
    message = t(f"operations.{done}") if t.has(f"operations.{done}") else ""
    return page(
        request, "operations.html", here="operations", states=[(state.value, depth[state]) for state in depth],
        dead=letters, accounts=shown_accounts, keys=shown_keys, message=message, **visitor.shown,
    )  # fmt: skip


@router.post("/{submission_id}/requeue")
def requeue(submission_id: SubmissionId, service: RunningService, visitor: Operator, form: CheckedForm) -> Response:
    """Gives a dead letter new attempts."""
    store = service.house.store
    try:
        with store.unit_of_work() as connection:
            queue.requeue(connection, submission_id, store.clock(), visitor.actor)
            audit.append(connection, visitor.actor, "submission.requeued", submission_id, {})
    except Conflict:
        return RedirectResponse("/console/operations?done=gone", 303)
    return RedirectResponse("/console/operations?done=requeued", 303)
