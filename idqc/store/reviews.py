"""Queries on cases, claims and opinions. None of them commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from idqc.inspection import Outcome
from idqc.review.rules import AGE_WEIGHT_PER_HOUR, CLAIM_LIFE, Choice, Opinion, Signal, is_sampled, risk
from idqc.states import State
from idqc.store.tables.reviews import appeals, opinions, review_cases
from idqc.store.tables.submissions import inspections, submissions

REVIEWED = (State.AWAITING_REVIEW.value, State.SECOND_REVIEW.value)
OPENED_AT_ONCE = 500
"""Cases opened in one transaction."""


@dataclass(frozen=True)
class Claim:
    """A case that is one reviewer's until it expires."""

    submission_id: str
    reviewer: str
    until: datetime
    round: int
    sampled: bool


@dataclass(frozen=True)
class QueueRow:
    """One case as the queue shows it."""

    submission_id: str
    state: State
    created_at: datetime
    opened_at: datetime
    risk: float
    document_type: str | None
    flags: Sequence[str]
    findings: Sequence[dict[str, Any]]
    attempts: int
    claimed_by: str | None
    appeal_due_at: datetime | None
    heard: bool
    """Whether whoever asks has given an opinion already."""


def open_cases(connection: Connection, *, share: float, salt: bytes, now: datetime) -> int:
    """Opens a case for every submission that awaits review and has none.

    Args:
        share: of cases that go to blind double review, 0 to 1.
        salt: the installation's secret, so that nobody can foretell which.

    Returns:
        How many were opened.
    """
    waiting = connection.execute(
        select(submissions.c.id, submissions.c.updated_at, inspections.c.findings)
        .outerjoin(inspections, inspections.c.id == submissions.c.inspection_id)
        .outerjoin(review_cases, review_cases.c.submission_id == submissions.c.id)
        .where(submissions.c.state.in_(REVIEWED), review_cases.c.submission_id.is_(None))
        .limit(OPENED_AT_ONCE)
    ).all()
    if not waiting:
        return 0
    rows = []
    for row in waiting:
        points = risk(signals(row.findings or ()))
        rows.append(
            {
                "submission_id": row.id,
                "round": 1,
                "opened_at": row.updated_at,
                "risk": points,
                "rank_at": _rank(row.updated_at, points),
                "sampled": is_sampled(row.id, share, salt),
            }
        )
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(review_cases).on_conflict_do_nothing(), rows)
    return len(rows)


def signals(findings: Sequence[dict[str, Any]]) -> list[Signal]:
    """What the order of the queue looks at in an inspection's findings."""
    return [Signal(one["criterion"], Outcome(one["outcome"]), one.get("score")) for one in findings]


def is_any_unopened(connection: Connection) -> bool:
    """Whether a submission awaits review without a case; reads only, so that looking at the queue locks nothing."""
    return (
        connection.execute(
            select(submissions.c.id)
            .outerjoin(review_cases, review_cases.c.submission_id == submissions.c.id)
            .where(submissions.c.state.in_(REVIEWED), review_cases.c.submission_id.is_(None))
            .limit(1)
        ).first()
        is not None
    )


def reopen_case(connection: Connection, submission_id: str, *, head_start: timedelta, now: datetime) -> None:
    """Opens a decided case again after an appeal, or opens one that no person ever saw; one opinion decides it.

    Args:
        head_start: how much earlier than now it stands in the queue.
    """
    opened = {
        "opened_at": now,
        "rank_at": now - head_start,
        "sampled": False,
        "closed_at": None,
        "claimed_by": None,
        "claimed_until": None,
    }
    reopened = connection.execute(
        update(review_cases)
        .where(review_cases.c.submission_id == submission_id)
        .values(round=review_cases.c.round + 1, **opened)
        .returning(review_cases.c.submission_id)
    ).first()
    if reopened is None:
        connection.execute(insert(review_cases).values(submission_id=submission_id, round=1, risk=0.0, **opened))


