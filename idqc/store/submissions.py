"""Submissions: adding, finding, and the one way in which a state changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from idqc.errors import Conflict, NotFound
from idqc.states import NEXT, State
from idqc.store import decision_times, webhooks
from idqc.store.tables import state_changes, submissions

REPLACEABLE = frozenset({State.AUTO_REJECTED, State.REJECTED, State.AWAITING_REVIEW, State.SECOND_REVIEW, State.DEAD})
"""What a customer may send another photo for. An approved case stays; a waiting one is looked at first."""


class Duplicate(Conflict):
    """An index refused the row: somebody was first."""

    code = "request.duplicate"


@dataclass(frozen=True)
class NewSubmission:
    """What arrives: the spooled photo and what the bank says about it. References come as HMACs."""

    spool_id: str
    request_hmac: str
    customer_hmac: str | None = None
    submitter: str = ""
    idempotency_hmac: str | None = None
    document_type: str | None = None
    language: str = "ko"
    device: str | None = None
    os: str | None = None
    app_version: str | None = None
    flags: Sequence[str] = ()
    replaces_id: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def add(connection: Connection, new: NewSubmission, now: datetime, actor: str = "submitter") -> str:
    """Adds one submission, queued, and marks the one it replaces as superseded. Returns its id.

    Raises:
        NotFound: `replaces_id` is unknown.
        Conflict: the case it replaces is approved, erased, or not yet judged, or was replaced before.
        Duplicate: its idempotency key, or the case it replaces, was used before; the transaction must be given up.
    """
    if new.replaces_id is not None:
        read(connection, new.replaces_id)
    values = {name: getattr(new, name) for name in NewSubmission.__dataclass_fields__}
    row = {**values, "flags": list(new.flags), "state": State.QUEUED.value, "reasons": []}
    try:
        connection.execute(insert(submissions).values(**row, created_at=now, updated_at=now))
    except IntegrityError:
        raise Duplicate("This submission is there already.", "Read it by its idempotency key.") from None
    record_change(connection, new.id, None, State.QUEUED, now, actor)
    if new.replaces_id is not None:
        replaced = lock(connection, new.replaces_id)
        if State(replaced.state) not in REPLACEABLE:
            raise Conflict(
                f"A submission that is {replaced.state} is not replaced.",
                "Wait until it is judged, or send a new submission.",
                state=replaced.state,
            )
        move(connection, new.replaces_id, State.SUPERSEDED, actor, now)
    return new.id


def read(connection: Connection, submission_id: str) -> RowMapping:
    """One submission's row by column name. Raises NotFound."""
    row = connection.execute(_by_id(submission_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such submission.", "Check the id that POST /v1/submissions answered.")
    return row


def lock(connection: Connection, submission_id: str) -> RowMapping:
    """The row, held until the transaction ends. Raises NotFound."""
    row = connection.execute(_by_id(submission_id).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such submission.", "Check the id that POST /v1/submissions answered.")
    return row


def by_idempotency(connection: Connection, submitter: str, idempotency_hmac: str) -> RowMapping | None:
    """The submission that a key of the same caller made before."""
    found = select(submissions).where(
        submissions.c.submitter == submitter, submissions.c.idempotency_hmac == idempotency_hmac
    )
    return connection.execute(found).mappings().one_or_none()


def replacement(connection: Connection, submission_id: str) -> str | None:
    """The id of the submission that replaced this one."""
    found = select(submissions.c.id).where(submissions.c.replaces_id == submission_id)
    return connection.execute(found).scalar_one_or_none()


def of_customer(connection: Connection, customer_hmac: str) -> Sequence[RowMapping]:
    """Everything that one customer sent, the newest first."""
    found = select(submissions).where(submissions.c.customer_hmac == customer_hmac)
    return connection.execute(found.order_by(submissions.c.created_at.desc(), submissions.c.id)).mappings().all()


def history(connection: Connection, submission_id: str) -> Sequence[RowMapping]:
    """Every change of one submission's state, in order."""
    found = select(state_changes).where(state_changes.c.submission_id == submission_id).order_by(state_changes.c.id)
    return connection.execute(found).mappings().all()


def depth(connection: Connection) -> dict[State, int]:
    """How many submissions are in each state that is not an end."""
    counted = connection.execute(
        select(submissions.c.state, func.count())
        .where(submissions.c.state.in_([state.value for state in State if state is not State.ERASED]))
        .group_by(submissions.c.state)
    )
    return {State(state): int(count) for state, count in counted}


def waiting(connection: Connection, limit: int) -> bool:
    """Whether at least `limit` submissions wait to be inspected; looks no further than that."""
    some = select(submissions.c.id).where(submissions.c.state == State.QUEUED.value).limit(limit).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one()) >= limit


def oldest_queued(connection: Connection) -> datetime | None:
    """When the submission that waits longest arrived."""
    found = select(func.min(submissions.c.created_at)).where(submissions.c.state == State.QUEUED.value)
    oldest: datetime | None = connection.execute(found).scalar_one()
    return oldest


def move(
    connection: Connection,
    submission_id: str,
    to: State,
    actor: str,
    now: datetime,
    *,
    expected: State | None = None,
    values: Mapping[str, Any] | None = None,
) -> State:
    """Changes a state: checks that it may follow, writes the change and tells the webhooks, all in this transaction.

    Args:
        to: the new state.
        actor: who does it, as in the audit log.
        expected: the state in which it must be; None allows any that `to` may follow.
        values: other columns to set with it, such as `reasons` or `decided_by`.

    Returns:
        The state before.

    Raises:
        NotFound: no such submission.
        Conflict: it is in another state by now.
    """
    row = lock(connection, submission_id)
    before = State(row["state"])
    if (expected is not None and before is not expected) or to not in NEXT[before]:
        raise Conflict(
            f"The submission is {before.value} and cannot become {to.value}.",
            "Read it again; somebody else was first, or it is over.",
            state=before.value,
        )
    changed = dict(values or {})
    if before is State.INSPECTING:
        changed.update(lease_token=None, lease_until=None, worker=None)
    if to in (State.AUTO_REJECTED, State.APPROVED, State.REJECTED):
        changed.setdefault("decided_at", now)
        changed.setdefault("decided_by", actor)
    elif before in (State.AUTO_REJECTED, State.REJECTED) and to is State.AWAITING_REVIEW:
        changed.update(decided_at=None, decided_by=None)
    # The lock is a no-op on SQLite, whose writers are alone anyway; the condition holds on both.
    if "decided_at" in changed and changed["decided_at"] is not None:
        decision_times.count(connection, to, (now - row["created_at"]).total_seconds())
    moved = connection.execute(
        update(submissions)
        .where(submissions.c.id == submission_id, submissions.c.state == before.value)
        .values(state=to.value, updated_at=now, **changed)
    )
    if moved.rowcount != 1:
        raise Conflict("The submission changed at this moment.", "Read it again.", state=before.value)
    record_change(connection, submission_id, before, to, now, actor)
    return before


def overdue(connection: Connection, states: Sequence[State], before: datetime, limit: int) -> Sequence[RowMapping]:
    """Submissions of these states that have not changed since, and still hold something."""
    found = select(submissions).where(
        and_(
            submissions.c.state.in_([state.value for state in states]),
            submissions.c.updated_at < before,
            or_(
                submissions.c.photo_id.is_not(None),
                submissions.c.spool_id.is_not(None),
                submissions.c.inspection_id.is_not(None),
                submissions.c.customer_hmac.is_not(None),
            ),
        )
    )
    return connection.execute(found.order_by(submissions.c.updated_at).limit(limit)).mappings().all()


def _by_id(submission_id: str) -> Select[Any]:
    return select(submissions).where(submissions.c.id == submission_id)


def record_change(
    connection: Connection, submission_id: str, before: State | None, after: State, now: datetime, actor: str
) -> None:
    """Writes one change of state and its webhook messages; `move` does it for you."""
    connection.execute(
        insert(state_changes).values(
            submission_id=submission_id,
            at=now,
            before=None if before is None else before.value,
            after=after.value,
            actor=actor,
        )
    )
    webhooks.announce(connection, submission_id, before, after, now)
