"""Capture sessions on both databases: tokens, attempts, the way through, the submission, exposures and outcomes."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select, update

from idqc.errors import PhotoError, RequestError
from idqc.experiments.arms import ActAt, Arm, Experiment
from idqc.inspection import Finding, Inspection, Outcome, Surface, Thresholds
from idqc.routes import Advice
from idqc.states import State
from idqc.store import capture_sessions, experiments
from idqc.store.engine import Store
from idqc.store.tables import capture_photos, exposures, submissions
from idqc.store.tables import capture_sessions as sessions_table
from idqc.surfaces.capture import MAX_PHOTOS, NotYet, SessionOver, TooManyPhotos
from idqc.surfaces.capture_sessions import CaptureStep, Created, Handover, NoSuchSession, Wishes

GLARE, BLUR = "quality.glare", "quality.blur"
EXPERIMENT = Experiment(
    "thresholds",
    "salt of the tests",
    (
        Arm("control", ActAt.NEVER, True, 1),
        Arm("A", ActAt.WARNING, True, 1),
        Arm("B", ActAt.REJECT, False, 1),
    ),
    "approved",
    1000,
    72.0,
)


def photo(shade: int) -> bytes:
    """A tiny photo; another shade is another photo."""
    buffer = io.BytesIO()
    Image.new("RGB", (400, 400), (shade, shade, shade)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Sent:
    submission_id: str
    state: str = "queued"


class Desk:
    """A capture step over a store, with a clock that is set, an inspector that is told and a queue that remembers."""

    def __init__(self, store: Store, experiment: Experiment | None = None) -> None:
        self.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
        self.store = replace(store, clock=lambda: self.now)
        self.says: str | None = None
        self.calls = 0
        self.queue: dict[str, Handover] = {}
        self.fails = False
        self.step = CaptureStep(
            self.store, self.inspect, self.hand_over, lambda ref: uuid.uuid5(uuid.NAMESPACE_OID, ref).hex, experiment
        )

    def inspect(self, data: bytes, surface: Surface, **_: Any) -> Inspection:
        self.calls += 1
        outcome = Outcome.WARN
        findings = ()
        if self.says is not None:
            findings = (Finding(self.says, 0.5, outcome, Thresholds(0.9, 0.4), (), {"ko": "다시", "en": "again"}),)
        return Inspection(
            "0" * 32, surface, outcome, "r1", "default", 400, 400, date(2026, 12, 1), None, None, None, findings, (), {}
        )  # fmt: skip

    def hand_over(self, one: Handover) -> Sent:
        if self.fails:
            raise ConnectionError
        known = self.queue.setdefault(one.idempotency_key, one)
        assert known == one, "a repetition hands over the same"
        return Sent(uuid.uuid5(uuid.NAMESPACE_URL, one.idempotency_key).hex)

    def open(self, customer: str = "customer", **wishes: Any) -> Created:
        return self.step.create(customer, Wishes(**wishes), "key")

    def turned_back(self, made: Created, *reasons: str) -> dict[str, Any]:
        """Judges a photo for each reason; returns the last answer."""
        answer: dict[str, Any] = {}
        for reason in reasons:
            self.says = reason
            answer, _ = self.step.judge(made.session_id, made.token, photo(self.calls))
        return answer


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def trial(store: Store) -> Desk:
    return Desk(store, EXPERIMENT)


def customer_of(arm: str) -> str:
    return next(f"customer-{n}" for n in range(100) if EXPERIMENT.assign(f"customer-{n}").name == arm)


def test_a_token_opens_its_own_session_and_no_other(desk: Desk) -> None:
    one, other = desk.open("1"), desk.open("2")
    assert desk.step.look(one.session_id, one.token)["state"] == "open"
    for session_id, token in ((one.session_id, other.token), (one.session_id, ""), ("0" * 32, one.token)):
        with pytest.raises(NoSuchSession):
            desk.step.look(session_id, token)


def test_nothing_of_the_customer_or_the_token_or_the_photo_is_kept(desk: Desk) -> None:
    made = desk.open("resident-711231")
    desk.turned_back(made, GLARE)
    with desk.store.reading() as connection:
        for table in (sessions_table, capture_photos):
            kept = str(connection.execute(select(table)).mappings().all())
            assert made.token not in kept
            assert "711231" not in kept
            assert "PNG" not in kept


def test_the_way_through_opens_after_three_for_one_reason(desk: Desk) -> None:
    made = desk.open()
    assert desk.turned_back(made, GLARE, BLUR, GLARE)["bypass_offered"] is False
    with pytest.raises(NotYet):
        desk.step.bypass(made.session_id, made.token)
    last = desk.turned_back(made, GLARE)
    assert (last["photo"], last["bypass_offered"]) == (4, True)
    assert desk.step.bypass(made.session_id, made.token) == (GLARE, True)
    assert desk.step.bypass(made.session_id, made.token) == (GLARE, False)
    answer, new = desk.step.submit(made.session_id, made.token, photo(desk.calls - 1))
    assert (answer["route"], new) == ("bypassed", True)
    assert [one.flags for one in desk.queue.values()] == [("capture.bypassed",)]
    with desk.store.reading() as connection:
        assert capture_sessions.bypasses_by_reason(connection, None) == [("default", GLARE, 1)]


def test_the_same_photo_twice_counts_once(desk: Desk) -> None:
    made = desk.open()
    desk.says = GLARE
    first, inspection = desk.step.judge(made.session_id, made.token, photo(1))
    again, none = desk.step.judge(made.session_id, made.token, photo(1))
    assert (first, inspection is None, none, desk.calls) == (again, False, None, 1)


def test_many_at_once_count_each_photo_once(desk: Desk) -> None:
    made = desk.open()
    desk.says = GLARE
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: desk.step.judge(made.session_id, made.token, photo(n % 3)), range(12)))
    with desk.store.reading() as connection:
        judged = capture_sessions.photos(connection, made.session_id)
    assert len(judged) == len({one.photo_sha256 for one in judged}) == 3


def test_a_photo_that_was_turned_back_is_not_submitted(desk: Desk) -> None:
    made = desk.open()
    desk.turned_back(made, GLARE)
    with pytest.raises(NotYet) as refused:
        desk.step.submit(made.session_id, made.token, photo(0))
    assert refused.value.code == "capture.retake_needed"
    assert desk.queue == {}


def test_an_unjudged_photo_is_submitted_and_flagged(desk: Desk) -> None:
    made = desk.open(language="en", device="SM-S921N")
    answer, _ = desk.step.submit(made.session_id, made.token, photo(9))
    assert answer["route"] == "unjudged"
    (one,) = desk.queue.values()
    assert (one.flags, one.language, one.device, one.submitter) == (("capture.unjudged",), "en", "SM-S921N", "key")


def test_a_lost_answer_is_asked_for_again(desk: Desk) -> None:
    made = desk.open()
    desk.fails = True
    with pytest.raises(ConnectionError):
        desk.step.submit(made.session_id, made.token, photo(1))
    desk.fails, desk.says = False, None
    desk.step.judge(made.session_id, made.token, photo(1))
    first, new = desk.step.submit(made.session_id, made.token, photo(1))
    again, repeated = desk.step.submit(made.session_id, made.token, photo(1))
    assert (first, new, repeated) == (again, True, False)
    assert len(desk.queue) == 1
    with pytest.raises(SessionOver):
        desk.step.submit(made.session_id, made.token, photo(2))
    with pytest.raises(SessionOver):
        desk.step.judge(made.session_id, made.token, photo(2))
    assert desk.step.look(made.session_id, made.token)["submission_id"] == first["submission_id"]


def test_a_session_ends_and_a_waiting_photo_is_still_taken(desk: Desk) -> None:
    made = desk.open()
    desk.now += timedelta(minutes=31)
    for call in (desk.step.look, desk.step.bypass):
        with pytest.raises(SessionOver):
            call(made.session_id, made.token)
    desk.now += timedelta(minutes=60)
    assert desk.step.submit(made.session_id, made.token, photo(1))[0]["route"] == "unjudged"
    late = desk.open()
    desk.now += timedelta(hours=3)
    with pytest.raises(SessionOver):
        desk.step.submit(late.session_id, late.token, photo(1))


def test_a_session_has_a_limit_of_photos(desk: Desk) -> None:
    made = desk.open()
    desk.turned_back(made, *[GLARE] * MAX_PHOTOS)
    with pytest.raises(TooManyPhotos):
        desk.step.judge(made.session_id, made.token, photo(200))
    assert desk.calls == MAX_PHOTOS


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"document_type": "library_card"}, "request.document_type"),
        ({"return_url": "http://bank.example"}, "request.return_url"),
        ({"return_url": "javascript:alert(1)"}, "request.return_url"),
        ({"return_url": "https://bank.example/" + "x" * 2000}, "request.return_url"),
    ],
)
def test_wishes_are_checked(desk: Desk, wishes: dict[str, str], code: str) -> None:
    with pytest.raises(RequestError) as refused:
        desk.open(**wishes)
    assert refused.value.code == code


def test_a_customer_without_a_reference_is_refused(desk: Desk) -> None:
    for reference in ("", "x" * 201):
        with pytest.raises(RequestError):
            desk.open(reference)


def test_the_exposure_is_recorded_before_anything_is_judged(trial: Desk) -> None:
    customer = customer_of("A")
    made = trial.open(customer)
    with trial.store.reading() as connection:
        assert connection.execute(select(exposures)).all() == []

    seen: list[str] = []

    def look_and_judge(data: bytes, surface: Surface, **more: Any) -> Inspection:
        with trial.store.reading() as connection:
            seen.extend(connection.execute(select(exposures.c.arm)).scalars())
        return trial.inspect(data, surface, **more)

    step = replace(trial.step, inspect=look_and_judge)
    _, inspection = step.judge(made.session_id, made.token, photo(1))
    assert seen == ["A"]
    assert inspection is not None
    assert inspection.policy == "thresholds:A"


def test_each_arm_does_what_it_says(trial: Desk) -> None:
    trial.says = GLARE
    told = {}
    for arm in ("control", "A", "B"):
        made = trial.open(customer_of(arm))
        told[arm], _ = trial.step.judge(made.session_id, made.token, photo(1))
    assert {arm: answer["advice"] for arm, answer in told.items()} == {
        "control": Advice.ACCEPT,
        "A": Advice.RETAKE,
        "B": Advice.ACCEPT,
    }
    assert trial.calls == 2
    made = trial.open(customer_of("control"))
    with pytest.raises(PhotoError):
        trial.step.judge(made.session_id, made.token, b"no photo")


def test_a_customer_keeps_the_arm_of_the_first_exposure(trial: Desk) -> None:
    customer = customer_of("A")
    first = trial.open(customer)
    trial.step.look(first.session_id, first.token)
    other = replace(EXPERIMENT, arms=(EXPERIMENT.arm("B"), EXPERIMENT.arm("A")), salt="another salt of tests")
    while other.assign(customer).name == "A":
        other = replace(other, salt=other.salt + "+")
    changed = replace(trial.step, experiment=other)
    second = changed.create(customer, Wishes())
    trial.says = GLARE
    _, inspection = changed.judge(second.session_id, second.token, photo(1))
    assert inspection is not None
    assert inspection.policy == "thresholds:A"


Decide = Callable[[str, str, str, timedelta], None]


@pytest.fixture
def decide(trial: Desk) -> Decide:
    """Puts a submission with a decision into the queue's table, as worker and reviewer would."""

    def put(customer: str, submission_id: str, state: str, after: timedelta) -> None:
        with trial.store.unit_of_work() as connection:
            connection.execute(
                insert(submissions).values(
                    id=submission_id,
                    state=state,
                    created_at=trial.now,
                    updated_at=trial.now + after,
                    decided_at=trial.now + after,
                    customer_hmac=trial.step.customer_hmac(customer),
                    request_hmac="0" * 64,
                    flags=[],
                    reasons=[],
                )
            )

    return put


