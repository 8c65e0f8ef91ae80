"""How the comparison of two arms came to stand where it stands: its interval at many looks, for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from idqc.experiments.arms import Experiment
from idqc.experiments.outcomes import METRICS, CustomerOutcome, Metric
from idqc.experiments.report import differences, ripe, window_of
from idqc.experiments.sequential import Moments

LOOKS = 80
"""Looks in a course. More would not show on a screen; being always valid, the sequence holds at all of them."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """The primary measure of `one` minus `other`, at LOOKS times; NaN while too few customers stand behind it.

    `certain_from` is the first look from which on the interval has left zero on one side; None while it has not.
    """

    one: str
    other: str
    at: tuple[datetime, ...]
    difference: Floats
    low: Floats
    high: Floats
    certain_from: int | None


def courses(experiment: Experiment, customers: Sequence[CustomerOutcome], now: datetime) -> tuple[Course, ...]:
    """The course of every pair of arms, from the first customer that counted to `now`; empty without any.

    Each look counts those whose window had passed by then, as the report of that moment did.
    """
    metric = METRICS[experiment.primary]
    counted = sorted(ripe(customers, metric, experiment, now), key=lambda one: one.exposed_at)
    if not counted:
        return ()
    window = window_of(metric, experiment)
    begin = counted[0].exposed_at + window
    looks = np.linspace(begin.timestamp(), max(now, begin).timestamp(), LOOKS)
    cut = looks - window.total_seconds()
    moments = {arm.name: _moments(counted, metric, arm.name, cut) for arm in experiment.arms}
    at = tuple(datetime.fromtimestamp(look, UTC) for look in looks)
    return tuple(
        Course(*pair, at, gap.value, gap.low, gap.high, _certain_from(gap.low, gap.high))
        for pair, gap in differences(moments, experiment)
    )


def _moments(counted: Sequence[CustomerOutcome], metric: Metric, arm: str, cut: Floats) -> Moments:
    """The moments of one arm at each look, of the customers exposed until `cut`, in seconds since 1970."""
    measured = [(one.exposed_at.timestamp(), metric.of(one)) for one in counted if one.arm == arm]
    kept = [(at, value) for at, value in measured if value is not None]
    exposed, values = (np.array([pair[k] for pair in kept], np.float64) for k in (0, 1))
    until = np.searchsorted(exposed, cut, side="right")
    total, squares = (np.concatenate([[0.0], np.cumsum(what)])[until] for what in (values, values**2))
    return Moments(until.astype(np.float64), total, squares, metric.unit)


def _certain_from(low: Floats, high: Floats) -> int | None:
    """The look from which on, up to the last, the interval lies on one side of zero."""
    for sure in (low > 0, high < 0):
        if sure[-1]:
            return int(len(sure) - np.argmin(sure[::-1])) if not sure.all() else 0
    return None
