"""Intervals that know that photos of one layout, or of one person, are not independent: the cluster bootstrap.

An exact interval takes every photo for a new experiment. Photos of one layout share its stock and its fonts, photos of
one person the face: a release that fails on a layout fails on many photos at once. So whole layouts are drawn with
replacement, then, in draws of their own, whole persons, and the wider of the two intervals is kept (Field and Welsh
2007). Drawing both at once and multiplying, the pigeonhole bootstrap, counts three times what belongs to the photo
alone (Owen 2007), and most of an error rate does. The wider of two is right where one of the two ties prevails; where
both weigh the same it is too narrow, by a factor of 1.4 at most.

scipy.stats.bootstrap draws single observations and calls the statistic anew for every draw; here a draw is a weight
for every photo, and statistics are written for all draws at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from idqc.labels import Label
from idqc.train.statistics import CONFIDENCE

DRAWS = 1000
DRAWS_AT_ONCE = 100
"""Bounds memory: a statistic sees (100, photos) weights at a time."""
SEED = 20261122
"""Any number; fixed, so that a report can be made again to the digit."""

SAME = 1e-12
"""Draws that differ by less than the rounding of a sum do not differ."""

Weights: TypeAlias = NDArray[np.float64]
"""(draws, n): how often each of n photos, or samples of them, came up in each draw."""
Statistic: TypeAlias = Callable[..., NDArray[np.float64]]
"""Given Weights for each list of files, the value of every draw: (draws,), NaN where a draw has none."""


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of the draws; NaN where they say nothing: no sample, or every draw gives the same."""

    low: float
    high: float

    def __str__(self) -> str:
        return "–" if math.isnan(self.low) else f"{100 * self.low:.2f}-{100 * self.high:.2f} %"

    def plain(self, digits: int = 4) -> str:
        """The ends as they are, not in percent."""
        return "–" if math.isnan(self.low) else f"{self.low:.{digits}f}-{self.high:.{digits}f}"


NOTHING = Interval(math.nan, math.nan)


class Resampling:
    """The draws of one set of photos. All statistics of a report share them, so that they can be compared.

    A photo whose label names no layout (or no person) is a layout (or person) of its own: with neither anywhere this is
    the ordinary bootstrap over photos. Keeps at most 2 bytes a draw and photo.
    """

    def __init__(self, labels: Sequence[Label], draws: int = DRAWS, seed: int = SEED) -> None:
        self._place = {label.file: place for place, label in enumerate(labels)}
        rng = np.random.default_rng(seed)
        names = (
            [(label.document_type, label.layout) if label.layout is not None else label.file for label in labels],
            [(label.person,) if label.person is not None else label.file for label in labels],
        )
        self._ways = [_draw(rng, some, draws) for some in names]

    def interval(self, statistic: Statistic, *files: Sequence[str]) -> Interval:
        """The interval of a statistic of one or more lists of samples, each given by the file of its photo.

        Half of the draws at least must have a value, or the interval is NaN.
        """
        return self.intervals(lambda *weights: statistic(*weights)[:, None], *files)[0]

    def intervals(self, statistic: Statistic, *files: Sequence[str]) -> list[Interval]:
        """The same for a statistic of several values, whose draws are (draws, values): one interval a value."""
        places = [np.array([self._place[file] for file in some], np.int64) for some in files]
        ways = []
        for groups, counts in self._ways:
            found = np.concatenate(
                [
                    statistic(*(counts[at : at + DRAWS_AT_ONCE, groups[some]].astype(np.float64) for some in places))
                    for at in range(0, len(counts), DRAWS_AT_ONCE)
                ]
            )
            ways.append([_middle(values) for values in found.T])
        return [
            max(pair, key=lambda one: 0.0 if math.isnan(one.low) else one.high - one.low)
            for pair in zip(*ways, strict=True)
        ]

    def of_share(self, files: Sequence[str], hits: Sequence[bool] | NDArray[np.bool_]) -> Interval:
        """The interval of a share: which samples there are, and which of them count."""
        counted = np.asarray(hits, np.float64)
        return self.interval(lambda weights: _divided(weights @ counted, weights.sum(1)), files)

    def of_area(
        self,
        positive: NDArray[np.float64],
        positive_files: Sequence[str],
        negative: NDArray[np.float64],
        negative_files: Sequence[str],
    ) -> Interval:
        """The interval of the area under the ROC curve; both groups come from the same draws of layouts and persons."""
        order = np.argsort(negative, kind="stable")
        below = np.searchsorted(negative[order], positive, side="left")
        upto = np.searchsorted(negative[order], positive, side="right")

        def areas(x: Weights, y: Weights) -> NDArray[np.float64]:
            passed = np.concatenate([np.zeros((len(y), 1)), np.cumsum(y[:, order], axis=1)], axis=1)
            won = (x * (passed[:, below] + passed[:, upto]) / 2).sum(1)
            return _divided(won, x.sum(1) * y.sum(1))

        return self.interval(areas, positive_files, negative_files)


def _draw(rng: np.random.Generator, names: Sequence[object], draws: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """The group of every photo, and how often each group comes up in each draw."""
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    groups, count = np.array([number[name] for name in names], np.int64), len(number)
    drawn = np.empty((draws, count), np.uint8)
    for row in drawn:
        row[:] = np.bincount(rng.integers(max(count, 1), size=count), minlength=count).clip(max=255)
    return groups, drawn


def _middle(values: NDArray[np.float64]) -> Interval:
    valid = values[np.isfinite(values)]
    if len(valid) < len(values) / 2 or np.ptp(valid) < SAME:
        return NOTHING
    low, high = np.quantile(valid, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))


def _divided(above: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, under, out=np.full(len(above), math.nan), where=under > 0)
