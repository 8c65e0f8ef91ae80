"""From a model's score to the chance that such a photo is bad: the map that `idqc calibrate` fits for each criterion.

Beta calibration (Kull, Silva Filho and Flach 2017) on top of prior odds: three numbers say what a score is worth as
evidence, a fourth how many photos are bad before anybody has looked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBERS = ("prior", "low", "high", "offset")
SMALL, TINY = 0.095, 0.00095
"""Between them two decimals say too little; what is less is 0 to anybody."""
STEEPEST, FURTHEST = 50.0, 100.0
"""Of `low` and `high`, and of `offset`: more is a slip of the pen, and would turn every score into 0 or 1."""


@dataclass(frozen=True)
class Chance:
    """A strictly increasing map of 0..1 onto 0..1: log odds of `prior`, + low ln(s) - high ln(1 - s) + offset.

    `prior` is the share of bad photos, in 0..1 without its ends: moving it alone moves every chance to another mix of
    photos. `low` and `high`, both above 0, are how fast chances change next to 0 and to 1; (1, 1) with the offset that
    undoes the prior would be no change at all.
    """

    prior: float
    low: float
    high: float
    offset: float

    def __call__(self, score: float) -> float:
        """The chance of a score in 0..1; 0 stays 0 and 1 stays 1. Scores that a float tells apart from both do not
        become either, but where a float cannot hold the difference."""
        if score <= 0.0 or score >= 1.0:
            return float(score > 0.5)
        odds = math.log(self.prior) - math.log1p(-self.prior) + self.offset
        odds += self.low * math.log(score) - self.high * math.log1p(-score)
        return 1.0 / (1.0 + math.exp(-odds)) if odds >= 0.0 else math.exp(odds) / (1.0 + math.exp(odds))


def read_chance(table: Any) -> Chance:
    """Reads the `chance` table of a criterion. Raises ValueError with what is wrong about that criterion."""
    if not isinstance(table, Mapping):
        raise ValueError("has a chance that is no table")
    unknown = sorted(set(table) - {*NUMBERS, "source"})
    if unknown:
        raise ValueError(f"has a chance with {unknown[0]}, which is none of {', '.join(NUMBERS)}, source")
    for name in NUMBERS:
        value = table.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"has a chance whose {name} is no number")
    if not 0.0 < table["prior"] < 1.0:
        raise ValueError(f"has a chance with prior {table['prior']}, not between 0 and 1")
    for name in ("low", "high"):
        if not 0.0 < table[name] <= STEEPEST:
            raise ValueError(f"has a chance with {name} {table[name]}, not above 0 and at most {STEEPEST:g}")
    if abs(table["offset"]) > FURTHEST:
        raise ValueError(f"has a chance with offset {table['offset']}, further from 0 than {FURTHEST:g}")
    if not table.get("source"):
        raise ValueError("has a chance without a source")
    return Chance(*(float(table[name]) for name in NUMBERS))


def shown(score: float | None, missing: str = "–") -> str:
    """A score or threshold as people read it: two decimals, and two digits of what is small, since chances are."""
    if score is None:
        return missing
    return f"{score:.2f}" if score >= SMALL or score < TINY else f"{score:.2g}"


def rounded(score: float) -> float:
    """A score as answers carry it: six significant digits, so that small chances keep their order."""
    return float(f"{score:.6g}")
