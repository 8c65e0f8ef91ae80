"""Retention and erasure: what is past its age is gone from rows and files, and the audit log says so."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from idqc.settings import Settings
from idqc.states import State
from idqc.store import audit, queue, submissions
from idqc.store.house import House
from idqc.store.tables import audit_entries, blobs, inspections
from idqc.surfaces.housekeeping import erase_customer, purge
from idqc.surfaces.verification import Intake, conclude, judge, submit
from idqc.surfaces.worker import Worker
from tests.store.conftest import Clock, RoteInspector

SETTINGS = Settings(retention_days=30, undecided_retention_days=90, spool_max_age_h=72)


def sent(house: House, photo: bytes, ref: str = "a") -> str:
    return submit(
        house, photo, Intake(customer_ref=ref, idempotency_key=f"{ref}{time.monotonic_ns()}"), 100
    ).submission_id


def files(house: House) -> list[Path]:
    return [file for file in house.folder.path.rglob("*") if file.is_file()]  # type: ignore[attr-defined]


def state(house: House, submission_id: str) -> str:
    with house.store.reading() as connection:
        return str(submissions.read(connection, submission_id)["state"])


def test_each_state_has_its_own_age(
    house: House, worker: Worker, inspector: RoteInspector, clock: Clock, photo: bytes
) -> None:
    undecided = sent(house, photo)
    worker.step()
    inspector.scores["quality.blur"] = 0.97
    decided = sent(house, photo)
    worker.step()
    waiting = sent(house, photo)
    assert purge(house, SETTINGS).decided == 0
    clock.forward(hours=73)
    done = purge(house, SETTINGS)
    assert (done.spooled, done.decided, done.undecided) == (1, 0, 0)
    assert state(house, waiting) == "erased"
    clock.forward(days=28)
    assert purge(house, SETTINGS).decided == 1
    assert (state(house, decided), state(house, undecided)) == ("erased", "awaiting_review")
    clock.forward(days=60)
    assert purge(house, SETTINGS).undecided == 1
    assert files(house) == []
    with house.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(inspections)).scalar() == 0
        assert connection.execute(select(func.count()).select_from(blobs)).scalar() == 0
        actions = connection.execute(select(audit_entries.c.action)).scalars().all()
        assert list(actions).count("submission.erased") == 3
        assert audit.verify(connection).fault is None


def test_a_dead_letter_is_not_kept_for_ever(house: House, worker: Worker, clock: Clock, photo: bytes) -> None:
    dead = sent(house, photo)
    with house.store.unit_of_work() as connection:
        submissions.move(connection, dead, State.DEAD, "worker", clock())
    clock.forward(hours=73)
    assert purge(house, SETTINGS).spooled == 1
    assert files(house) == []


def test_one_customer_is_erased_and_nobody_else(house: House, worker: Worker, photo: bytes) -> None:
    mine, more, other = sent(house, photo, "me"), sent(house, photo, "me"), sent(house, photo, "you")
    for _ in range(3):
        worker.step()
    assert erase_customer(house, "me", "operator") == 2
    assert [state(house, one) for one in (mine, more, other)] == ["erased", "erased", "awaiting_review"]
    assert len(files(house)) == 1
    with house.store.reading() as connection:
        row = submissions.read(connection, mine)
        assert {row[name] for name in ("customer_hmac", "photo_id", "spool_id", "inspection_id", "device")} == {None}
        entries = connection.execute(select(audit_entries.c.action, audit_entries.c.details)).all()
    assert entries[-1] == ("customer.erased", '{"submissions":2}')
    assert erase_customer(house, "me", "operator") == 0


def test_erasing_what_a_worker_holds_takes_it_out_of_its_hands(
    house: House, inspector: RoteInspector, clock: Clock, photo: bytes
) -> None:
    mine = sent(house, photo, "me")
    with house.store.unit_of_work() as connection:
        held = queue.claim(connection, "worker", clock(), timedelta(seconds=60))
    assert held is not None
    judged = judge(house, inspector, held)  # type: ignore[arg-type]
    assert erase_customer(house, "me", "operator") == 1
    with pytest.raises(queue.LostLease):
        conclude(house, held, judged)
    assert state(house, mine) == "erased"
    assert files(house) == []


def test_leftovers_of_a_crash_are_swept_once_they_are_old(house: House) -> None:
    house.folder.write("ab" * 16, b"ciphertext without a row")
    assert purge(house, SETTINGS).orphans == 0
    old = time.time() - 7200
    os.utime(files(house)[0], (old, old))
    assert purge(house, SETTINGS).orphans == 1
    assert files(house) == []
