"""Whether learned scores can be read as chances: reliability diagrams and the expected calibration error.

Scores are meant as chances, by the maps that `fit_chances` fits on calibrate. A score is put beside the share of photos
that are bad (severity of at least 0.5) among those with such a score, in bins that hold equally many photos (Naeini et
al. 2015; equal mass as in Nixon et al. 2019). Both depend on how many bad photos the set holds. That share is the
choice of whoever made the set, so a second error says what is left after all scores are moved, by one step on the logit
scale, to the share in this set: what no choice of photos explains.

Rules (how far a document is cut off, whether its date has passed) say what they measured, not a chance, and are exempt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from idqc.train.groups import BAD, KEYS, Pair
from idqc.train.report import BLACK, BLUE, Table, draw, number, save_picture
from idqc.train.resampling import Interval, Resampling, Weights
from idqc.train.statistics import Rate, rate_of

RULES = frozenset(
    {"quality.cut_off", "quality.low_resolution", "quality.tilt", "document.expired", "field.hidden",
     "field.unreadable"}
)  # fmt: skip
LEARNED = tuple(key for key in KEYS if key not in RULES)
ANY_PHOTO = frozenset({"quality.no_document", "document.unsupported"})
"""These are asked of every photo, the others of accepted documents."""
BINS = 10
FEWEST_BAD = 10
PICTURE = "reliability.png"
CLIP = 1e-4
"""Keeps logits of 0 and 1 finite."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """One criterion: how sure it says it is, and how often it is right.

    `points` are (mean score, share of bad photos, photos) of each bin. `error` is the expected calibration error, 0..1,
    `moved_error` the same after the scores are moved to the share of bad photos in this set.
    """

    bad: Rate
    bad_by_groups: Interval
    mean_score: float
    error: float
    error_by_groups: Interval
    moved_error: float
    points: Sequence[tuple[float, float, int]]

    @property
    def prevalence_differs(self) -> bool:
        """Whether the scores expect another share of bad photos than the set holds, beyond chance."""
        low = min(self.bad.low, _or(self.bad_by_groups.low, self.bad.low))
        high = max(self.bad.high, _or(self.bad_by_groups.high, self.bad.high))
        return not low <= self.mean_score <= high


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value


def bin_of(scores: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of every score: bins hold equally many, but equal scores are never parted and go where their middle one
    belongs, so that bins may be empty. A rare high score has a bin even where most scores are 0."""
    shares = (stats.rankdata(scores) - 0.5) / len(scores)
    return (shares * bins).astype(np.int64)


def calibration_errors(scores: Floats, bad: NDArray[np.bool_], weights: Weights | None = None) -> Floats:
    """The expected calibration error of each draw: (draws,), or (1,) without weights; 0..1.

    The mean over bins, weighted by their photos, of how far the mean score is from the share of bad photos. Bins are
    those of the whole set. With few photos the error is never 0, not even of a perfect score.
    """
    counted = np.ones((1, len(scores))) if weights is None else weights
    place = bin_of(scores)
    member = (place[:, None] == np.arange(place.max() + 1)).astype(np.float64)
    gaps = np.abs((counted * (scores - bad)) @ member).sum(1)
    total = counted.sum(1)
    return np.divide(gaps, total, out=np.full(len(counted), math.nan), where=total > 0)


def moved_to(scores: Floats, share: float) -> Floats:
    """The scores moved by one step on the logit scale so that their mean is `share` (strictly between 0 and 1)."""
    logits = special.logit(scores.clip(CLIP, 1 - CLIP))
    step = optimize.brentq(lambda by: float(special.expit(logits + by).mean()) - share, -40.0, 40.0)
    return np.asarray(special.expit(logits + step), np.float64)


def population(code: str, pairs: Sequence[Pair]) -> tuple[list[Pair], Floats, NDArray[np.bool_]]:
    """The photos that a criterion's chances are about, their scores, and which of them are bad: genuine photos, and for
    fraud.* the forgeries of that species beside them. Mild defects count as not bad."""
    some = [
        (label, scored) for label, scored in pairs
        if scored.error is None and (label.attack is None or code == f"fraud.{label.attack}")
        and (label.document_type is not None or code in ANY_PHOTO) and scored.scores.get(code) is not None
    ]  # fmt: skip
    scores = np.array([scored.scores[code] for _, scored in some], np.float64)
    return some, scores, np.array([label.severity.get(code, 0.0) >= BAD for label, _ in some], bool)


