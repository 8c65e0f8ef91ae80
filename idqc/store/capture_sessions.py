"""Queries of capture sessions. None of them commits; the caller's `unit_of_work()` does."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, String, cast, func, insert, literal, select, update

from idqc.experiments.arms import DEFAULT_POLICY, ActAt, Experiment, Policy
from idqc.routes import Advice, Route
from idqc.store.experiments import expose
from idqc.store.tables.capture import capture_photos, capture_sessions


@dataclass(frozen=True)
class CaptureSession:
    """One session as it stands. `policy` is None until it is first opened."""

    id: str
    created_at: datetime
    expires_at: datetime
    customer_hmac: str | None
    submitter: str
    document_type: str | None
    language: str
    device: str | None
    os: str | None
    app_version: str | None
    upload_allowed: bool
    return_url: str | None
    experiment: str | None
    assigned_arm: str | None
    opened_at: datetime | None
    policy: Policy | None
    bypassed_at: datetime | None
    bypass_reason: str | None
    submission_id: str | None
    submitted_sha256: str | None
    route: Route | None


@dataclass(frozen=True)
class JudgedPhoto:
    """One photo of a session, judged: what the customer was told, in the order of arrival."""

    photo_sha256: str
    advice: Advice
    reason: str | None
    answer: Mapping[str, Any]


def create(
    connection: Connection,
    *,
    session_id: str,
    token_hash: str,
    created_at: datetime,
    expires_at: datetime,
    customer_hmac: str,
    submitter: str,
    language: str,
    document_type: str | None = None,
    device: str | None = None,
    os: str | None = None,
    app_version: str | None = None,
    upload_allowed: bool = True,
    return_url: str | None = None,
    experiment: str | None = None,
    assigned_arm: str | None = None,
) -> None:
    """Adds a session that nobody has opened yet."""
    connection.execute(
        insert(capture_sessions).values(
            id=session_id,
            token_hash=token_hash,
            created_at=created_at,
            expires_at=expires_at,
            customer_hmac=customer_hmac,
            submitter=submitter,
            document_type=document_type,
            language=language,
            device=device,
            os=os,
            app_version=app_version,
            upload_allowed=int(upload_allowed),
            return_url=return_url,
            experiment=experiment,
            assigned_arm=assigned_arm,
        )
    )


def find(connection: Connection, session_id: str, token_hash: str) -> CaptureSession | None:
    """The session of that id, over or not, if the token is its own; compared in constant time."""
    wanted = select(capture_sessions).where(capture_sessions.c.id == session_id)
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None or not hmac.compare_digest(row["token_hash"], token_hash):
        return None
    return _session(row)


def open_session(
    connection: Connection, session: CaptureSession, experiment: Experiment | None, at: datetime
) -> CaptureSession:
    """Fixes what acts in the session, when it is first opened; the exposure is recorded in the same breath.

    A customer who was exposed before keeps their arm, whatever this session was assigned.
    """
    if session.policy is not None:
        return session
    policy: Policy = DEFAULT_POLICY
    arm: str | None = None
    running = experiment if experiment is not None and experiment.name == session.experiment else None
    if running is not None and session.customer_hmac is not None and session.assigned_arm is not None:
        arm = expose(connection, running.name, session.customer_hmac, session.assigned_arm, at)
        policy = running.policy(running.arm(arm)) if arm in {one.name for one in running.arms} else DEFAULT_POLICY
    connection.execute(
        update(capture_sessions)
        .where(capture_sessions.c.id == session.id, capture_sessions.c.opened_at.is_(None))
        .values(
            opened_at=at, arm=arm, policy=policy.name, act_at=policy.act_at.value, bypass_allowed=int(policy.bypass)
        )
    )
    return _again(connection, session.id)


def photos(connection: Connection, session_id: str) -> list[JudgedPhoto]:
    """The photos that were judged in a session, in the order of arrival."""
    rows = connection.execute(
        select(capture_photos).where(capture_photos.c.session_id == session_id).order_by(capture_photos.c.number)
    ).mappings()
    return [JudgedPhoto(row["photo_sha256"], Advice(row["advice"]), row["reason"], row["answer"]) for row in rows]


def add_photo(
    connection: Connection, session_id: str, photo: JudgedPhoto, release: str | None, at: datetime
) -> Sequence[JudgedPhoto]:
    """Adds a judged photo, unless the same one has been added meanwhile; returns all photos of the session."""
    _lock(connection, session_id)
    before = photos(connection, session_id)
    if any(one.photo_sha256 == photo.photo_sha256 for one in before):
        return before
    connection.execute(
        insert(capture_photos).values(
            session_id=session_id,
            number=len(before) + 1,
            at=at,
            photo_sha256=photo.photo_sha256,
            advice=photo.advice.value,
            reason=photo.reason,
            release=release,
            answer=dict(photo.answer),
        )
    )
    return [*before, photo]


def take_bypass(connection: Connection, session_id: str, reason: str | None, at: datetime) -> bool:
    """Records that the customer took the way through. False when they had done so before."""
    done = connection.execute(
        update(capture_sessions)
        .where(capture_sessions.c.id == session_id, capture_sessions.c.bypassed_at.is_(None))
        .values(bypassed_at=at, bypass_reason=reason)
    )
    return done.rowcount == 1


def reserve(connection: Connection, session_id: str, photo_sha256: str, route: Route) -> Route:
    """Notes which photo is on its way to the queue, and by which route; the route first noted for a photo stays.

    So a repetition after a lost answer hands over exactly the same, whatever was judged in between.
    """
    _lock(connection, session_id)
    before = _again(connection, session_id)
    if before.submitted_sha256 == photo_sha256 and before.route is not None:
        return before.route
    if before.submission_id is None:
        connection.execute(
            update(capture_sessions)
            .where(capture_sessions.c.id == session_id)
            .values(submitted_sha256=photo_sha256, route=route.value)
        )
    return route


def submitted(connection: Connection, session_id: str, submission_id: str, at: datetime) -> bool:
    """Records what the reserved photo became. False when that had been recorded before."""
    done = connection.execute(
        update(capture_sessions)
        .where(capture_sessions.c.id == session_id, capture_sessions.c.submission_id.is_(None))
        .values(submitted_at=at, submission_id=submission_id)
    )
    return done.rowcount == 1


def bypasses_by_reason(connection: Connection, experiment: str | None) -> list[tuple[str, str, int]]:
    """How often the way through was taken: arm, the reason that it is counted under, and the count, most first.

    Args:
        connection: any.
        experiment: its name; None counts the sessions outside of any, under the policy's name.
    """
    table = capture_sessions.c
    arm = func.coalesce(table.arm, table.policy)
    rows = connection.execute(
        select(arm, table.bypass_reason, func.count())
        .where(table.bypassed_at.is_not(None), table.experiment.is_not_distinct_from(experiment))
        .group_by(arm, table.bypass_reason)
        .order_by(func.count().desc(), arm, table.bypass_reason)
    )
    return [(str(arm), str(reason), int(count)) for arm, reason, count in rows]


def erase_customer(connection: Connection, customer_hmac: str) -> int:
    """Cuts a customer's sessions from them: reference, hashes of photos and what they were told. Returns how many."""
    return _forget(connection, capture_sessions.c.customer_hmac == customer_hmac)


