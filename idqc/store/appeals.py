"""Queries on appeals. None of them commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from idqc.store.tables.reviews import appeals


@dataclass(frozen=True)
class Appeal:
    """A customer's demand that a person look at a rejection."""

    appeal_id: str
    submission_id: str
    made_at: datetime
    due_at: datetime
    decided_at: datetime | None
    outcome: str | None


def find_appeal(connection: Connection, submission_id: str) -> Appeal | None:
    """The appeal of a submission."""
    row = connection.execute(select(appeals).where(appeals.c.submission_id == submission_id)).one_or_none()
    if row is None:
        return None
    return Appeal(row.id, row.submission_id, row.made_at, row.due_at, row.decided_at, row.outcome)


def add_appeal(connection: Connection, submission_id: str, made_at: datetime, due_at: datetime) -> Appeal:
    """Keeps an appeal. Raises IntegrityError when the submission has one."""
    appeal = Appeal(uuid4().hex, submission_id, made_at, due_at, None, None)
    connection.execute(
        insert(appeals).values(id=appeal.appeal_id, submission_id=submission_id, made_at=made_at, due_at=due_at)
    )
    return appeal


def decide_appeal(connection: Connection, submission_id: str, outcome: str, now: datetime) -> None:
    """Writes how an open appeal ended; does nothing without one."""
    connection.execute(
        update(appeals)
        .where(appeals.c.submission_id == submission_id, appeals.c.decided_at.is_(None))
        .values(decided_at=now, outcome=outcome)
    )
