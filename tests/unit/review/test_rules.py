"""Review: the order of the queue, the blind sample, second and third opinions, reasons, agreement."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from idqc.errors import RequestError
from idqc.inspection import Outcome
from idqc.review.agreement import cohens_kappa
from idqc.review.rules import (
    Choice,
    Opinion,
    Signal,
    Step,
    blind_pair,
    check_decision,
    is_sampled,
    next_step,
    risk,
    urgency,
)

A, R, F = Choice.APPROVE, Choice.REJECT, Choice.REFER


def opinions(*choices: Choice) -> list[Opinion]:
    return [Opinion(f"reviewer-{n}", choice) for n, choice in enumerate(choices)]


def test_fraud_weighs_more_than_quality_and_the_unknown_counts() -> None:
    glare = Signal("quality.glare", Outcome.WARN, 0.6)
    screen = Signal("fraud.screen", Outcome.WARN, 0.6)
    unknown = Signal("quality.blur", Outcome.NOT_COMPUTED)
    fine = Signal("quality.dark", Outcome.PASS, 0.3)
    assert risk([fine]) == 0.0
    assert risk([screen]) > risk([glare]) > risk([unknown]) > 0
    assert risk([glare, screen, fine]) == pytest.approx(1.8)
    unreadable = [Signal(f"field.{n}.unreadable", Outcome.REJECT, 0.95) for n in range(12)]
    assert risk([Signal("fraud.screen", Outcome.WARN, 0.9)]) > risk(unreadable) > risk(unreadable[:1])


def test_waiting_lifts_a_case_over_fresh_ones() -> None:
    assert urgency(0.0, timedelta(hours=5)) > urgency(1.0, timedelta(0))


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_the_sample_has_its_share_and_stays_the_same(share: float) -> None:
    names = [f"submission-{n}" for n in range(4000)]
    drawn = [name for name in names if is_sampled(name, share, b"salt")]
    assert abs(len(drawn) / len(names) - share) < 0.02
    assert drawn == [name for name in names if is_sampled(name, share, b"salt")]
    if 0 < share < 1:
        assert drawn != [name for name in names if is_sampled(name, share, b"other")]


@pytest.mark.parametrize(
    ("said", "sampled", "step"),
    [
        ((A,), False, Step.APPROVED),
        ((R,), False, Step.REJECTED),
        ((F,), False, Step.SECOND_REVIEW),
        ((F, R), False, Step.REJECTED),
        ((F, F), False, Step.SECOND_REVIEW),
        ((A,), True, Step.SECOND_REVIEW),
        ((A, A), True, Step.APPROVED),
        ((A, R), True, Step.SECOND_REVIEW),
        ((A, R, R), True, Step.REJECTED),
        ((A, R, F), True, Step.SECOND_REVIEW),
        ((A, R, F, A), True, Step.APPROVED),
        ((F, A), True, Step.SECOND_REVIEW),
        ((F, A, A), True, Step.APPROVED),
    ],
)
def test_who_is_heard_next(said: tuple[Choice, ...], sampled: bool, step: Step) -> None:
    assert next_step(opinions(*said), sampled=sampled) is step


def test_a_sampled_case_never_ends_on_one_opinion_nor_on_a_tie() -> None:
    for length in range(1, 5):
        for said in product(Choice, repeat=length):
            heard = opinions(*said)
            if any(next_step(heard[:n], sampled=True) is not Step.SECOND_REVIEW for n in range(1, length)):
                continue
            step = next_step(heard, sampled=True)
            decided = [choice for choice in said if choice is not F]
            if step is not Step.SECOND_REVIEW:
                assert len(decided) >= 2
                assert decided.count(decided[-1]) >= 2


def test_the_blind_pair_is_the_first_two_decisions() -> None:
    assert blind_pair(opinions(A)) is None
    assert blind_pair(opinions(F, A)) is None
    assert blind_pair(opinions(A, R, R)) == (A, R)


def test_a_rejection_has_reasons_from_the_catalogue() -> None:
    assert check_decision(R, ["fraud.screen", "fraud.screen"], "") == ("fraud.screen",)
    assert check_decision(A, [], "") == ()
    for choice, reasons, note in (
        (R, [], ""), (R, ["he looks odd"], ""), (A, ["quality.glare"], ""), (A, [], "x" * 501), (A, [], "a\0b"),
        (A, [], "a\ud800b"),
    ):  # fmt: skip
        with pytest.raises(RequestError):
            check_decision(choice, reasons, note)


def test_kappa_is_that_of_a_worked_example() -> None:
    # 20 both yes, 15 both no, 5 and 10 apart: observed 0.70, by chance 0.50, kappa 0.40.
    pairs = [("y", "y")] * 20 + [("n", "n")] * 15 + [("y", "n")] * 5 + [("n", "y")] * 10
    found = cohens_kappa(pairs)
    assert found.kappa == pytest.approx(0.40)
    assert (found.pairs, found.agreed, found.share) == (50, 35, 0.70)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.40 < found.high
    # Fleiss, Cohen and Everitt's standard error of this table is 0.1270.
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * 0.1270, abs=0.002)


def test_kappa_of_no_pair_or_of_one_answer_only_is_unknown() -> None:
    assert cohens_kappa([]).kappa is None
    assert cohens_kappa([("y", "y")] * 9).kappa is None
    assert cohens_kappa([("y", "n"), ("n", "y")]).kappa == pytest.approx(-1.0)
