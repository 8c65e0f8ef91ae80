"""The report over simulated customers: known effects, broken shares, windows; and the error rate under peeking."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from idqc.experiments.arms import ActAt, Arm, Experiment
from idqc.experiments.outcomes import METRICS, CustomerOutcome
from idqc.experiments.report import State, read
from idqc.experiments.simulator import approval_rate, customers, habits_of, measure, walk

SINCE = datetime(2026, 12, 1, tzinfo=UTC)
LATER = SINCE + timedelta(days=60)
ARMS = (
    Arm("control", ActAt.NEVER, True, 1),
    Arm("A", ActAt.WARNING, True, 1),
    Arm("B", ActAt.REJECT, False, 1),
)
EXPERIMENT = Experiment("test", "salt of the tests", ARMS, "approved", 6000, 72.0)
HABITS = {arm.name: habits_of(arm) for arm in ARMS}


@pytest.fixture(scope="module")
def outcomes() -> list[CustomerOutcome]:
    return customers(EXPERIMENT, HABITS, 6000, np.random.default_rng(5), SINCE)


@pytest.mark.parametrize("arm", ["control", "A", "B"])
def test_the_walk_comes_to_its_exact_rate(arm: str) -> None:
    rate = approval_rate(HABITS[arm])
    found = walk(HABITS[arm], 200_000, np.random.default_rng(1)).approved.mean()
    assert found == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / 200_000))


def test_the_right_arm_wins(outcomes: list[CustomerOutcome]) -> None:
    report = read(EXPERIMENT, outcomes, LATER)
    assert (report.state, report.winner) == (State.DECIDED, "A")
    for reading in report.readings:
        if reading.metric == "approved":
            assert reading.low < approval_rate(HABITS[reading.arm]) < reading.high
    by = {(reading.metric, reading.arm): reading for reading in report.readings}
    assert by["bypass", "A"].value > 0
    assert by["bypass", "B"].value == by["bypass", "control"].value == 0
    assert by["retakes", "A"].value > by["retakes", "B"].value > by["retakes", "control"].value == 0
    assert by["rejected_after", "control"].value > by["rejected_after", "B"].value > by["rejected_after", "A"].value
    assert by["time_to_pass_s", "A"].value > by["time_to_pass_s", "control"].value > 10
    assert by["overturned", "control"].count == 0
    assert by["overturned", "A"].count > 1000
    assert {reading.metric for reading in report.readings} == set(METRICS)


def test_the_report_is_json_without_nan(outcomes: list[CustomerOutcome]) -> None:
    said = read(EXPERIMENT, outcomes, LATER).to_json()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["winner"] == "A"
    assert said["readings"][0]["title"]["ko"]


def test_lost_records_stop_the_reading(outcomes: list[CustomerOutcome]) -> None:
    kept = [one for place, one in enumerate(outcomes) if one.arm != "A" or place % 6]
    report = read(EXPERIMENT, kept, LATER)
    assert report.sample_ratio_p < 0.001
    assert (report.state, report.winner, report.readings, report.comparisons) == (State.BROKEN, None, (), ())


def test_alike_arms_have_no_winner() -> None:
    alike = dict.fromkeys(HABITS, HABITS["B"])
    report = read(EXPERIMENT, customers(EXPERIMENT, alike, 3000, np.random.default_rng(8), SINCE), LATER)
    assert (report.state, report.winner) == (State.OPEN, None)


def test_customers_whose_window_is_open_do_not_count(outcomes: list[CustomerOutcome]) -> None:
    now = SINCE + timedelta(hours=73)
    report = read(EXPERIMENT, outcomes, now)
    by = {(reading.metric, reading.arm): reading.count for reading in report.readings}
    assert sum(by["approved", arm.name] for arm in ARMS) == 61
    assert sum(by["capture_pass", arm.name] for arm in ARMS) == 72 * 60 + 1
    assert (report.state, report.winner) == (State.EARLY, None)


def test_less_can_be_better(outcomes: list[CustomerOutcome]) -> None:
    report = read(replace(EXPERIMENT, primary="retakes"), outcomes, LATER)
    assert report.winner == "control"


def test_few_are_misled_by_peeking() -> None:
    """200 null runs, read after each of 3,000 customers; benchmarks/experiments.py does 1,000 of 20,000."""
    alike = dict.fromkeys(HABITS, HABITS["A"])
    power = measure(EXPERIMENT, alike, 200, 3000, 7, None)
    assert power.claimed / power.runs <= 0.05
    assert power.wrong <= power.claimed
    assert power.naive > 3 * max(power.claimed, 1)


def test_the_right_winner_is_found_and_no_other() -> None:
    power = measure(EXPERIMENT, HABITS, 50, 6000, 9, "A")
    assert (power.right, power.wrong) == (50, 0)
    assert power.median_customers is not None
    assert power.median_customers < 5000
