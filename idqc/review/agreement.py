"""How far two reviewers agree who judged the same cases without seeing each other: Cohen's kappa.

J. Cohen (1960), "A coefficient of agreement for nominal scales"; the large-sample standard error is that of
J. L. Fleiss, J. Cohen and B. S. Everitt (1969).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959964
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True)
class Agreement:
    """Agreement over pairs of opinions. `kappa` is None when chance alone explains everything, or there is no pair."""

    pairs: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """Share of pairs that agreed."""
        return self.agreed / self.pairs if self.pairs else None


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Kappa of pairs (what the first said, what the second said), with its 95 % interval."""
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs)
    if n == 0:
        return Agreement(0, 0, None, None, None)
    joint = Counter(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    names = sorted(set(first) | set(second))
    row = {name: first[name] / n for name in names}
    column = {name: second[name] / n for name in names}
    observed = agreed / n
    by_chance = sum(row[name] * column[name] for name in names)
    if by_chance >= 1.0:
        return Agreement(n, agreed, None, None, None)
    kappa = (observed - by_chance) / (1 - by_chance)
    diagonal = sum(joint[name, name] / n * (1 - (row[name] + column[name]) * (1 - kappa)) ** 2 for name in names)
    beside = (1 - kappa) ** 2 * sum(joint[a, b] / n * (column[a] + row[b]) ** 2 for a in names for b in names if a != b)
    variance = (diagonal + beside - (kappa - by_chance * (1 - kappa)) ** 2) / (n * (1 - by_chance) ** 2)
    half = Z_95 * math.sqrt(max(variance, 0.0))
    return Agreement(n, agreed, kappa, max(kappa - half, -1.0), min(kappa + half, 1.0))
