"""Queries of experiments: exposures, and what became of each exposed customer. None of them commits."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from idqc.experiments.arms import ActAt, Experiment
from idqc.experiments.outcomes import CustomerOutcome
from idqc.experiments.report import SESSION_H
from idqc.routes import Route
from idqc.states import State
from idqc.store.tables.capture import capture_photos, capture_sessions, exposures
from idqc.store.tables.submissions import submissions

_BY_A_PERSON = {State.APPROVED.value: True, State.REJECTED.value: False}
_DECISIONS = {**_BY_A_PERSON, State.AUTO_REJECTED.value: False}


def expose(connection: Connection, experiment: str, customer_hmac: str, arm: str, at: datetime) -> str:
    """Records that a customer meets an experiment; returns the arm that counts, the first one ever recorded."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(
        dialect.insert(exposures)
        .values(experiment=experiment, customer_hmac=customer_hmac, arm=arm, exposed_at=at)
        .on_conflict_do_nothing()
    )
    return str(
        connection.execute(
            select(exposures.c.arm).where(
                exposures.c.experiment == experiment, exposures.c.customer_hmac == customer_hmac
            )
        ).scalar_one()
    )


def outcomes(connection: Connection, experiment: Experiment) -> list[CustomerOutcome]:
    """What became of every customer who was exposed to an experiment.

    Capture measures hold what happened within SESSION_H of the exposure, decisions what was decided within the
    experiment's window: what comes later changes no number that somebody has read.
    """
    rows = connection.execute(select(exposures).where(exposures.c.experiment == experiment.name)).mappings().all()
    arms = {arm.name for arm in experiment.arms}
    kept = [
        CustomerOutcome(arm=row["arm"], exposed_at=row["exposed_at"], **row["outcome"])
        for row in rows
        if row["outcome"] is not None and row["arm"] in arms
    ]
    return [*kept, *(one for _, one in _unsettled(connection, experiment))]


def settle(connection: Connection, experiment: Experiment, now: datetime) -> int:
    """Keeps the outcomes of customers whose window has passed, so that retention may delete what they came from."""
    window = timedelta(hours=max(experiment.decided_within_h, SESSION_H))
    settled = 0
    for customer_hmac, one in _unsettled(connection, experiment):
        if one.exposed_at + window < now:
            kept = {key: value for key, value in vars(one).items() if key not in ("arm", "exposed_at")}
            connection.execute(
                update(exposures)
                .where(exposures.c.experiment == experiment.name, exposures.c.customer_hmac == customer_hmac)
                .values(outcome=kept)
            )
            settled += 1
    return settled


def _unsettled(connection: Connection, experiment: Experiment) -> list[tuple[str, CustomerOutcome]]:
    """The customers whose outcome is not kept yet, by their HMAC, with what became of them so far."""
    here = (exposures.c.experiment == experiment.name) & exposures.c.outcome.is_(None)
    customers = select(exposures.c.customer_hmac).where(here)
    counts: dict[str, int] = {}
    for session_id, count in connection.execute(
        select(capture_photos.c.session_id, func.count())
        .join(capture_sessions, capture_sessions.c.id == capture_photos.c.session_id)
        .where(capture_sessions.c.customer_hmac.in_(customers))
        .group_by(capture_photos.c.session_id)
    ):
        counts[session_id] = count
    opened: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(
        select(capture_sessions)
        .where(
            capture_sessions.c.experiment == experiment.name,
            capture_sessions.c.opened_at.is_not(None),
            capture_sessions.c.customer_hmac.in_(customers),
        )
        .order_by(capture_sessions.c.opened_at)
    ).mappings():
        opened[row["customer_hmac"]].append(row)
    sent: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(
        select(
            submissions.c.id,
            submissions.c.customer_hmac,
            submissions.c.state,
            submissions.c.created_at,
            submissions.c.updated_at,
            submissions.c.decided_at,
        )
        .where(submissions.c.customer_hmac.in_(customers))
        .order_by(submissions.c.created_at)
    ).mappings():
        sent[row["customer_hmac"]].append(row)
    act_at = {arm.name: arm.act_at for arm in experiment.arms}
    window = timedelta(hours=experiment.decided_within_h)
    found = []
    for row in connection.execute(select(exposures).where(here)).mappings():
        if row["arm"] in act_at:
            customer = row["customer_hmac"]
            found.append((customer, _outcome(row, opened[customer], sent[customer], counts, act_at, window)))
    return found


def forget_customer(connection: Connection, customer_hmac: str) -> int:
    """Cuts a customer's exposures from them. Returns how many.

    One whose outcome is kept stays without its customer, so that no number that was read changes; one that is still
    under way goes, since nobody could ever say how it ended.
    """
    own = exposures.c.customer_hmac == customer_hmac
    gone = connection.execute(delete(exposures).where(own, exposures.c.outcome.is_(None))).rowcount
    kept = connection.execute(update(exposures).where(own).values(customer_hmac=f"erased-{uuid.uuid4().hex}")).rowcount
    return gone + kept


def _outcome(
    exposed: RowMapping,
    sessions: list[RowMapping],
    sent: list[RowMapping],
    counts: dict[str, int],
    act_at: dict[str, ActAt],
    window: timedelta,
) -> CustomerOutcome:
    at: datetime = exposed["exposed_at"]
    near = [row for row in sessions if at <= row["opened_at"] <= at + timedelta(hours=SESSION_H)]
    done = next((row for row in near if row["submitted_at"] is not None), None)
    decisions = {
        row["id"]: row["state"]
        for row in sent
        if row["created_at"] >= at and row["state"] in _DECISIONS and _decided_at(row) <= at + window
    }
    approved = None if not decisions else any(_DECISIONS[state] for state in decisions.values())
    overturned = None
    if done is not None and act_at[exposed["arm"]] is not ActAt.NEVER and done["route"] != Route.UNJUDGED:
        said = _BY_A_PERSON.get(decisions.get(done["submission_id"], ""))
        overturned = None if said is None else said is (done["route"] == Route.BYPASSED)
    return CustomerOutcome(
        arm=exposed["arm"],
        exposed_at=at,
        photos=sum(counts.get(row["id"], 0) for row in near),
        submitted_after_s=None if done is None else (done["submitted_at"] - at).total_seconds(),
        bypassed=done is not None and done["route"] == Route.BYPASSED,
        unjudged=done is not None and done["route"] == Route.UNJUDGED,
        approved=approved,
        overturned=overturned,
    )


def _decided_at(row: RowMapping) -> datetime:
    at: datetime = row["decided_at"] or row["updated_at"]
    return at
