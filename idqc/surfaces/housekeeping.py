"""Retention and erasure: what is past its age is deleted, one customer's data on request; both leave an audit entry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from idqc.errors import Conflict
from idqc.experiments.arms import read_experiment
from idqc.settings import Settings
from idqc.states import State
from idqc.store import audit, blobs, capture_sessions, experiments, inspections, reviews, submissions
from idqc.store.house import House
from idqc.surfaces.verification import customer_hmac

EVERY_S = 3600.0
AT_A_TIME = 100
DECIDED = (State.APPROVED, State.REJECTED, State.AUTO_REJECTED, State.SUPERSEDED)
UNDECIDED = (State.AWAITING_REVIEW, State.SECOND_REVIEW)
PERSONAL = (
    "spool_id", "photo_id", "inspection_id", "customer_hmac", "idempotency_hmac", "device", "os", "app_version",
)  # fmt: skip
"""Columns that erasure empties."""
SPOOLED = (State.QUEUED, State.DEAD)
log = logging.getLogger("idqc.store")


@dataclass(frozen=True)
class Purged:
    """What one run deleted."""

    decided: int = 0
    undecided: int = 0
    spooled: int = 0
    orphans: int = 0


@dataclass
class Housekeeper:
    """Runs the purge every hour until it is told to stop."""

    house: House
    settings: Settings

    def run(self, stop: threading.Event) -> None:
        """The first run comes at once, so that a restart does not put it off."""
        while not stop.is_set():
            try:
                purge(self.house, self.settings)
            except Exception as outage:
                log.error("not purged", exc_info=outage)
            stop.wait(EVERY_S)


def purge(house: House, settings: Settings) -> Purged:
    """Deletes what is past its age: photos, readings and references. The bare row stays, as `erased`.

    May run in several processes at once, and may be stopped at any moment.
    """
    now = house.store.clock()
    _forget_captures(house, settings, now)
    decided = _erase_older(house, DECIDED, now - timedelta(days=settings.retention_days), "retention")
    undecided = _erase_older(house, UNDECIDED, now - timedelta(days=settings.undecided_retention_days), "retention")
    spooled = _erase_older(house, SPOOLED, now - timedelta(hours=settings.spool_max_age_h), "spool")
    with house.store.reading() as connection:
        left = blobs.orphans(connection, house.folder)
    house.remove(left)
    done = Purged(decided, undecided, spooled, len(left))
    if any((decided, undecided, spooled, left)):
        log.info("purged", extra={"decided": decided, "undecided": undecided, "spooled": spooled, "orphans": len(left)})
    return done


def erase_customer(house: House, customer_ref: str, actor: str) -> int:
    """Deletes everything of one customer, whatever its state; a worker that has it in hand loses it.

    Returns:
        How many submissions were erased.
    """
    hmac = customer_hmac(house, customer_ref)
    with house.store.reading() as connection:
        found = submissions.of_customer(connection, hmac)
    erased = 0
    for row in found:
        erased += erase(house, row["id"], actor, "request")
    with house.store.unit_of_work() as connection:
        capture_sessions.erase_customer(connection, hmac)
        experiments.forget_customer(connection, hmac)
        # The entry says that it was done and how much it was; whose it was is what must be forgotten.
        details = {"submissions": erased}
        audit.append(connection, actor, "customer.erased", "customer", details, at=house.store.clock())
    return erased


def _forget_captures(house: House, settings: Settings, now: datetime) -> None:
    """Keeps what an experiment needs of its customers, then cuts old capture sessions from theirs."""
    experiment = None if settings.experiment is None else read_experiment(settings.experiment)
    with house.store.unit_of_work() as connection:
        if experiment is not None:
            experiments.settle(connection, experiment, now)
        capture_sessions.forget_older(connection, now - timedelta(days=settings.retention_days))


def erase(house: House, submission_id: str, actor: str, reason: str) -> bool:
    """Deletes what is kept of one submission. False when it was erased before.

    Args:
        reason: `retention`, `spool` or `request`; goes into the audit entry.
    """
    now = house.store.clock()
    with house.store.unit_of_work() as connection:
        row = submissions.lock(connection, submission_id)
        if State(row["state"]) is State.ERASED:
            return False
        gone = blobs.forget(connection, [row["spool_id"], row["photo_id"]])
        inspections.forget(connection, submission_id)
        reviews.forget_notes(connection, submission_id)
        nothing = dict.fromkeys(
            (
                "spool_id",
                "photo_id",
                "inspection_id",
                "customer_hmac",
                "idempotency_hmac",
                "device",
                "os",
                "app_version",
            )
        )
        values: dict[str, Any] = {**nothing, "flags": [], "reasons": [], "resubmit": 0, "request_hmac": ""}
        submissions.move(connection, submission_id, State.ERASED, actor, now, values=values)
        details = {"state": row["state"], "reason": reason, "objects": len(gone)}
        audit.append(connection, actor, "submission.erased", submission_id, details, at=now)
    house.remove(gone)
    return True


def _erase_older(house: House, states: Sequence[State], before: datetime, reason: str) -> int:
    erased = 0
    while True:
        with house.store.reading() as connection:
            overdue = submissions.overdue(connection, states, before, AT_A_TIME)
        done = 0
        for row in overdue:
            try:
                done += erase(house, row["id"], "housekeeper", reason)
            except Conflict:
                # Somebody moved it at this moment; the next run sees it as it is then.
                continue
        erased += done
        if not done:
            return erased