def test_outcomes_tell_what_became_of_a_customer(trial: Desk, decide: Decide) -> None:
    """One is turned back once and approved, one takes the way through and is approved, one is judged by the machine."""
    hour = timedelta(hours=1)
    customers = [f"customer-{n}" for n in range(60) if EXPERIMENT.assign(f"customer-{n}").name == "A"][:4]
    good, stuck, machine, late = customers
    for customer, reasons in ((good, [BLUR]), (stuck, [GLARE] * 3), (machine, []), (late, [])):
        made = trial.open(customer)
        trial.step.look(made.session_id, made.token)
        trial.now += timedelta(seconds=30)
        last = trial.turned_back(made, *reasons)
        if last.get("bypass_offered"):
            trial.step.bypass(made.session_id, made.token)
        else:
            trial.says = None
            trial.step.judge(made.session_id, made.token, photo(250))
        chosen = photo(trial.calls - 1) if customer == stuck else photo(250)
        answer, _ = trial.step.submit(made.session_id, made.token, chosen)
        state = State.AUTO_REJECTED if customer == machine else State.APPROVED
        decide(customer, answer["submission_id"], state.value, 100 * hour if customer == late else hour)
        trial.now += timedelta(minutes=1)
    with trial.store.reading() as connection:
        found = {one.exposed_at: one for one in experiments.outcomes(connection, EXPERIMENT)}
    first, second, third, fourth = (found[at] for at in sorted(found))
    assert (first.photos, first.submitted_after_s, first.bypassed, first.approved, first.overturned) == (
        2,
        30.0,
        False,
        True,
        False,
    )
    assert (second.photos, second.bypassed, second.approved, second.overturned) == (3, True, True, True)
    assert (third.approved, third.overturned) == (False, None)
    assert (fourth.submitted_after_s, fourth.approved) == (30.0, None)
    with trial.store.unit_of_work() as connection:
        assert experiments.settle(connection, EXPERIMENT, trial.now + 71 * hour) == 0
        assert experiments.settle(connection, EXPERIMENT, trial.now + 73 * hour) == 4
        assert capture_sessions.forget_older(connection, trial.now) == 4
        connection.execute(update(submissions).values(customer_hmac=None, state="erased"))
    with trial.store.reading() as connection:
        assert {one.exposed_at: one for one in experiments.outcomes(connection, EXPERIMENT)} == found


@pytest.mark.parametrize("settled", [True, False])
def test_erasing_a_customer_changes_no_number_that_was_read(trial: Desk, settled: bool) -> None:
    customer = customer_of("B")
    made = trial.open(customer, device="phone")
    trial.turned_back(made, GLARE)
    hmac = trial.step.customer_hmac(customer)
    with trial.store.unit_of_work() as connection:
        before = experiments.outcomes(connection, EXPERIMENT)
        if settled:
            experiments.settle(connection, EXPERIMENT, trial.now + timedelta(days=4))
        assert capture_sessions.erase_customer(connection, hmac) == 1
        assert experiments.forget_customer(connection, hmac) == 1
    with trial.store.reading() as connection:
        for table in (sessions_table, exposures, capture_photos):
            assert hmac not in str(connection.execute(select(table)).mappings().all())
        assert experiments.outcomes(connection, EXPERIMENT) == (before if settled else [])
    with pytest.raises(SessionOver):
        trial.step.submit(made.session_id, made.token, photo(3))
