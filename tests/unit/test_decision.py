"""Thresholds, outcomes and verdicts."""

from __future__ import annotations

import pytest

from idqc.catalogue import find
from idqc.decision import decide, parse_thresholds, verdict
from idqc.errors import SetupError
from idqc.inspection import Finding, Outcome, Thresholds

BOTH = Thresholds(reject=0.9, reject_warning=0.4)


@pytest.mark.parametrize(
    ("score", "outcome"),
    [
        (0.0, Outcome.PASS),
        (0.399, Outcome.PASS),
        (0.4, Outcome.WARN),
        (0.899, Outcome.WARN),
        (0.9, Outcome.REJECT),
        (1.0, Outcome.REJECT),
        (None, Outcome.NOT_COMPUTED),
    ],
)
def test_a_threshold_is_reached_at_its_own_value(score: float | None, outcome: Outcome) -> None:
    assert decide(score, BOTH) is outcome


def test_without_reject_a_criterion_only_warns() -> None:
    assert decide(1.0, Thresholds(None, 0.5)) is Outcome.WARN


def test_without_thresholds_a_criterion_passes() -> None:
    assert decide(1.0, Thresholds(None, None)) is Outcome.PASS


def test_not_applicable_is_neither_a_pass_nor_a_warning_whatever_the_score() -> None:
    assert decide(1.0, BOTH, applicable=False) is Outcome.NOT_APPLICABLE


def _finding(outcome: Outcome) -> Finding:
    return Finding("quality.blur", None, outcome, BOTH)


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([Outcome.PASS, Outcome.NOT_APPLICABLE], Outcome.PASS),
        ([Outcome.PASS, Outcome.NOT_COMPUTED], Outcome.WARN),
        ([Outcome.WARN, Outcome.PASS], Outcome.WARN),
        ([Outcome.WARN, Outcome.REJECT, Outcome.NOT_COMPUTED], Outcome.REJECT),
        ([], Outcome.WARN),
    ],
)
def test_the_verdict_is_the_worst_outcome_and_the_uncomputed_warns(outcomes: list[Outcome], worst: Outcome) -> None:
    assert verdict(map(_finding, outcomes)) is worst


def test_a_fields_own_line_beats_its_family() -> None:
    table = parse_thresholds(
        '[field.hidden]\nreject = 0.9\nsource = "x"\n[field.id_number.hidden]\nreject = 0.7\nsource = "x"\n'
    )
    assert table.of(find("field.id_number.hidden")).reject == 0.7
    assert table.of(find("field.name.hidden")).reject == 0.9


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('reject = 1.2\nsource = "x"', "outside 0 to 1"),
        ('reject = 0.3\nreject_warning = 0.5\nsource = "x"', "above its reject"),
        ("reject = 0.3", "no source"),
    ],
)
def test_broken_thresholds_do_not_load(body: str, reason: str) -> None:
    with pytest.raises(SetupError, match=reason) as caught:
        parse_thresholds(f"[quality.blur]\n{body}\n")
    assert caught.value.code == "setup.thresholds"
