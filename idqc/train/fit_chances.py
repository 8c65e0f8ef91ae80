"""Fits the map of every learned score to the chance that such a photo is bad (`idqc.chances`).

Beta calibration (Kull, Silva Filho and Flach 2017) by maximum likelihood on the photos that `reliability` measures,
each counted once. A light penalty draws both slopes towards 1, an unchanged score: without it, two groups that fall
wholly apart would ask for endless slopes. The offset is free, so that the mean chance is the share of bad photos.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from idqc.chances import FURTHEST, STEEPEST, Chance
from idqc.evidence import surer
from idqc.labels import Label
from idqc.train.groups import Pair
from idqc.train.reliability import CLIP, FEWEST_BAD, LEARNED, Floats, calibration_errors, population
from idqc.train.report import Table, number
from idqc.train.statistics import Rate, rate_of

PENALTY = 1.0
"""Of the squares of the slopes' distances from 1: as much as a few photos weigh."""
FLATTEST = 0.02
"""The smallest slope: under a score that says nothing the map still rises."""
LOGITS = (-700.0, 36.0)
"""Of the scores that a float tells apart from 0 and 1."""
PARTS = 5
DIGITS = 4
"""Decimals of the four numbers in the file; they move a chance by less than a ten-thousandth."""

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class Fit:
    """A map, and the photos that it was fitted on: how many of them are bad, and the expected calibration error of the
    scores as they were, and as maps fitted without a photo's layout (or without its person: the worse) make them."""

    chance: Chance
    bad: Rate
    error_before: float
    error_held_out: float

    @property
    def source(self) -> str:
        """What stands behind the map, in one line."""
        return f"beta calibration on {self.bad.total} photos, {self.bad.count} of them bad"


def fit(scores: Floats, bad: Flags) -> Chance:
    """The map of raw scores to chances.

    Args:
        scores: (n,) 0..1.
        bad: (n,) bool, of which some are true and some are not.

    Returns:
        A map whose prior is the share of bad photos.
    """
    inside = scores.clip(CLIP, 1 - CLIP)
    rising, falling, prior = np.log(inside), -np.log1p(-inside), float(np.mean(bad))
    base, sign = math.log(prior / (1 - prior)), np.where(bad, 1.0, -1.0)

    def loss(x: Floats) -> tuple[float, Floats]:
        margin = sign * (base + x[0] * rising + x[1] * falling + x[2])
        pull = -sign * special.expit(-margin)
        value = -special.log_expit(margin).sum() + PENALTY * ((x[:2] - 1) ** 2).sum() / 2
        slope = np.array([pull @ rising, pull @ falling, pull.sum()])
        slope[:2] += PENALTY * (x[:2] - 1)
        return float(value), slope

    limits = [(FLATTEST, STEEPEST), (FLATTEST, STEEPEST), (-FURTHEST, FURTHEST)]
    found = optimize.minimize(loss, np.array([1.0, 1.0, -base]), jac=True, bounds=limits, method="L-BFGS-B")
    low, high, offset = (round(float(value), DIGITS) for value in found.x)
    return Chance(min(max(round(prior, DIGITS + 2), 1e-6), 1 - 1e-6), low, high, offset)


def fit_all(pairs: Sequence[Pair]) -> dict[str, Fit]:
    """The maps of all learned scores; none where fewer than 10 photos are bad. `pairs` hold the models' own scores."""
    fits = {}
    for code in LEARNED:
        some, scores, bad = population(code, pairs)
        if FEWEST_BAD <= bad.sum() < len(bad):
            before = float(calibration_errors(scores, bad)[0])
            held_out = held_out_error([label for label, _ in some], scores, bad)
            fits[code] = Fit(fit(scores, bad), rate_of(int(bad.sum()), len(bad)), before, held_out)
    return fits


def held_out_error(labels: Sequence[Label], scores: Floats, bad: Flags) -> float:
    """The expected calibration error, 0..1, of maps that never saw a photo's layout, or its person: the worse of both.

    Each fifth of the layouts (persons) is judged by a map of the others; NaN where those have no bad photo at all.
    """
    worst = 0.0
    for names in (
        [(label.document_type, label.layout) if label.layout is not None else label.file for label in labels],
        [label.person if label.person is not None else label.file for label in labels],
    ):
        part = {name: at % PARTS for at, name in enumerate(dict.fromkeys(names))}
        parts, chances = np.array([part[name] for name in names]), np.zeros(len(scores))
        for at in range(PARTS):
            here = parts == at
            if not here.any():
                continue
            if not bad[~here].any() or bad[~here].all():
                return math.nan
            chance = fit(scores[~here], bad[~here])
            chances[here] = [chance(float(score)) for score in scores[here]]
        worst = max(worst, float(calibration_errors(chances, bad)[0]))
    return worst


def score_of(chance: Chance, wanted: float) -> float:
    """The score that becomes this chance: the inverse of the map. 0 or 1 where no float between them reaches it."""

    def beyond(logit: float) -> float:
        return chance(float(special.expit(logit))) - wanted

    if beyond(LOGITS[0]) >= 0.0:
        return 0.0
    return 1.0 if beyond(LOGITS[1]) <= 0.0 else float(special.expit(optimize.brentq(beyond, *LOGITS)))


def in_model_units(pairs: Sequence[Pair], fits: Mapping[str, Fit]) -> list[Pair]:
    """The photos with one score a criterion, in the units of its model: a rule beside it counts as the score that
    becomes as high a chance. What is higher here is higher among the chances too."""
    made = []
    for label, scored in pairs:
        scores = dict(scored.scores)
        for code, rule in scored.rules.items():
            scores[code] = surer(scores.get(code), score_of(fits[code].chance, rule) if code in fits else rule)
        made.append((label, replace(scored, scores=scores, rules={})))
    return made


def to_table(fits: Mapping[str, Fit]) -> Table:
    """All maps as one table: the four numbers, and what some scores become."""
    examples = (0.1, 0.5, 0.9)
    rows = [
        [code, str(one.bad), number(one.error_before), number(one.error_held_out), *(number(value, DIGITS) for value in
         (one.chance.prior, one.chance.low, one.chance.high, one.chance.offset)),
         *(number(one.chance(score), 4) for score in examples)]
        for code, one in fits.items()
    ]  # fmt: skip
    return Table(
        "From scores to chances",
        ("criterion", "bad photos", "ECE of the score", "ECE of the chance", "prior", "low", "high", "offset",
         *(f"{score} becomes" for score in examples)),
        rows,
        "ln(p/(1-p)) = ln(prior/(1-prior)) + low ln(s) - high ln(1-s) + offset. The prior is the share of bad photos "
        "among these: genuine ones, for fraud.* with the forgeries of that species beside them. ECE: the expected "
        f"calibration error, of chances by maps fitted to {PARTS - 1} in {PARTS} layouts (or persons: the worse) "
        "and measured on the others. A criterion that is not named keeps its score as it is. Thresholds below are "
        "chances for those that are.",
    )  # fmt: skip
