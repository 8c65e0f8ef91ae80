"""The reading of an experiment: every measure of every arm with its interval, and the winner when there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np

from idqc.experiments.arms import Experiment
from idqc.experiments.outcomes import METRICS, CustomerOutcome, Metric
from idqc.experiments.sequential import (
    CONFIDENCE,
    MIN_PER_ARM,
    SAMPLE_RATIO_P,
    Interval,
    Moments,
    difference_interval,
    mean_interval,
    moments_of,
    sample_ratio_p,
)

SESSION_H = 1.0
"""A capture session is over after this; a customer exposed later than that is not counted yet."""


class State(StrEnum):
    """How far an experiment is."""

    BROKEN = "broken"
    """The arms did not get their shares: nothing may be read before the cause is found."""
    EARLY = "early"
    OPEN = "open"
    DECIDED = "decided"


@dataclass(frozen=True)
class Reading:
    """One measure of one arm. `count` customers stand behind it; NaN where fewer than MIN_PER_ARM do."""

    arm: str
    metric: str
    count: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """The primary measure of one arm minus another's; `better` names the arm that is ahead, once that is certain."""

    one: str
    other: str
    difference: float
    low: float
    high: float
    better: str | None


@dataclass(frozen=True)
class Report:
    """All that an experiment says at a moment. Readings and comparisons are empty while it is broken."""

    experiment: str
    at: datetime
    state: State
    winner: str | None
    primary: str
    customers: dict[str, int]
    sample_ratio_p: float
    readings: tuple[Reading, ...]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """The report for a page or a notebook; what is not read yet is null."""
        return {
            "experiment": self.experiment,
            "at": self.at.isoformat(),
            "state": self.state.value,
            "winner": self.winner,
            "primary": self.primary,
            "confidence": CONFIDENCE,
            "min_per_arm": MIN_PER_ARM,
            "customers": self.customers,
            "sample_ratio": {"p": self.sample_ratio_p, "stops_below": SAMPLE_RATIO_P},
            "readings": [_json(reading, METRICS[reading.metric].title) for reading in self.readings],
            "comparisons": [_json(line) for line in self.comparisons],
        }


def read(experiment: Experiment, customers: Iterable[CustomerOutcome], now: datetime) -> Report:
    """Reads an experiment as of `now`; may be called as often as anybody likes.

    A customer counts for a measure once its window has passed, whatever has happened by then, so that the fast
    decisions of the last hours do not stand for all.
    """
    everyone = list(customers)
    names = [arm.name for arm in experiment.arms]
    exposed = {name: sum(one.arm == name for one in everyone) for name in names}
    p = sample_ratio_p(list(exposed.values()), [arm.share for arm in experiment.arms])
    head = (experiment.name, now)
    if p < SAMPLE_RATIO_P:
        return Report(*head, State.BROKEN, None, experiment.primary, exposed, p, (), ())
    readings = []
    for key, metric in METRICS.items():
        counted = ripe(everyone, metric, experiment, now)
        readings += [_reading(name, key, of_arm(counted, metric, name), experiment) for name in names]
    primary = METRICS[experiment.primary]
    counted = ripe(everyone, primary, experiment, now)
    moments = {name: of_arm(counted, primary, name) for name in names}
    comparisons = tuple(
        _compared(pair, difference, primary.better) for pair, difference in differences(moments, experiment)
    )
    winner = winner_of(names, comparisons)
    early = any(float(one.count) < MIN_PER_ARM for one in moments.values())
    state = State.DECIDED if winner else State.EARLY if early else State.OPEN
    return Report(*head, state, winner, experiment.primary, exposed, p, tuple(readings), comparisons)


def ripe(
    customers: Sequence[CustomerOutcome], metric: Metric, experiment: Experiment, now: datetime
) -> list[CustomerOutcome]:
    """The customers whose window for a measure has passed."""
    before = now - window_of(metric, experiment)
    return [one for one in customers if one.exposed_at <= before]


def window_of(metric: Metric, experiment: Experiment) -> timedelta:
    """How long after the exposure a customer is counted for a measure."""
    return timedelta(hours=experiment.decided_within_h if metric.waits else SESSION_H)


def of_arm(customers: Iterable[CustomerOutcome], metric: Metric, arm: str) -> Moments:
    """The moments of a measure in one arm."""
    values = (metric.of(one) for one in customers if one.arm == arm)
    return moments_of([value for value in values if value is not None], metric.unit)


def differences(moments: dict[str, Moments], experiment: Experiment) -> Iterable[tuple[tuple[str, str], Interval]]:
    """Every pair of arms with its interval; all pairs together are wrong with at most 1 - CONFIDENCE (Bonferroni)."""
    pairs = list(combinations(moments, 2))
    alpha = (1 - CONFIDENCE) / len(pairs)
    total = sum(arm.share for arm in experiment.arms)
    for one, other in pairs:
        planned = experiment.planned_customers * (experiment.arm(one).share + experiment.arm(other).share) / total
        yield (one, other), difference_interval(moments[one], moments[other], planned, alpha)


def winner_of(names: Sequence[str], comparisons: Iterable[Comparison]) -> str | None:
    """The arm that beats every other one with certainty, if there is one."""
    beaten = [line.better for line in comparisons]
    return next((name for name in names if beaten.count(name) == len(names) - 1), None)


def _reading(arm: str, metric: str, moments: Moments, experiment: Experiment) -> Reading:
    share = experiment.arm(arm).share / sum(one.share for one in experiment.arms)
    interval = mean_interval(moments, experiment.planned_customers * share)
    low, high = float(interval.low), float(interval.high)
    if METRICS[metric].share:
        low, high = float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))
    count = int(moments.count)
    return Reading(arm, metric, count, float(interval.value) if count >= MIN_PER_ARM else float("nan"), low, high)


def _compared(pair: tuple[str, str], difference: Interval, better: int) -> Comparison:
    low, high = float(difference.low), float(difference.high)
    ahead = pair[0] if low > 0 else pair[1] if high < 0 else None
    if better < 0 and ahead is not None:
        ahead = pair[0] if ahead == pair[1] else pair[1]
    return Comparison(*pair, float(difference.value), low, high, ahead)


def _json(line: Reading | Comparison, title: Any = None) -> dict[str, Any]:
    said = {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in vars(line).items()}
    return said if title is None else {**said, "title": dict(title)}
