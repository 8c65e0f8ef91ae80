"""The way of a submission: taken in encrypted, inspected once, masked before it rests, put back when a worker dies."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from idqc.errors import Busy, Conflict, NotAnImage, NotFound
from idqc.inspection import Audience
from idqc.states import State
from idqc.store import audit, queue, submissions
from idqc.store.house import House
from idqc.store.tables import blobs, inspections, state_changes
from idqc.surfaces.verification import NOT_KEPT, Intake, conclude, inspection_of, judge, masked_photo, submit
from idqc.surfaces.worker import Worker
from tests.store.conftest import Clock, RoteInspector

LEASE = timedelta(seconds=60)


def send(house: House, photo: bytes, **intake: str) -> str:
    return submit(house, photo, Intake(**intake), 100).submission_id  # type: ignore[arg-type]


def state(house: House, submission_id: str) -> State:
    with house.store.reading() as connection:
        return State(submissions.read(connection, submission_id)["state"])


def files(house: House) -> list[Path]:
    return [file for file in house.folder.path.rglob("*") if file.is_file()]  # type: ignore[attr-defined]


def states_of(house: House, submission_id: str) -> list[str]:
    with house.store.reading() as connection:
        return [change["after"] for change in submissions.history(connection, submission_id)]


def test_a_good_photo_awaits_review_and_its_number_is_painted_over(house: House, worker: Worker, photo: bytes) -> None:
    sent = send(house, photo, customer_ref="customer-1")
    assert state(house, sent) is State.QUEUED
    assert worker.step()
    assert states_of(house, sent) == ["queued", "inspecting", "awaiting_review"]
    kept = masked_photo(house, sent)
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (640, 480)
        assert "exif" not in picture.info
        pixels = np.asarray(picture.convert("L"))
    # The back digits stand right of 42 % of the number's quad; JPEG leaves a little noise in the paint.
    assert pixels[152:188, 222:378].std() < 3
    assert pixels[152:188, 105:200].std() > 20
    assert not worker.step()


def test_the_upload_is_gone_and_nothing_lies_in_the_open(house: House, worker: Worker, photo: bytes) -> None:
    send(house, photo)
    assert photo not in files(house)[0].read_bytes()
    worker.step()
    stored = files(house)
    assert len(stored) == 1
    assert b"JFIF" not in stored[0].read_bytes()
    with house.store.reading() as connection:
        assert [row.kind for row in connection.execute(select(blobs))] == ["photo"]


def test_a_certain_fault_is_rejected_by_itself_and_audited(
    house: House, worker: Worker, inspector: RoteInspector, photo: bytes
) -> None:
    inspector.scores["quality.blur"] = 0.97
    sent = send(house, photo)
    worker.step()
    assert state(house, sent) is State.AUTO_REJECTED
    with house.store.reading() as connection:
        row = submissions.read(connection, sent)
        assert (row["reasons"], row["resubmit"], row["decided_by"]) == (["quality.blur"], 1, "worker")
        assert audit.verify(connection).entries == 1


def test_where_no_document_is_found_the_photo_is_deleted_and_a_new_one_asked_for(
    house: House, worker: Worker, inspector: RoteInspector, photo: bytes
) -> None:
    inspector.document_type = None
    sent = send(house, photo)
    worker.step()
    assert files(house) == []
    with house.store.reading() as connection:
        row = submissions.read(connection, sent)
        assert (row["state"], row["reasons"], row["resubmit"], row["photo_id"]) == (
            "auto_rejected",
            [NOT_KEPT],
            1,
            None,
        )
        assert connection.execute(select(func.count()).select_from(inspections)).scalar() == 1


def test_a_photo_that_breaks_off_is_rejected_without_a_picture(house: House, worker: Worker, photo: bytes) -> None:
    sent = send(house, photo[: len(photo) // 2])
    worker.step()
    assert state(house, sent) is State.AUTO_REJECTED
    assert files(house) == []


def test_what_is_no_photo_is_not_taken_in(house: House) -> None:
    with pytest.raises(NotAnImage):
        send(house, b"hello")
    assert files(house) == []


def test_the_same_key_gives_the_same_submission_and_another_photo_a_conflict(house: House, photo: bytes) -> None:
    first = submit(house, photo, Intake(customer_ref="a", idempotency_key="k"), 100)
    again = submit(house, photo, Intake(customer_ref="a", idempotency_key="k"), 100)
    assert (again.submission_id, again.repeated) == (first.submission_id, True)
    with pytest.raises(Conflict) as refused:
        submit(house, photo, Intake(customer_ref="b", idempotency_key="k"), 100)
    assert refused.value.code == "request.idempotency_key"
    assert (
        submit(house, photo, Intake(idempotency_key="k", submitter="other"), 100).submission_id != first.submission_id
    )


def test_one_key_sent_many_times_at_once_makes_one_submission(house: House, photo: bytes) -> None:
    with ThreadPoolExecutor(6) as pool:
        sent = list(pool.map(lambda _: submit(house, photo, Intake(idempotency_key="k"), 100), range(12)))
    assert len({one.submission_id for one in sent}) == 1
    assert len(files(house)) == 1


def test_a_full_queue_says_busy(house: House, photo: bytes) -> None:
    submit(house, photo, Intake(), 1)
    with pytest.raises(Busy):
        submit(house, photo, Intake(), 1)


def test_no_reference_of_a_customer_is_stored(house: House, photo: bytes) -> None:
    sent = send(house, photo, customer_ref="hong-gildong-771", idempotency_key="order-771")
    with house.store.reading() as connection:
        row = submissions.read(connection, sent)
    kept = [value for value in row.values() if isinstance(value, str)]
    assert not [value for value in kept if "hong-gildong" in value or "order-" in value]


def test_a_worker_that_stops_to_answer_loses_its_submission_and_its_result(
    house: House, worker: Worker, inspector: RoteInspector, clock: Clock, photo: bytes
) -> None:
    sent = send(house, photo)
    with house.store.unit_of_work() as connection:
        slow = queue.claim(connection, "slow", clock(), LEASE)
    assert slow is not None
    judged = judge(house, inspector, slow)  # type: ignore[arg-type]
    clock.forward(seconds=61)
    assert worker.step()
    assert state(house, sent) is State.AWAITING_REVIEW
    with pytest.raises(queue.LostLease):
        conclude(house, slow, judged)
    assert len(files(house)) == 1
    with house.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(inspections)).scalar() == 1
    assert states_of(house, sent).count("awaiting_review") == 1


def test_a_heartbeat_keeps_a_lease(house: House, inspector: RoteInspector, photo: bytes) -> None:
    import time

    real = House(type(house.store)(house.store.engine), house.vault, house.folder, house.pseudonym_key)
    sent = send(real, photo)
    first = Worker(real, inspector, lease_s=0.9)  # type: ignore[arg-type]
    second = Worker(real, RoteInspector(), lease_s=0.9)  # type: ignore[arg-type]
    inspector.during = lambda: time.sleep(2.0)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(first.step)
        time.sleep(1.5)
        assert not second.step()
        assert working.result()
    assert state(real, sent) is State.AWAITING_REVIEW


def test_an_error_is_tried_again_later_and_later_and_then_it_is_dead(
    house: House, worker: Worker, inspector: RoteInspector, clock: Clock, photo: bytes
) -> None:
    def fail() -> None:
        raise RuntimeError("out of order")

    inspector.during = fail
    sent = send(house, photo)
    assert worker.step()
    assert not worker.step()
    for _ in range(queue.MAX_ATTEMPTS - 1):
        clock.forward(minutes=11)
        assert worker.step()
    assert state(house, sent) is State.DEAD
    inspector.during = lambda: None
    with house.store.unit_of_work() as connection:
        assert [row["id"] for row in queue.dead(connection)] == [sent]
        queue.requeue(connection, sent, clock(), "operator")
    worker.step()
    assert state(house, sent) is State.AWAITING_REVIEW


def test_a_resubmission_replaces_what_was_rejected_once(
    house: House, worker: Worker, inspector: RoteInspector, photo: bytes
) -> None:
    inspector.scores["quality.blur"] = 0.97
    first = send(house, photo)
    with pytest.raises(Conflict):
        send(house, photo, replaces_id=first)
    worker.step()
    second = send(house, photo, replaces_id=first)
    assert state(house, first) is State.SUPERSEDED
    with house.store.reading() as connection:
        assert submissions.replacement(connection, first) == second
    with pytest.raises(Conflict) as refused:
        send(house, photo, replaces_id=first)
    assert refused.value.code == "request.replaced"
    with pytest.raises(NotFound):
        send(house, photo, replaces_id="0" * 32)


def test_capture_goes_first(house: House, worker: Worker, photo: bytes) -> None:
    send(house, photo)
    worker.busy = lambda: True
    assert not worker.step()
    worker.busy = lambda: False
    assert worker.step()


def test_each_audience_reads_its_own_answer(
    house: House, worker: Worker, inspector: RoteInspector, photo: bytes
) -> None:
    inspector.scores["fraud.screen"] = 0.97
    sent = send(house, photo)
    assert inspection_of(house, sent, Audience.CUSTOMER) is None
    worker.step()
    customer = inspection_of(house, sent, Audience.CUSTOMER)
    reviewer = inspection_of(house, sent, Audience.REVIEWER)
    assert customer is not None
    assert reviewer is not None
    assert not [f for f in customer["findings"] if f["criterion"].startswith("fraud")]
    assert next(f for f in reviewer["findings"] if f["criterion"] == "fraud.screen")["score"] == 0.97


def test_two_workers_never_claim_the_same(house: House, clock: Clock, photo: bytes) -> None:
    sent = {send(house, photo) for _ in range(40)}

    def claim_all(name: str) -> list[str]:
        claimed = []
        while True:
            with house.store.unit_of_work() as connection:
                found = queue.claim(connection, name, clock(), LEASE)
            if found is None:
                return claimed
            claimed.append(found.submission_id)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(claim_all, ["one", "other"])
    assert len(one) + len(other) == 40
    assert {*one, *other} == sent
    with house.store.reading() as connection:
        changes = select(func.count()).where(state_changes.c.after == "inspecting")
        assert connection.execute(changes).scalar() == 40
