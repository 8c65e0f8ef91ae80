from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from idqc.models.assignment import assign, probabilities


def best_by_trying(gains: np.ndarray) -> float:
    rows, columns = gains.shape
    best = 0.0
    for count in range(1, min(rows, columns) + 1):
        for chosen in combinations(range(rows), count):
            for given in permutations(range(columns), count):
                best = max(best, float(sum(gains[r, c] for r, c in zip(chosen, given, strict=True))))
    return best


@pytest.mark.parametrize("seed", range(40))
def test_no_other_assignment_gains_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gains = rng.normal(0, 2, rng.integers(1, 6, 2))
    given = assign(gains)
    columns = [column for column in given if column is not None]
    assert len(set(columns)) == len(columns)
    total = sum(gains[row, column] for row, column in enumerate(given) if column is not None)
    assert total == pytest.approx(best_by_trying(gains))


def test_what_gains_nothing_is_left_out() -> None:
    assert assign([[-1.0, -2.0], [3.0, -1.0]]) == [None, 0]
    assert assign(np.zeros((0, 3))) == []


def shares_by_trying(gains: np.ndarray) -> np.ndarray:
    rows, columns = gains.shape
    total, found = 1.0, np.zeros_like(gains)  # leaving everything out weighs 1
    for count in range(1, min(rows, columns) + 1):
        for chosen in combinations(range(rows), count):
            for given in permutations(range(columns), count):
                weight = float(np.exp(sum(gains[r, c] for r, c in zip(chosen, given, strict=True))))
                total += weight
                found[list(chosen), list(given)] += weight
    return found / total


@pytest.mark.parametrize("seed", range(10))
def test_probabilities_are_close_to_those_of_all_assignments_together(seed: int) -> None:
    gains = np.random.default_rng(seed).normal(0, 2, (4, 3))
    assert probabilities(gains) == pytest.approx(shares_by_trying(gains), abs=0.08)


def test_a_name_that_two_lines_want_is_sure_of_neither() -> None:
    found = probabilities([[6.0, -9.0], [6.0, -9.0]])
    assert found[:, 0] == pytest.approx(0.5, abs=0.05)
    assert probabilities([[6.0, -9.0], [-9.0, 6.0]]).diagonal().min() > 0.99
    assert np.isfinite(probabilities([[1e6, -1e6]])).all()
    assert probabilities(np.zeros((0, 3))).shape == (0, 3)
