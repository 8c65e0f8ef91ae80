"""The course of a comparison says at each look what the report of that moment said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from idqc.experiments.arms import ActAt, Arm, Experiment
from idqc.experiments.course import LOOKS, courses
from idqc.experiments.outcomes import CustomerOutcome
from idqc.experiments.report import read
from idqc.experiments.simulator import customers, habits_of

SINCE = datetime(2026, 12, 1, tzinfo=UTC)
LATER = SINCE + timedelta(days=60)
ARMS = (
    Arm("control", ActAt.NEVER, True, 1),
    Arm("A", ActAt.WARNING, True, 1),
    Arm("B", ActAt.REJECT, False, 1),
)
EXPERIMENT = Experiment("test", "salt of the tests", ARMS, "approved", 6000, 72.0)


@pytest.fixture(scope="module")
def outcomes() -> list[CustomerOutcome]:
    habits = {arm.name: habits_of(arm) for arm in ARMS}
    return customers(EXPERIMENT, habits, 6000, np.random.default_rng(5), SINCE)


@pytest.mark.parametrize("primary", ["approved", "retakes"])
def test_each_look_is_the_report_of_that_moment(outcomes: list[CustomerOutcome], primary: str) -> None:
    experiment = replace(EXPERIMENT, primary=primary)
    found = courses(experiment, outcomes, LATER)
    assert [(one.one, one.other) for one in found] == [("control", "A"), ("control", "B"), ("A", "B")]
    for look in (2, LOOKS // 3, LOOKS - 1):
        report = read(experiment, outcomes, found[0].at[look])
        for course, line in zip(found, report.comparisons, strict=True):
            told = (line.difference, line.low, line.high)
            assert (course.difference[look], course.low[look], course.high[look]) == pytest.approx(told, nan_ok=True)


def test_it_is_certain_from_where_the_interval_left_zero_for_good(outcomes: list[CustomerOutcome]) -> None:
    course = courses(EXPERIMENT, outcomes, LATER)[0]
    assert course.certain_from is not None
    assert (course.high[course.certain_from :] < 0).all()
    assert not course.high[course.certain_from - 1] < 0
    alike = [replace(one, approved=True) for one in outcomes]
    assert [one.certain_from for one in courses(EXPERIMENT, alike, LATER)] == [None] * 3


def test_before_anybody_counts_there_is_nothing(outcomes: list[CustomerOutcome]) -> None:
    assert courses(EXPERIMENT, outcomes, SINCE + timedelta(hours=1)) == ()
    few = courses(EXPERIMENT, outcomes, SINCE + timedelta(hours=73))
    assert all(np.isnan(one.low).all() and one.certain_from is None for one in few)