def list_cases(connection: Connection, reviewer: str, now: datetime, limit: int = 100) -> list[QueueRow]:
    """The open cases in the queue's order, those that the reviewer has had a say in included."""
    siblings = submissions.alias("siblings")
    attempts = (
        select(func.count())
        .where(
            siblings.c.customer_hmac == submissions.c.customer_hmac, siblings.c.created_at <= submissions.c.created_at
        )
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            submissions.c.id,
            submissions.c.state,
            submissions.c.created_at,
            submissions.c.document_type,
            submissions.c.flags,
            inspections.c.document_type.label("seen_type"),
            inspections.c.findings,
            review_cases.c.opened_at,
            review_cases.c.risk,
            review_cases.c.claimed_by,
            review_cases.c.claimed_until,
            appeals.c.due_at,
            attempts.label("attempts"),
            exists().where(*_heard(reviewer)).label("heard"),
        )
        .join(review_cases, review_cases.c.submission_id == submissions.c.id)
        .outerjoin(inspections, inspections.c.id == submissions.c.inspection_id)
        .outerjoin(appeals, and_(appeals.c.submission_id == submissions.c.id, appeals.c.decided_at.is_(None)))
        .where(submissions.c.state.in_(REVIEWED), review_cases.c.closed_at.is_(None))
        .order_by(review_cases.c.rank_at, submissions.c.id)
        .limit(limit)
    )
    return [
        QueueRow(
            submission_id=row.id,
            state=State(row.state),
            created_at=row.created_at,
            opened_at=row.opened_at,
            risk=row.risk,
            document_type=row.seen_type or row.document_type,
            flags=tuple(row.flags or ()),
            findings=tuple(row.findings or ()),
            attempts=max(row.attempts, 1),
            claimed_by=row.claimed_by if row.claimed_until is not None and row.claimed_until >= now else None,
            appeal_due_at=row.due_at,
            heard=bool(row.heard),
        )
        for row in rows
    ]


def claim_case(connection: Connection, submission_id: str, reviewer: str, now: datetime) -> Claim | None:
    """Takes or renews the claim on one case; None when it is another's, closed, or the reviewer has had a say in it."""
    return _claim(connection, review_cases.c.submission_id == submission_id, reviewer, now)


def claim_next(connection: Connection, reviewer: str, now: datetime, but_not: str = "") -> Claim | None:
    """Takes the most urgent case that nobody else has and that this reviewer has had no say in.

    Args:
        but_not: a case of the reviewer's own that is not meant.
    """
    first = (
        select(review_cases.c.submission_id)
        .join(submissions, submissions.c.id == review_cases.c.submission_id)
        .where(
            submissions.c.state.in_(REVIEWED),
            review_cases.c.closed_at.is_(None),
            review_cases.c.submission_id != but_not,
            or_(
                review_cases.c.claimed_until.is_(None),
                review_cases.c.claimed_until < now,
                review_cases.c.claimed_by == reviewer,
            ),
            ~exists().where(*_heard(reviewer)),
        )
        .order_by(review_cases.c.rank_at, review_cases.c.submission_id)
        .limit(1)
        .with_for_update(skip_locked=True, of=review_cases)
    )
    return _claim(connection, review_cases.c.submission_id == first.scalar_subquery(), reviewer, now)


def release_claim(connection: Connection, submission_id: str, reviewer: str) -> bool:
    """Gives a claim back; False when it was not the reviewer's."""
    released = connection.execute(
        update(review_cases)
        .where(review_cases.c.submission_id == submission_id, review_cases.c.claimed_by == reviewer)
        .values(claimed_by=None, claimed_until=None)
        .returning(review_cases.c.submission_id)
    )
    return released.first() is not None


def release_all(connection: Connection, reviewer: str) -> list[str]:
    """Gives back every claim of a reviewer; gives the cases."""
    released = connection.execute(
        update(review_cases)
        .where(review_cases.c.claimed_by == reviewer)
        .values(claimed_by=None, claimed_until=None)
        .returning(review_cases.c.submission_id)
    )
    return list(released.scalars())


def spend_claim(connection: Connection, submission_id: str, reviewer: str, now: datetime) -> Claim | None:
    """Ends the reviewer's claim because the case is being decided; None when it is not theirs any more.

    One UPDATE: of two decisions that come at the same moment one finds the claim gone.
    """
    row = connection.execute(
        update(review_cases)
        .where(
            review_cases.c.submission_id == submission_id,
            review_cases.c.claimed_by == reviewer,
            review_cases.c.claimed_until >= now,
            review_cases.c.closed_at.is_(None),
        )
        .values(claimed_by=None, claimed_until=None)
        .returning(review_cases.c.round, review_cases.c.sampled)
    ).one_or_none()
    return Claim(submission_id, reviewer, now, row.round, row.sampled) if row is not None else None


def add_opinion(connection: Connection, claim: Claim, opinion: Opinion, now: datetime) -> list[Opinion]:
    """Keeps an opinion; gives all of this round, the new one last. Raises IntegrityError when one is heard twice."""
    before = list_opinions(connection, claim.submission_id, claim.round)
    connection.execute(
        insert(opinions).values(
            submission_id=claim.submission_id,
            round=claim.round,
            number=len(before) + 1,
            reviewer=opinion.reviewer,
            choice=opinion.choice.value,
            reasons=list(opinion.reasons),
            note=opinion.note,
            said_at=now,
        )
    )
    return [*before, opinion]


