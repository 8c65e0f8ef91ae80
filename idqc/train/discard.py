"""The error-versus-discard characteristic of the portrait's score (ISO/IEC 29794-1): what quality control buys.

The standard discards the samples of worst quality and asks which share of the comparisons of what is left goes wrong.
Nothing is compared here, so an error is a portrait that the label calls bad: by itself (`portrait.low_quality`), or
because the photo as a whole is (blurred, dark, burnt out, glared, too small: SPOILERS).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idqc.train.groups import BAD, Pair
from idqc.train.report import BLACK, BLUE, VERMILION, Table, draw, save_picture
from idqc.train.resampling import Interval, Resampling, Weights

CODE = "portrait.low_quality"
SPOILERS = ("quality.blur", "quality.dark", "quality.bright", "quality.glare", "quality.low_resolution")
ERRORS = {"the portrait itself is bad": (CODE,), "the portrait or the whole photo is bad": (CODE, *SPOILERS)}
"""What counts as an error: a severity of 0.5 or more of one of these."""
SHARES = tuple(percent / 100 for percent in range(31))
LISTED_PERCENT = (0, 1, 2, 5, 10, 15, 20, 30)
PICTURE = "portrait_discard.png"


@dataclass(frozen=True, eq=False)
class Characteristic:
    """One curve at `shares` discarded: errors left by score, with intervals, and by an oracle; all 0..1."""

    photos: int
    bad: int
    shares: Sequence[float]
    left: Sequence[float]
    intervals: Sequence[Interval]
    ideal: Sequence[float]


def left_after(
    scores: NDArray[np.float64], bad: NDArray[np.bool_], shares: Sequence[float], weights: Weights | None = None
) -> NDArray[np.float64]:
    """The share of bad samples among those left when a share of all, the worst scores first, is discarded.

    Of samples with equal scores every choice is as likely, so their bad ones go in proportion.

    Args:
        scores: (n,) 0 good to 1 bad.
        bad: (n,) whether the sample is an error.
        shares: of the samples that are discarded, each in [0, 1).
        weights: (draws, n), how often each sample counts; None for once each.

    Returns:
        (draws, shares), or (1, shares) without weights; NaN for a draw without samples.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    counted = np.ones((1, len(scores))) if weights is None else weights
    gone = np.cumsum(counted[:, order], axis=1)[:, last]
    gone_bad = np.cumsum((counted * bad)[:, order], axis=1)[:, last]
    left = np.full((len(counted), len(shares)), math.nan)
    for row, (some, some_bad) in enumerate(zip(gone, gone_bad, strict=True)):
        if some[-1] > 0:
            cut = np.asarray(shares) * some[-1]
            discarded = np.interp(cut, np.concatenate([[0.0], some]), np.concatenate([[0.0], some_bad]))
            left[row] = (some_bad[-1] - discarded) / (some[-1] - cut)
    return left


def characteristics(
    pairs: Sequence[Pair], resampling: Resampling, shares: Sequence[float] = SHARES
) -> dict[str, Characteristic]:
    """The curve of each kind of error over the genuine accepted documents whose portrait has a score, by its name."""
    some = [
        (label, score) for label, scored in pairs
        if scored.error is None and label.attack is None and label.document_type is not None
        and (score := scored.scores.get(CODE)) is not None
    ]  # fmt: skip
    scores = np.array([score for _, score in some], np.float64)
    files = [label.file for label, _ in some]
    found: dict[str, Characteristic] = {}
    for name, codes in ERRORS.items():
        bad = np.array([any(label.severity.get(code, 0.0) >= BAD for code in codes) for label, _ in some], bool)
        if not bad.any():
            continue
        left = partial(left_after, scores, bad, shares)
        ideal = left_after(bad.astype(np.float64), bad, shares)[0]
        found[name] = Characteristic(
            len(some), int(bad.sum()), shares, left()[0].tolist(), resampling.intervals(left, files), ideal.tolist()
        )
    return found


def judge_discard(pairs: Sequence[Pair], resampling: Resampling) -> tuple[list[Table], dict[str, Any]]:
    """How many bad portraits are left when those with the worst scores are discarded."""
    found = characteristics(pairs, resampling)
    if not found:
        return [], {}
    rows = []
    for percent in LISTED_PERCENT:
        place = SHARES.index(percent / 100)
        cells = [
            cell for one in found.values()
            for cell in (f"{100 * one.left[place]:.2f} %", str(one.intervals[place]), f"{100 * one.ideal[place]:.2f} %")
        ]  # fmt: skip
        rows.append([f"{percent} %", *cells])
    columns = [cell for name in found for cell in (f"left: {name}", "by layouts, persons", "ideal")]
    counts = ", ".join(f"{name}: {one.bad} of {one.photos}" for name, one in found.items())
    return [
        Table(
            "Bad portraits left after discarding the worst scores (error versus discard)",
            ("discarded", *columns),
            rows,
            f"{CODE}, genuine documents whose portrait has a score; {counts}. As in ISO/IEC 29794-1, but an error is a "
            f"portrait whose label has a severity of {BAD} or more, of its own or of {', '.join(SPOILERS)}: no faces "
            "are compared here. Ideal: a score that knew the labels. A score that knew nothing stays at the first row.",
            PICTURE,
        )
    ], found


def draw_discard(found: Mapping[str, Characteristic], path: Path) -> None:
    """The curves beside the ideal and the blind score, one picture side by side for every kind of error."""
    figure, axes = draw().subplots(1, len(found), figsize=(4.4 * len(found), 3.6), squeeze=False)
    figure.suptitle(f"Error versus discard: {CODE}")
    for axis, (name, one) in zip(axes.flat, found.items(), strict=True):
        across = 100 * np.asarray(one.shares)
        low, high = (100 * np.array([getattr(i, end) for i in one.intervals]) for end in ("low", "high"))
        axis.fill_between(across, low, high, color=BLUE, alpha=0.15, linewidth=0, label="95 %, by layouts and persons")
        axis.plot(across, 100 * np.asarray(one.left), color=BLUE, linewidth=1.6, label="by the score")
        axis.plot(across, 100 * np.asarray(one.ideal), color=VERMILION, linestyle="--", label="ideal")
        axis.axhline(100 * one.left[0], color=BLACK, linestyle=":", linewidth=1, label="a score that knows nothing")
        axis.set(title=f"{name}: {one.bad} of {one.photos}", xlabel="discarded, worst scores first, %")
        axis.set(ylabel="bad among those left, %", xlim=(0, across[-1]), ylim=(0, None))
        axis.legend(fontsize=7)
    save_picture(figure, path)
