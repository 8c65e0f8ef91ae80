"""kill -9: whatever moment a process dies in, nothing is lost and nothing is decided twice.

The large trial, with the service itself among the killed, is benchmarks/kill9.py.
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from idqc.settings import Settings
from idqc.states import State
from idqc.store import audit, queue, submissions
from idqc.store import blobs as blob_store
from idqc.store.house import House, open_house
from idqc.store.tables import blobs, inspections, state_changes
from idqc.store.tables import submissions as rows
from idqc.surfaces.housekeeping import purge
from idqc.surfaces.verification import Intake, submit
from idqc.surfaces.worker import Worker
from tests.quick_inspector import QuickInspector
from tests.store.conftest import Clock

LEASE_S = 1.0
PHOTOS, KILLS = 16, 3


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` tidies up after it."""


def concluded(house: House) -> Counter[str]:
    with house.store.reading() as connection:
        ends = select(state_changes.c.submission_id).where(
            state_changes.c.before == "inspecting", state_changes.c.after.in_(("auto_rejected", "awaiting_review"))
        )
        return Counter(connection.execute(ends).scalars())


def test_workers_that_are_killed_lose_nothing_and_decide_nothing_twice(
    database_url: str, tmp_path: Path, photo: bytes
) -> None:
    key = secrets.token_hex(32)
    given = {"IDQC_DATA_DIR": str(tmp_path), "IDQC_DATABASE_URL": database_url, "IDQC_MASTER_KEY": key}
    house = open_house(Settings(data_dir=tmp_path, database_url=SecretStr(database_url), master_key=SecretStr(key)))
    sent = {submit(house, photo + bytes([number]), Intake(), 100).submission_id for number in range(PHOTOS)}
    draw = random.Random(5)
    for _ in range(KILLS):
        before = len(concluded(house))
        command = [sys.executable, "-m", "tests.store.crash_worker", str(LEASE_S)]
        worker = subprocess.Popen(command, env={**os.environ, **given}, cwd=Path(__file__).parents[2])
        deadline = time.monotonic() + 60
        while len(concluded(house)) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.1))
        worker.kill()
        worker.wait()
    last = Worker(house, QuickInspector(), LEASE_S)  # type: ignore[arg-type]
    deadline = time.monotonic() + 60
    while len(concluded(house)) < PHOTOS and time.monotonic() < deadline:
        last.step()
    assert concluded(house) == dict.fromkeys(sent, 1)
    with house.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(inspections)).scalar() == PHOTOS
        assert connection.execute(select(func.count()).where(blobs.c.kind == "spool")).scalar() == 0
        for photo_id in connection.execute(select(rows.c.photo_id)).scalars():
            assert blob_store.read(connection, house.folder, house.vault, photo_id)
        assert audit.verify(connection).fault is None
    house.close()


@pytest.mark.parametrize("moment", ["blobs.write", "blobs.record", "queue.conclude", "audit.append", "House.remove"])
def test_a_worker_that_dies_in_the_middle_of_its_last_step(
    moment: str, house: House, worker: Worker, clock: Clock, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = submit(house, photo, Intake(), 100).submission_id
    worker.inspector = QuickInspector()  # type: ignore[assignment]
    rejecting = next(extra for extra in range(256) if (sum(photo) + extra) % 4 == 0)
    other = submit(house, photo + bytes([rejecting]), Intake(), 100).submission_id
    name = f"idqc.surfaces.verification.{moment}" if moment != "House.remove" else "idqc.store.house.House.remove"

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(name, die)
        for _ in range(2):
            try:
                worker.step()
            except Killed:
                clock.forward(milliseconds=1)
    clock.forward(seconds=61)
    successor = Worker(house, QuickInspector(), lease_s=60.0)  # type: ignore[arg-type]
    while successor.step():
        pass
    assert concluded(house) == {sent: 1, other: 1}
    clock.forward(hours=1)
    for file in house.folder.path.rglob("*"):  # type: ignore[attr-defined]
        os.utime(file, (1, 1))
    purge(house, Settings())
    with house.store.reading() as connection:
        recorded = set(connection.execute(select(blobs.c.id)).scalars())
    on_disk = {file.name for file in house.folder.path.rglob("*") if file.is_file()}  # type: ignore[attr-defined]
    assert on_disk == recorded


@pytest.mark.parametrize("moment", ["idqc.store.blobs.record", "idqc.store.submissions.add"])
def test_a_server_that_dies_while_it_takes_a_photo_in_has_taken_all_or_nothing(
    moment: str, house: House, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any, **__: Any) -> None:
        raise Killed

    intake = Intake(idempotency_key="order 1")
    with monkeypatch.context() as patched:
        patched.setattr(moment, die)
        with pytest.raises(Killed):
            submit(house, photo, intake, 100)
    with house.store.reading() as connection:
        assert submissions.depth(connection) == {}
    again = submit(house, photo, intake, 100)
    assert not again.repeated
    assert submit(house, photo, intake, 100).submission_id == again.submission_id
    with house.store.reading() as connection:
        assert submissions.depth(connection) == {State.QUEUED: 1}
        assert queue.ready(connection, house.store.clock())