def list_opinions(connection: Connection, submission_id: str, round_number: int) -> list[Opinion]:
    """The opinions of one round, in the order in which they were given."""
    rows = connection.execute(
        select(opinions)
        .where(opinions.c.submission_id == submission_id, opinions.c.round == round_number)
        .order_by(opinions.c.number)
    )
    return [_opinion(row) for row in rows]


def close_case(connection: Connection, submission_id: str, now: datetime) -> None:
    """Takes a decided case off the queue."""
    connection.execute(update(review_cases).where(review_cases.c.submission_id == submission_id).values(closed_at=now))


def sampled_opinions(connection: Connection, since: datetime) -> dict[tuple[str, int], list[Opinion]]:
    """The opinions of the blind sample's cases since a moment, by case and round."""
    rows = connection.execute(
        select(opinions)
        .join(review_cases, review_cases.c.submission_id == opinions.c.submission_id)
        .where(review_cases.c.sampled, opinions.c.said_at >= since)
        .order_by(opinions.c.submission_id, opinions.c.round, opinions.c.number)
    )
    found: dict[tuple[str, int], list[Opinion]] = {}
    for row in rows:
        found.setdefault((row.submission_id, row.round), []).append(_opinion(row))
    return found


def count_choices(connection: Connection, since: datetime) -> dict[str, dict[Choice, int]]:
    """How often each reviewer chose what since a moment."""
    rows = connection.execute(
        select(opinions.c.reviewer, opinions.c.choice, func.count().label("times"))
        .where(opinions.c.said_at >= since)
        .group_by(opinions.c.reviewer, opinions.c.choice)
    )
    found: dict[str, dict[Choice, int]] = {}
    for row in rows:
        found.setdefault(row.reviewer, {})[Choice(row.choice)] = row.times
    return found


def _heard(reviewer: str) -> tuple[ColumnElement[bool], ...]:
    return (opinions.c.submission_id == review_cases.c.submission_id, opinions.c.reviewer == reviewer)


def _claim(connection: Connection, which: ColumnElement[bool], reviewer: str, now: datetime) -> Claim | None:
    row = connection.execute(
        update(review_cases)
        .where(
            which,
            review_cases.c.closed_at.is_(None),
            or_(
                review_cases.c.claimed_until.is_(None),
                review_cases.c.claimed_until < now,
                review_cases.c.claimed_by == reviewer,
            ),
            ~exists().where(*_heard(reviewer)),
            exists().where(submissions.c.id == review_cases.c.submission_id, submissions.c.state.in_(REVIEWED)),
        )
        .values(claimed_by=reviewer, claimed_until=now + CLAIM_LIFE)
        .returning(review_cases.c.submission_id, review_cases.c.round, review_cases.c.sampled)
    ).one_or_none()
    if row is None:
        return None
    return Claim(row.submission_id, reviewer, now + CLAIM_LIFE, row.round, row.sampled)


def _rank(opened_at: datetime, points: float) -> datetime:
    return opened_at - timedelta(hours=points / AGE_WEIGHT_PER_HOUR)


def _opinion(row: Row[Any]) -> Opinion:
    return Opinion(row.reviewer, Choice(row.choice), tuple(row.reasons), row.note, row.said_at)


@dataclass(frozen=True)
class Case:
    """What is known of a case beside its submission. `notes` are those of this round, `heard` everybody so far."""

    sampled: bool
    round: int
    notes: tuple[str, ...]
    heard: frozenset[str]


def find_case(connection: Connection, submission_id: str) -> Case | None:
    """The case of a submission, or None while none was opened."""
    row = connection.execute(select(review_cases).where(review_cases.c.submission_id == submission_id)).one_or_none()
    if row is None:
        return None
    said = connection.execute(
        select(opinions).where(opinions.c.submission_id == submission_id).order_by(opinions.c.round, opinions.c.number)
    ).all()
    notes = tuple(one.note for one in said if one.round == row.round and one.note)
    return Case(row.sampled, row.round, notes, frozenset(one.reviewer for one in said))


def findings_of(connection: Connection, submission_ids: Sequence[str]) -> dict[str, Sequence[dict[str, Any]]]:
    """The findings of several submissions' inspections, by submission."""
    rows = connection.execute(
        select(submissions.c.id, inspections.c.findings)
        .join(inspections, inspections.c.id == submissions.c.inspection_id)
        .where(submissions.c.id.in_(list(submission_ids)))
    )
    return {row.id: tuple(row.findings or ()) for row in rows}


def forget_notes(connection: Connection, submission_id: str) -> None:
    """Empties the notes of a case, which people write freely; part of erasing a customer."""
    connection.execute(update(opinions).where(opinions.c.submission_id == submission_id).values(note=""))