def measure(code: str, pairs: Sequence[Pair], resampling: Resampling) -> Reliability | None:
    """Reliability of one learned score; None with fewer than 10 bad photos or none that is not bad."""
    some, scores, bad = population(code, pairs)
    if bad.sum() < FEWEST_BAD or bad.all():
        return None
    files = [label.file for label, _ in some]
    place = bin_of(scores)
    points = [
        (float(scores[place == at].mean()), float(bad[place == at].mean()), int((place == at).sum()))
        for at in np.unique(place)
    ]
    return Reliability(
        rate_of(int(bad.sum()), len(bad)), resampling.of_share(files, bad), float(scores.mean()),
        float(calibration_errors(scores, bad)[0]),
        resampling.interval(lambda weights: calibration_errors(scores, bad, weights), files),
        float(calibration_errors(moved_to(scores, float(bad.mean())), bad)[0]), points,
    )  # fmt: skip


def judge_reliability(pairs: Sequence[Pair], resampling: Resampling) -> tuple[list[Table], dict[str, Any]]:
    """Expected calibration error of every learned score, the worst first, and whether the mix of photos explains it."""
    measured = {code: measure(code, pairs, resampling) for code in LEARNED}
    found = {code: one for code, one in measured.items() if one is not None}
    found = dict(sorted(found.items(), key=lambda item: -item[1].error))
    rows = [
        [code, str(one.bad), f"{100 * one.mean_score:.2f} %",
         "DIFFERS from this set" if one.prevalence_differs else "as in this set",
         number(one.error), one.error_by_groups.plain(3), number(one.moved_error)]
        for code, one in found.items()
    ]  # fmt: skip
    left_out = [code for code, one in measured.items() if one is None]
    return [
        Table(
            "Learned scores read as chances: expected calibration error, worst first",
            ("criterion", "bad in this set", "mean score", "share of bad that scores expect", "ECE",
             "by layouts, persons", "ECE, moved to this set's share"),
            rows,
            f"The mean gap between score and share of bad photos over {BINS} bins of equally many photos. How many bad "
            "photos a set holds is the choice of its maker: these shares are of this test set, not of your customers. "
            "Where the expected share differs, a score must not be read as a chance; the last column is the error that "
            "stays when all scores are moved to this set's share. The maps from scores to chances are fitted to other "
            "photos (calibrate), with the share of bad ones there. Rules are exempt: "
            f"{', '.join(sorted(RULES))}."
            + (f" Fewer than {FEWEST_BAD} bad photos: {', '.join(left_out)}." if left_out else ""),
            PICTURE if found else "",
        )
    ], found  # fmt: skip


def draw_reliability(found: Mapping[str, Reliability], path: Path) -> None:
    """Small multiples: the share of bad photos against the mean score of each bin; a true chance lies on the line."""
    columns = min(4, len(found))
    lines = math.ceil(len(found) / columns)
    figure, axes = draw().subplots(lines, columns, figsize=(3 * columns, 2.8 * lines), squeeze=False)
    figure.suptitle(f"Reliability of learned scores ({BINS} bins of equally many photos; 95 % exact intervals)")
    figure.subplots_adjust(left=0.07, right=0.99, bottom=0.07, top=0.92, hspace=0.4, wspace=0.25)
    for axis in axes.flat[len(found) :]:
        axis.set_visible(False)
    for axis, (code, one) in zip(axes.flat, found.items(), strict=False):
        said, true, _ = np.array(one.points).T
        rates = [rate_of(round(share * photos), photos) for _, share, photos in one.points]
        ends = np.array([[r.value - r.low for r in rates], [r.high - r.value for r in rates]]).clip(0)
        axis.plot([0, 1], [0, 1], color=BLACK, linestyle=":", linewidth=1)
        axis.errorbar(said, true, ends, color=BLUE, marker="o", markersize=3, linewidth=1, elinewidth=0.7)
        axis.set(title=f"{code}, ECE {one.error:.3f}", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    figure.supxlabel("mean score of the bin (0..1)")
    figure.supylabel("share of bad photos in the bin (0..1)")
    save_picture(figure, path)
