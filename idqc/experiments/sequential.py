"""Statistics that stay valid while people peek, and the check that the arms got their shares.

The intervals are asymptotic confidence sequences: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", arXiv 2103.06476 (2021), Annals of Statistics 52(6), 2024.
A 95 % sequence holds the truth at all sample sizes at once with probability 95 %, so that whoever looks every day, or
after every customer, and stops when they like, is still wrong at most 5 % of the time. "Asymptotic" is about where one
starts to look: nothing is read before MIN_PER_ARM customers an arm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
MIN_PER_ARM = 100
"""Fewer customers than this in an arm are not read. `benchmarks/experiments.py` measures that it is enough."""

SAMPLE_RATIO_P = 0.001
"""Below this the shares are broken: an assignment or a record is lost, and no comparison can be trusted."""

RATIO_PRIOR = 1000.0
"""The weight of that check's prior, in customers: it looks for shares that are off by some percent."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Count, sum and sum of squares of what was measured: floats, or arrays of one shape with a value a look.

    `unit` is the size of one thing (one customer, one retake, ten seconds): one such thing more, spread over the
    count, keeps the variance above 0 while everybody has done the same.
    """

    count: Floats
    total: Floats
    squares: Floats
    unit: float = 1.0

    def mean(self) -> Floats:
        """The mean; NaN without customers."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.total / self.count, np.float64)

    def variance(self) -> Floats:
        """The variance of one measurement, a little too large."""
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = self.squares / self.count - (self.total / self.count) ** 2
            return np.asarray(np.maximum(spread, 0.0) + self.unit**2 / self.count, np.float64)


def moments_of(values: Sequence[float] | Floats, unit: float = 1.0) -> Moments:
    """The moments of a list of measurements."""
    array = np.asarray(values, np.float64)
    return Moments(np.float64(len(array)), array.sum(), (array**2).sum(), unit)  # type: ignore[arg-type]


def rho_for(planned: float, alpha: float) -> float:
    """The parameter that makes the sequence tightest around `planned` measurements (the paper's appendix B.2)."""
    return math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned)


def half_width(count: Floats, variance: Floats, alpha: float, rho: float) -> Floats:
    """Half the width of the two-sided 1 - alpha sequence for the mean of `count` measurements (theorem 2.2)."""
    scaled = count * rho**2 + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt(variance * scaled / (count * rho) ** 2 * np.log(scaled / alpha**2)), np.float64)


@dataclass(frozen=True)
class Interval:
    """An estimate with its always-valid interval; arrays with a value a look, or floats. NaN when not yet read."""

    value: Floats
    low: Floats
    high: Floats


def mean_interval(arm: Moments, planned: float, alpha: float = 1 - CONFIDENCE) -> Interval:
    """The always-valid interval of one arm's mean."""
    away = half_width(arm.count, arm.variance(), alpha, rho_for(planned, alpha))
    away = np.where(arm.count >= MIN_PER_ARM, away, np.nan)
    return Interval(arm.mean(), arm.mean() - away, arm.mean() + away)


def difference_interval(one: Moments, other: Moments, planned: float, alpha: float) -> Interval:
    """The always-valid interval of mean(one) - mean(other), for customers assigned at random.

    It is the paper's interval for the average treatment effect in a randomised experiment, with the arms' own means as
    the outcome model: the estimate is then the difference of the means, and its variance per customer that of the two
    arms, each divided by its share.
    """
    both = one.count + other.count
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = both * (one.variance() / one.count + other.variance() / other.count)
    away = half_width(both, variance, alpha, rho_for(planned, alpha))
    away = np.where(np.minimum(one.count, other.count) >= MIN_PER_ARM, away, np.nan)
    value = one.mean() - other.mean()
    return Interval(value, value - away, value + away)


def sample_ratio_p(counts: Sequence[int], shares: Sequence[int]) -> float:
    """The p-value of the test that customers fell into the arms by their shares, valid however often it is asked.

    The sequential multinomial test of Lindon and Malek, "Anytime-Valid Inference For Multinomial Count Data", arXiv
    2011.03567, NeurIPS 2022: one over the Bayes factor of a Dirichlet prior around the shares against the shares
    themselves, which exceeds 1 / p at any time with probability p at most.
    """
    due = [share / sum(shares) for share in shares]
    log_factor = math.lgamma(RATIO_PRIOR) - math.lgamma(RATIO_PRIOR + sum(counts))
    for count, share in zip(counts, due, strict=True):
        log_factor += math.lgamma(RATIO_PRIOR * share + count) - math.lgamma(RATIO_PRIOR * share)
        log_factor -= count * math.log(share)
    return min(1.0, math.exp(-max(log_factor, 0.0)))


def exact_upper(count: int, total: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided exact upper bound (Clopper and Pearson 1934) of a share `count` of `total`, by bisection."""
    low, high = count / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_tail(count, total, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _binomial_tail(count: int, total: int, p: float) -> float:
    """P(X <= count) of a binomial."""
    if p >= 1.0:
        return float(count >= total)
    logs = (
        [
            math.lgamma(total + 1)
            - math.lgamma(k + 1)
            - math.lgamma(total - k + 1)
            + k * math.log(p)
            + (total - k) * math.log1p(-p)
            for k in range(count + 1)
        ]
        if p > 0
        else [0.0]
    )
    return math.fsum(math.exp(value) for value in logs)
