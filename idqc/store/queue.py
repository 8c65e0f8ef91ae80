"""The queue: claims with a lease, heartbeats, retries with backoff, dead letters. Every claim is one UPDATE."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select, update

from idqc.errors import Conflict
from idqc.states import State
from idqc.store import submissions as cases
from idqc.store.tables import inspections, submissions

MAX_ATTEMPTS = 8
"""Claims that may end without a result: a photo that ends the process itself is given up after so many."""
BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=10)


@dataclass(frozen=True)
class Claim:
    """One submission in a worker's hands, until its lease ends. Only the holder of the token concludes it."""

    submission_id: str
    token: str
    attempt: int
    spool_id: str | None
    document_type: str | None
    created_at: datetime


class LostLease(Conflict):
    """Another worker has the submission by now, or it is over: nothing of this attempt may be kept."""

    code = "queue.lost_lease"


def ready(connection: Connection, now: datetime) -> bool:
    """Whether something waits or a lease has ended: a look that takes no write lock, for workers with nothing to do."""
    due = or_(submissions.c.not_before.is_(None), submissions.c.not_before <= now)
    some = select(submissions.c.id).where(
        or_(
            and_(submissions.c.state == State.QUEUED.value, due),
            and_(submissions.c.state == State.INSPECTING.value, submissions.c.lease_until < now),
        )
    )
    return connection.execute(some.limit(1)).first() is not None


def claim(connection: Connection, worker: str, now: datetime, lease: timedelta) -> Claim | None:
    """Takes the submission that waits longest, or None. Two workers never get the same one."""
    oldest = (
        select(submissions.c.id)
        .where(
            submissions.c.state == State.QUEUED.value,
            or_(submissions.c.not_before.is_(None), submissions.c.not_before <= now),
        )
        .order_by(submissions.c.created_at, submissions.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    token = uuid.uuid4().hex
    taken = connection.execute(
        update(submissions)
        .where(submissions.c.id == oldest, submissions.c.state == State.QUEUED.value)
        .values(
            state=State.INSPECTING.value,
            updated_at=now,
            lease_token=token,
            lease_until=now + lease,
            worker=worker,
            attempt=submissions.c.attempt + 1,
        )
        .returning(
            submissions.c.id,
            submissions.c.attempt,
            submissions.c.spool_id,
            submissions.c.document_type,
            submissions.c.created_at,
        )
    ).one_or_none()
    if taken is None:
        return None
    cases.record_change(connection, taken.id, State.QUEUED, State.INSPECTING, now, worker)
    return Claim(taken.id, token, taken.attempt, taken.spool_id, taken.document_type, taken.created_at)


def renew(connection: Connection, held: Claim, now: datetime, lease: timedelta) -> bool:
    """The heartbeat: makes the lease longer. False when it is lost."""
    renewed = connection.execute(
        update(submissions)
        .where(submissions.c.id == held.submission_id, submissions.c.lease_token == held.token)
        .values(lease_until=now + lease)
    )
    return renewed.rowcount == 1


def conclude(
    connection: Connection,
    held: Claim,
    to: State,
    now: datetime,
    values: Mapping[str, Any],
    inspection: Mapping[str, Any] | None,
    actor: str = "worker",
) -> None:
    """Writes the result of an inspection and the new state together, if the lease is still this worker's.

    Raises:
        LostLease: it is not; the caller's transaction must be given up.
    """
    _hold(connection, held)
    if inspection is not None:
        connection.execute(insert(inspections).values(**inspection))
    cases.move(connection, held.submission_id, to, actor, now, expected=State.INSPECTING, values=values)


def release(connection: Connection, held: Claim, now: datetime, actor: str = "worker") -> None:
    """Puts a submission back that was not worked on, as if it had never been claimed. Raises LostLease."""
    _hold(connection, held)
    cases.move(connection, held.submission_id, State.QUEUED, actor, now, values={"attempt": held.attempt - 1})


def fail(connection: Connection, held: Claim, now: datetime, error_code: str, actor: str = "worker") -> State:
    """Puts a submission back after an error, later and later; after MAX_ATTEMPTS it is dead. Raises LostLease."""
    _hold(connection, held)
    return _retry(connection, held.submission_id, held.attempt, now, error_code, actor)


def release_expired(connection: Connection, now: datetime, limit: int = 20) -> int:
    """Puts back what workers held that stopped to answer. Returns how many."""
    gone = connection.execute(
        select(submissions.c.id, submissions.c.attempt)
        .where(submissions.c.state == State.INSPECTING.value, submissions.c.lease_until < now)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in gone:
        _retry(connection, row.id, row.attempt, now, "queue.lease_expired", "queue")
    return len(gone)


def dead(connection: Connection, limit: int = 1000) -> Sequence[RowMapping]:
    """The dead letters, the oldest first."""
    found = select(submissions).where(submissions.c.state == State.DEAD.value).order_by(submissions.c.updated_at)
    return connection.execute(found.limit(limit)).mappings().all()


def requeue(connection: Connection, submission_id: str, now: datetime, actor: str) -> None:
    """Gives a dead letter a new set of attempts.

    Raises:
        NotFound: no such submission.
        Conflict: it is not dead, or its photo is past its age and gone.
    """
    row = cases.lock(connection, submission_id)
    if row["spool_id"] is None:
        raise Conflict(
            "The photo of this dead letter was deleted at its maximum age.", "Ask the customer for another photo."
        )
    cases.move(
        connection,
        submission_id,
        State.QUEUED,
        actor,
        now,
        expected=State.DEAD,
        values={"attempt": 0, "not_before": None, "error_code": None},
    )


def backoff(attempt: int) -> timedelta:
    """How long to wait after so many attempts: 2 s, 4 s, 8 s ... at most ten minutes."""
    return min(BACKOFF * (1 << min(attempt, 20) - 1), LONGEST_BACKOFF)


def _hold(connection: Connection, held: Claim) -> None:
    # Comparing the token under the row's lock is what makes a result count once.
    row = connection.execute(
        select(submissions.c.lease_token).where(submissions.c.id == held.submission_id).with_for_update()
    ).one_or_none()
    if row is None or row.lease_token != held.token:
        raise LostLease("The lease on this submission is lost.", "Nothing to do: whoever has it now concludes it.")


def _retry(
    connection: Connection, submission_id: str, attempt: int, now: datetime, error_code: str, actor: str
) -> State:
    to = State.DEAD if attempt >= MAX_ATTEMPTS else State.QUEUED
    # A killed worker says nothing against the photo: it waits no longer than the lease.
    wait = timedelta(0) if error_code == "queue.lease_expired" and attempt < 3 else backoff(attempt)
    cases.move(
        connection,
        submission_id,
        to,
        actor,
        now,
        expected=State.INSPECTING,
        values={"not_before": now + wait, "error_code": error_code},
    )
    return to
