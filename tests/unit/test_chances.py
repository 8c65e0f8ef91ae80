"""Maps from scores to chances: their shape, the file that holds them, and that they come before every decision."""

from __future__ import annotations

import math

import numpy as np
import pytest

from idqc.catalogue import find
from idqc.chances import Chance, read_chance, rounded, shown
from idqc.decision import parse_thresholds
from idqc.errors import SetupError
from idqc.evidence import Evidence

MAPS = [
    Chance(0.05, 1.0, 1.0, 0.0),
    Chance(0.06, 0.02, 0.47, -0.5),
    Chance(0.06, 3.5, 0.02, 7.0),
    Chance(0.5, 50.0, 50.0, 100.0),
    Chance(1e-6, 0.02, 0.02, -100.0),
]
NUMBERS = "prior = 0.1\nlow = 2.0\nhigh = 0.5\noffset = -1.0\n"
LINE = '[quality.blur]\nreject = 0.9\nreject_warning = 0.4\nsource = "x"\n'


@pytest.mark.parametrize("chance", MAPS)
def test_a_map_rises_stays_finite_and_keeps_both_ends(chance: Chance) -> None:
    scores = [0.0, 5e-324, 1e-300, *np.linspace(0, 1, 1001)[1:-1], 1 - 2**-53, 1.0]
    chances = [chance(float(score)) for score in scores]
    assert (chances[0], chances[-1]) == (0.0, 1.0)
    assert all(math.isfinite(value) and 0.0 <= value <= 1.0 for value in chances)
    assert chances == sorted(chances)


@pytest.mark.parametrize("chance", MAPS[:3])
def test_an_answer_tells_small_scores_apart(chance: Chance) -> None:
    scores = np.arange(1, 2000) / 10_000
    answers = [rounded(chance(float(score))) for score in scores]
    assert len(set(answers)) == len(answers)
    assert answers == sorted(answers)


def test_the_prior_moves_the_odds_and_nothing_else() -> None:
    here, there = Chance(0.1, 2.0, 0.5, -1.0), Chance(0.5, 2.0, 0.5, -1.0)
    odds = [chance(0.7) / (1 - chance(0.7)) for chance in (here, there)]
    assert odds[1] / odds[0] == pytest.approx(9.0)
    assert Chance(0.2, 1.0, 1.0, math.log(4))(0.3) == pytest.approx(0.3)


def test_a_file_with_a_map() -> None:
    table = parse_thresholds(f'{LINE}[quality.blur.chance]\n{NUMBERS}source = "fitted"\n[field.hidden]\nsource = "x"\n')
    assert table.chance_of(find("quality.blur")) == Chance(0.1, 2.0, 0.5, -1.0)
    assert table.chance_of(find("field.name.hidden")) is None
    assert set(table.by_key) == {"quality.blur", "field.hidden"}
    assert parse_thresholds(LINE).chances == {}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("chance = 0.3\n", "a chance that is no table"),
        (f"[quality.blur.chance]\n{NUMBERS}", "a chance without a source"),
        (f'[quality.blur.chance]\n{NUMBERS}slope = 1.0\nsource = "x"\n', "slope, which is none of prior, low"),
        ('[quality.blur.chance]\nprior = 0.1\nlow = 1.0\nhigh = 1.0\nsource = "x"\n', "offset is no number"),
    ],
)
def test_a_broken_map_does_not_load(body: str, reason: str) -> None:
    with pytest.raises(SetupError, match=reason) as caught:
        parse_thresholds(LINE + body)
    assert caught.value.code == "setup.thresholds"
    assert "quality.blur" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("prior", 0.0, "not between"),
        ("prior", 1, "not between"),
        ("prior", True, "no number"),
        ("low", 0.0, "not above 0"),
        ("high", -1.0, "not above 0"),
        ("low", 51.0, "at most 50"),
        ("high", "1", "no number"),
        ("offset", math.nan, "no number"),
        ("offset", 101.0, "further from 0"),
    ],
)
def test_numbers_that_make_no_rising_map(name: str, value: object, reason: str) -> None:
    numbers = {"prior": 0.1, "low": 1.0, "high": 1.0, "offset": 0.0, "source": "x", name: value}
    with pytest.raises(ValueError, match=reason):
        read_chance(numbers)


def test_thresholds_missing_beside_a_map_do_not_pass_unnoticed() -> None:
    with pytest.raises(SetupError, match="no source"):
        parse_thresholds(f'[quality.blur.chance]\n{NUMBERS}source = "x"\n')


def test_a_rule_is_compared_with_the_chance_not_with_the_score() -> None:
    chance = Chance(0.05, 1.0, 1.0, -1.0)
    assert Evidence(0.8, rule=Evidence(0.5)).judged(None).score == 0.8
    assert Evidence(0.8, rule=Evidence(0.5)).judged(chance).score == 0.5
    assert Evidence(0.8, rule=Evidence(0.0)).judged(chance).score == chance(0.8) < 0.5
    assert Evidence(None, rule=Evidence(0.5)).judged(chance).score == 0.5
    assert Evidence(None).judged(chance).score is None
    assert Evidence(0.8, rule=Evidence(0.9)).judged(chance).rule is None


def test_small_chances_are_shown_with_two_digits() -> None:
    assert [shown(score) for score in (0.0, 0.0001, 0.01154, 0.0684, 0.1, 0.954, 1.0)] == [
        "0.00", "0.00", "0.012", "0.068", "0.10", "0.95", "1.00",
    ]  # fmt: skip
    assert shown(None) == "–"
