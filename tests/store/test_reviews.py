"""Review on both databases: opening cases, claims that expire and never double, opinions, appeals, agreement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from idqc.errors import Conflict, NotFound
from idqc.review.rules import CLAIM_LIFE, Choice, Step
from idqc.states import State
from idqc.store import appeals, audit, reviews, submissions
from idqc.store.house import House
from idqc.store.tables import inspections
from idqc.store.tables import submissions as submission_rows
from idqc.surfaces import review
from idqc.surfaces.review import Sampling
from tests.store.conftest import Clock

NEVER, ALWAYS = Sampling(0.0, b"salt"), Sampling(1.0, b"salt")
A, R, F = Choice.APPROVE, Choice.REJECT, Choice.REFER


def put(house: House, *scores: float, state: State = State.AWAITING_REVIEW, customer: str | None = None) -> str:
    """A submission with an inspection, put straight into a state."""
    submission_id = f"{put.count:032x}"  # type: ignore[attr-defined]
    put.count += 1  # type: ignore[attr-defined]
    now = house.store.clock()
    findings = [
        {"criterion": "quality.glare", "score": score, "outcome": "warn" if score > 0.4 else "pass", "regions": []}
        for score in scores
    ]
    with house.store.unit_of_work() as connection:
        connection.execute(
            insert(submission_rows).values(
                id=submission_id, state=state.value, created_at=now, updated_at=now, request_hmac="0" * 64, flags=[],
                reasons=[], inspection_id=submission_id, customer_hmac=customer,
            )
        )  # fmt: skip
        connection.execute(
            insert(inspections).values(
                id=submission_id, submission_id=submission_id, created_at=now, release="r", policy="default",
                verdict="warn", findings=findings, redactions=[], sealed=b"", key_id="k", wrapped_key=b"",
            )
        )  # fmt: skip
    return submission_id


put.count = 1  # type: ignore[attr-defined]


def state(house: House, submission_id: str) -> State:
    with house.store.reading() as connection:
        return State(submissions.read(connection, submission_id)["state"])


def say(house: House, case: str, reviewer: str, choice: Choice, sampling: Sampling = NEVER) -> Step:
    review.claim(house.store, case, reviewer, sampling)
    return review.decide(house.store, case, reviewer, choice, ["quality.glare"] if choice is R else [])


def test_the_queue_is_ordered_by_risk_and_age(house: House, clock: Clock) -> None:
    old_and_calm = put(house, 0.1)
    clock.forward(hours=5)
    fresh_and_risky, fresh_and_calm = put(house, 0.9), put(house, 0.1)
    listed = [row.submission_id for row in review.open_queue(house.store, "a", NEVER)]
    assert listed == [old_and_calm, fresh_and_risky, fresh_and_calm]
    put(house, state=State.APPROVED)
    put(house, state=State.QUEUED)
    assert len(review.open_queue(house.store, "a", NEVER)) == 3


def test_a_claim_is_one_reviewer_s_until_it_expires(house: House, clock: Clock) -> None:
    case = put(house, 0.5)
    first = review.claim(house.store, case, "a", NEVER)
    assert first.until == clock.now + CLAIM_LIFE
    with pytest.raises(Conflict):
        review.claim(house.store, case, "b", NEVER)
    clock.forward(minutes=5)
    assert review.claim(house.store, case, "a", NEVER).until == clock.now + CLAIM_LIFE
    clock.forward(minutes=11)
    assert review.claim(house.store, case, "b", NEVER).reviewer == "b"
    with pytest.raises(Conflict):
        review.decide(house.store, case, "a", A)
    assert state(house, case) is State.AWAITING_REVIEW
    review.release(house.store, case, "b")
    assert review.claim_next(house.store, "a", NEVER) is not None


def test_an_expired_claim_decides_nothing(house: House, clock: Clock) -> None:
    case = put(house, 0.5)
    review.claim(house.store, case, "a", NEVER)
    clock.forward(minutes=11)
    with pytest.raises(Conflict):
        review.decide(house.store, case, "a", A)
    assert state(house, case) is State.AWAITING_REVIEW


def test_reviewers_at_once_never_get_the_same_case(house: House) -> None:
    cases = {put(house, 0.5) for _ in range(40)}
    review.open_queue(house.store, "a", NEVER)

    def work(reviewer: str) -> list[str]:
        mine = []
        while (claimed := review.claim_next(house.store, reviewer, NEVER)) is not None:
            review.decide(house.store, claimed.submission_id, reviewer, A)
            mine.append(claimed.submission_id)
        return mine

    with ThreadPoolExecutor(4) as people:
        decided = [case for mine in people.map(work, ["a", "b", "c", "d"]) for case in mine]
    assert sorted(decided) == sorted(cases)
    assert {state(house, case) for case in cases} == {State.APPROVED}
    with house.store.reading() as connection:
        assert audit.verify(connection).fault is None


def test_two_decisions_at_the_same_moment_are_one(house: House) -> None:
    case = put(house, 0.5)
    review.claim(house.store, case, "a", NEVER)

    def decide(choice: Choice) -> bool:
        try:
            review.decide(house.store, case, "a", choice, ["quality.glare"] if choice is R else [])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as presses:
        assert sorted(presses.map(decide, [A, R])) == [False, True]
    with house.store.reading() as connection:
        assert len(reviews.list_opinions(connection, case, 1)) == 1


@pytest.mark.parametrize(
    ("said", "ends"), [((A, A), State.APPROVED), ((A, R, R), State.REJECTED), ((R, A, A), State.APPROVED)]
)
def test_a_sampled_case_is_judged_blind_until_two_agree(house: House, said: tuple[Choice, ...], ends: State) -> None:
    case = put(house, 0.5)
    for number, choice in enumerate(said):
        assert state(house, case) is (State.SECOND_REVIEW if number else State.AWAITING_REVIEW)
        step = say(house, case, f"reviewer-{number}", choice, ALWAYS)
        if number < len(said) - 1:
            assert step is Step.SECOND_REVIEW
            with pytest.raises(Conflict):  # nobody is heard twice
                review.claim(house.store, case, f"reviewer-{number}", ALWAYS)
    assert state(house, case) is ends
    with house.store.reading() as connection:
        row = submissions.read(connection, case)
    assert row["decided_by"] == f"reviewer-{len(said) - 1}"
    assert row["reasons"] == (["quality.glare"] if ends is State.REJECTED else [])


def test_a_referred_case_waits_for_somebody_else(house: House) -> None:
    case = put(house, 0.5)
    assert say(house, case, "a", F) is Step.SECOND_REVIEW
    assert review.claim_next(house.store, "a", NEVER) is None
    assert [row.heard for row in review.open_queue(house.store, "a", NEVER)] == [True]
    assert say(house, case, "b", R) is Step.REJECTED


def test_nobody_is_heard_twice_even_past_the_code(house: House) -> None:
    case = put(house, 0.5)
    say(house, case, "a", F)
    again = reviews.Claim(case, "a", house.store.clock(), 1, False)
    with house.store.unit_of_work() as connection, pytest.raises(IntegrityError):
        reviews.add_opinion(connection, again, review.Opinion("a", A), house.store.clock())


def test_a_case_that_was_superseded_is_not_decided(house: House) -> None:
    case = put(house, 0.5)
    review.claim(house.store, case, "a", NEVER)
    with house.store.unit_of_work() as connection:
        submissions.move(connection, case, State.SUPERSEDED, "key:x", house.store.clock())
    with pytest.raises(Conflict):
        review.decide(house.store, case, "a", A)
    assert review.open_queue(house.store, "a", NEVER) == []


@pytest.mark.parametrize("turned_away", [State.AUTO_REJECTED, State.REJECTED])
def test_an_appeal_opens_a_human_review_within_30_days(house: House, clock: Clock, turned_away: State) -> None:
    if turned_away is State.REJECTED:
        case = put(house, 0.5)
        say(house, case, "a", R)
    else:
        case = put(house, 0.99, state=State.AUTO_REJECTED)
    appeal, is_new = review.make_appeal(house.store, case, "key:bank")
    assert (appeal.due_at - appeal.made_at, is_new) == (timedelta(days=30), True)
    again, is_new = review.make_appeal(house.store, case, "key:bank")
    assert (again, is_new) == (appeal, False)
    clock.forward(days=2)
    row = review.open_queue(house.store, "b", ALWAYS)[0]
    assert (row.submission_id, row.appeal_due_at) == (case, appeal.due_at)
    if turned_away is State.REJECTED:
        with pytest.raises(Conflict):  # not who turned it away
            review.claim(house.store, case, "a", NEVER)
    assert say(house, case, "b", A, ALWAYS) is Step.APPROVED
    with house.store.reading() as connection:
        decided = appeals.find_appeal(connection, case)
    assert decided is not None
    assert (decided.outcome, decided.decided_at) == ("approved", clock.now)


def test_what_is_not_rejected_cannot_be_appealed_against(house: House) -> None:
    for standing in (State.QUEUED, State.AWAITING_REVIEW, State.APPROVED):
        with pytest.raises(Conflict):
            review.make_appeal(house.store, put(house, state=standing), "key:bank")
    with pytest.raises(NotFound):
        review.make_appeal(house.store, "0" * 32, "key:bank")
    with pytest.raises(NotFound):
        review.make_appeal(house.store, put(house, state=State.ERASED), "key:bank")


def test_agreement_is_measured_on_the_blind_sample_alone(house: House, clock: Clock) -> None:
    for first, second in [(A, A)] * 4 + [(R, R)] * 3 + [(A, R)]:
        case = put(house, 0.5)
        say(house, case, "a", first, ALWAYS)
        say(house, case, "b", second, ALWAYS)
        if first is not second:
            say(house, case, "c", R, ALWAYS)
    alone = put(house, 0.5)
    say(house, alone, "a", F, NEVER)
    say(house, alone, "b", R, NEVER)
    found, lines = review.measure_agreement(house.store, 90)
    assert (found.pairs, found.agreed) == (8, 7)
    assert found.kappa == pytest.approx(0.75)
    by_name = {line.reviewer: line for line in lines}
    assert (by_name["a"].decisions, by_name["a"].rejections, by_name["a"].overturned) == (8, 3, 1)
    assert by_name["b"].overturned == 0
    clock.forward(days=100)
    assert review.measure_agreement(house.store, 90)[0].pairs == 0


def test_every_decision_is_in_the_audit_log(house: House) -> None:
    case = put(house, 0.5)
    say(house, case, "a", R)
    with house.store.reading() as connection:
        verified = audit.verify(connection)
    assert (verified.fault, verified.entries) == (None, 1)


def test_notes_go_with_the_customer(house: House) -> None:
    case = put(house, 0.5)
    review.claim(house.store, case, "a", NEVER)
    review.decide(house.store, case, "a", F, note="looks odd")
    with house.store.unit_of_work() as connection:
        assert reviews.list_opinions(connection, case, 1)[0].note == "looks odd"
        reviews.forget_notes(connection, case)
        assert reviews.list_opinions(connection, case, 1)[0].note == ""
