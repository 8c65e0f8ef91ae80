"""The always-valid intervals and the sample-ratio check."""

from __future__ import annotations

import math

import numpy as np
import pytest

from idqc.experiments.sequential import (
    Moments,
    difference_interval,
    exact_upper,
    half_width,
    mean_interval,
    moments_of,
    rho_for,
    sample_ratio_p,
)
from idqc.experiments.simulator import deal, ratio_alarm


def test_the_width_is_the_papers() -> None:
    n, variance, alpha, rho = 400.0, 0.21, 0.05, 0.2
    expected = math.sqrt(variance) * math.sqrt(
        2 * (n * rho**2 + 1) / (n**2 * rho**2) * math.log(math.sqrt(n * rho**2 + 1) / alpha)
    )
    assert float(half_width(np.float64(n), np.float64(variance), alpha, rho)) == pytest.approx(expected)  # type: ignore[arg-type]


def test_it_is_tightest_near_the_planned_size() -> None:
    n = np.float64(5000)
    widths = {
        planned: float(half_width(n, np.float64(0.25), 0.05, rho_for(planned, 0.05)))  # type: ignore[arg-type]
        for planned in (50, 500, 5000, 50_000, 500_000)
    }
    assert min(widths, key=lambda planned: widths[planned]) == 5000


def test_it_holds_the_truth_at_every_look() -> None:
    """2,000 sequences of 3,000 customers each: at most 5 % may ever leave the truth, the fixed z interval far more."""
    rng = np.random.default_rng(11)
    missed = naive = 0
    for _ in range(2000):
        seen = np.cumsum(rng.random(3000) < 0.8)
        count = np.arange(1.0, 3001.0)
        interval = mean_interval(Moments(count, seen.astype(np.float64), seen.astype(np.float64)), 3000)
        missed += bool(((interval.low > 0.8) | (interval.high < 0.8)).any())
        z = np.abs(seen / count - 0.8) / np.sqrt(0.8 * 0.2 / count)
        naive += bool((z[99:] > 1.96).any())
    assert missed / 2000 <= 0.05
    assert naive / 2000 > 0.2


def test_a_clear_difference_is_seen_and_its_sign_is_right() -> None:
    rng = np.random.default_rng(3)
    good, bad = moments_of((rng.random(4000) < 0.9) * 1.0), moments_of((rng.random(4000) < 0.8) * 1.0)
    up, down = difference_interval(good, bad, 8000, 0.05), difference_interval(bad, good, 8000, 0.05)
    assert float(up.low) > 0.05
    assert (float(down.low), float(down.high)) == pytest.approx((-float(up.high), -float(up.low)))


def test_few_customers_are_not_read() -> None:
    few, many = moments_of([1.0] * 99), moments_of([0.0] * 5000)
    assert math.isnan(float(difference_interval(few, many, 1000, 0.05).low))
    assert math.isnan(float(mean_interval(few, 1000).low))
    assert float(mean_interval(many, 1000).high) > 0.0


def test_a_hundred_alike_are_no_certainty() -> None:
    """All of one arm's first hundred pass, and all but two of the other's: the variance is never taken for 0."""
    one, other = moments_of([1.0] * 100), moments_of([1.0] * 98 + [0.0] * 2)
    interval = difference_interval(one, other, 1000, 0.05)
    assert float(interval.low) < 0 < float(interval.high)


def test_lost_customers_are_noticed() -> None:
    assert sample_ratio_p([5000, 5010, 9990], [1, 1, 2]) > 0.9
    assert sample_ratio_p([5000, 4600, 10_000], [1, 1, 2]) < 0.001
    assert sample_ratio_p([0, 0], [1, 1]) == 1.0
    assert sample_ratio_p([450, 250], [1, 1]) < 0.001


def test_asking_often_raises_few_false_alarms_about_shares() -> None:
    """2,000 streams of 3,000 customers, asked after each: the alarm at 0.001 may sound in 0.1 % of them."""
    alarms = [ratio_alarm([1, 1, 2], 3000, np.random.default_rng([4, run])) for run in range(2000)]
    assert sum(at is not None for at in alarms) <= 6
    lossy = [ratio_alarm([1, 1, 2], 20_000, np.random.default_rng([5, run]), lost=0.1) for run in range(20)]
    assert all(at is not None for at in lossy)


def test_the_stream_and_the_count_agree() -> None:
    """The first alarm of a stream is where the p-value of its counts first falls under the limit."""
    rng = np.random.default_rng(1)
    arms = deal([1, 1, 2], 4000, np.random.default_rng(1), lost=0.2)
    at = ratio_alarm([1, 1, 2], 4000, rng, lost=0.2)
    assert at is not None
    before, then = (np.bincount(arms[:n], minlength=3).tolist() for n in (at - 1, at))
    assert sample_ratio_p(then, [1, 1, 2]) < 0.001 <= sample_ratio_p(before, [1, 1, 2])


def test_the_exact_bound_is_the_known_one() -> None:
    assert exact_upper(0, 1000) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=1e-6)
    assert exact_upper(50, 1000) == pytest.approx(0.0630, abs=0.0003)
    assert exact_upper(10, 10) == 1.0