def forget_older(connection: Connection, before: datetime) -> int:
    """Cuts sessions that were created before a time from their customers; the bare rows stay. Returns how many."""
    return _forget(connection, (capture_sessions.c.created_at < before) & capture_sessions.c.customer_hmac.is_not(None))


def _forget(connection: Connection, which: ColumnElement[bool]) -> int:
    ids = select(capture_sessions.c.id).where(which)
    connection.execute(
        update(capture_photos)
        .where(capture_photos.c.session_id.in_(ids))
        .values(photo_sha256=literal("erased-") + cast(capture_photos.c.id, String), answer={})
    )
    nothing = dict.fromkeys(
        ("customer_hmac", "submitted_sha256", "device", "os", "app_version", "return_url", "submission_id")
    )
    return connection.execute(update(capture_sessions).where(which).values(**nothing)).rowcount


def _lock(connection: Connection, session_id: str) -> None:
    connection.execute(select(capture_sessions.c.id).where(capture_sessions.c.id == session_id).with_for_update())


def _again(connection: Connection, session_id: str) -> CaptureSession:
    return _session(
        connection.execute(select(capture_sessions).where(capture_sessions.c.id == session_id)).mappings().one()
    )


def _session(row: RowMapping) -> CaptureSession:
    policy = None
    if row["policy"] is not None:
        policy = Policy(row["policy"], ActAt(row["act_at"]), bool(row["bypass_allowed"]))
    kept = {
        key: row[key] for key in CaptureSession.__dataclass_fields__ if key not in ("policy", "route", "upload_allowed")
    }
    route = None if row["route"] is None else Route(row["route"])
    return CaptureSession(policy=policy, route=route, upload_allowed=bool(row["upload_allowed"]), **kept)
