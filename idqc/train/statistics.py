"""The statistics of evaluation and calibration: rates and areas with intervals, thresholds, average precision.

Scores are 0 (normal) to 1 (to be turned away); a score at or above a threshold is flagged, as in `idqc.decision`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from idqc.train.auc import auc

CONFIDENCE = 0.95
SCORE_STEP = 0.0001
"""Thresholds are chosen to four decimals of a model's score: the next one above a score is one step higher."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """`count` of `total`, with the exact (Clopper-Pearson 1934) 95 % interval; all NaN when `total` is 0."""

    count: int
    total: int
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return percent(self) if self.total else "–"


@dataclass(frozen=True)
class Area:
    """An area under the ROC curve with its 95 % interval, and how many scores stand behind it."""

    value: float
    low: float
    high: float
    positives: int
    negatives: int

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "–"
        between = "" if math.isnan(self.low) else f" ({self.low:.4f}-{self.high:.4f})"
        return f"{self.value:.4f}{between}"


def percent(rate: Rate) -> str:
    """A rate as people read it: `1.2 % (0.9-1.6), 12/1000`."""
    return f"{100 * rate.value:.2f} % ({100 * rate.low:.2f}-{100 * rate.high:.2f}), {rate.count}/{rate.total}"


def rate_of(count: int, total: int) -> Rate:
    """The share `count / total` with its exact 95 % interval."""
    if total == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan)
    tail = (1 - CONFIDENCE) / 2
    low = float(stats.beta.ppf(tail, count, total - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(1 - tail, count + 1, total - count)) if count < total else 1.0
    return Rate(count, total, count / total, low, high)


def flagged(scores: Sequence[float] | Scores, threshold: float | None) -> Rate:
    """How many scores stand at or above a threshold; none when there is no threshold."""
    values = np.asarray(scores, np.float64)
    return rate_of(0 if threshold is None else int((values >= threshold).sum()), len(values))


def area(positive: Sequence[float] | Scores, negative: Sequence[float] | Scores) -> Area:
    """The area under the ROC curve with DeLong's interval (DeLong et al. 1988, by mid-ranks as in Sun and Xu 2014).

    Where the two groups fall wholly apart DeLong's variance is 0; the lower end is then that of as many independent
    pairs as the smaller group has members, all in order.
    """
    x, y = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    value = auc(x, y)
    if min(len(x), len(y)) < 2:
        return Area(value, math.nan, math.nan, len(x), len(y))
    ranks = stats.rankdata(np.concatenate([x, y]))
    v10 = (ranks[: len(x)] - stats.rankdata(x)) / len(y)
    v01 = 1.0 - (ranks[len(x) :] - stats.rankdata(y)) / len(x)
    deviation = math.sqrt(v10.var(ddof=1) / len(x) + v01.var(ddof=1) / len(y))
    if deviation == 0.0:
        pairs = min(len(x), len(y))
        certain = rate_of(round(value * pairs), pairs)
        return Area(value, certain.low, certain.high, len(x), len(y))
    away = float(stats.norm.ppf(0.5 + CONFIDENCE / 2)) * deviation
    return Area(value, max(value - away, 0.0), min(value + away, 1.0), len(x), len(y))


def equal_error(positive: Sequence[float] | Scores, negative: Sequence[float] | Scores) -> tuple[float, float]:
    """The equal error rate and its threshold: where misses and false alarms come closest, the mean of the two."""
    x, y = np.sort(np.asarray(positive, np.float64)), np.sort(np.asarray(negative, np.float64))
    if not len(x) or not len(y):
        return math.nan, math.nan
    thresholds = np.unique(np.concatenate([x, y, [max(x[-1], y[-1]) + SCORE_STEP]]))
    missed = np.searchsorted(x, thresholds, side="left") / len(x)
    alarms = 1.0 - np.searchsorted(y, thresholds, side="left") / len(y)
    best = int(np.argmin(np.abs(missed - alarms)))
    return float((missed[best] + alarms[best]) / 2), float(thresholds[best])


def threshold_for_alarms(normal: Sequence[float] | Scores, allowed: int) -> float:
    """The smallest threshold that at most `allowed` of the normal scores reach; 0 when all may. May exceed 1."""
    falling = np.sort(np.asarray(normal, np.float64))[::-1]
    if allowed >= len(falling):
        return 0.0
    return round(float(falling[allowed]) + SCORE_STEP, 4)


def threshold_for_misses(bad: Sequence[float] | Scores, allowed: int) -> float:
    """The largest threshold that at most `allowed` of the bad scores stay below; 1 when all may."""
    rising = np.sort(np.asarray(bad, np.float64))
    if allowed >= len(rising):
        return 1.0
    return round(math.floor(float(rising[allowed]) / SCORE_STEP + 1e-6) * SCORE_STEP, 4)


def average_precision(confidences: Sequence[float], hits: Sequence[bool], wanted: int) -> float:
    """Average precision of one class at 101 recalls (COCO's way), 0..1; NaN when there was nothing to find.

    Args:
        confidences: of every detection of the class over all photos.
        hits: whether each matched a labelled box that no stronger detection had taken.
        wanted: the number of labelled boxes.
    """
    if wanted == 0:
        return math.nan
    if not len(confidences):
        return 0.0
    order = np.argsort(-np.asarray(confidences, np.float64), kind="stable")
    true = np.cumsum(np.asarray(hits, bool)[order])
    recall = true / wanted
    precision = true / np.arange(1, len(true) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.where(at < len(recall), best_from_here[np.minimum(at, len(recall) - 1)], 0.0).mean())
