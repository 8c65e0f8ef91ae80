"""Fitting maps from scores to chances: what is recovered, what is kept, and that nothing is mapped twice."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from idqc.chances import Chance
from idqc.decision import ThresholdTable, parse_thresholds
from idqc.labels import Label
from idqc.train.calibrate import choose, in_chances, to_toml
from idqc.train.fit_chances import Fit, fit, fit_all, held_out_error, in_model_units, score_of, to_table
from idqc.train.groups import Group, Pair, Sample, as_chances
from idqc.train.reliability import calibration_errors
from idqc.train.report import markdown
from idqc.train.scored import Scored

PRINT, TAMPER = "fraud.print", "fraud.text_tamper"


def drawn(truth: Chance, photos: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of any spread, and photos that are bad with the chance that `truth` gives them."""
    rng = np.random.default_rng(seed)
    scores = special.expit(rng.normal(-1.0, 2.0, photos)).round(4)
    return scores, rng.random(photos) < np.array([truth(float(score)) for score in scores])


def mapped(chance: Chance, scores: np.ndarray) -> np.ndarray:
    return np.array([chance(float(score)) for score in scores])


def photos_of(code: str, scores: np.ndarray, bad: np.ndarray) -> list[Pair]:
    species = code.removeprefix("fraud.")
    return [
        (
            Label(f"{at}.jpg", "passport", None, severity={code: 1.0} if hit else {}, attack=species if hit else None),
            Scored(f"{at}.jpg", "test", scores={code: float(score), "quality.tilt": 0.5}, outcomes={code: "pass"}),
        )
        for at, (score, hit) in enumerate(zip(scores, bad, strict=True))
    ]


def table_of(fits: dict[str, Fit]) -> ThresholdTable:
    return ThresholdTable({}, {code: one.chance for code, one in fits.items()})


@pytest.mark.parametrize("truth", [Chance(0.06, 0.6, 1.5, -0.7), Chance(0.06, 2.8, 2.1, -0.2)])
def test_a_known_miscalibration_is_undone_on_other_photos(truth: Chance) -> None:
    scores, bad = drawn(truth, 20_000, 3)
    found = fit(scores, bad)
    others, bad_there = drawn(truth, 20_000, 4)
    assert calibration_errors(others, bad_there)[0] > 0.1
    assert calibration_errors(mapped(found, others), bad_there)[0] < 0.01
    assert found.prior == pytest.approx(bad.mean(), abs=1e-6)
    assert mapped(found, scores).mean() == pytest.approx(bad.mean(), abs=1e-3)


def test_a_score_that_says_nothing_becomes_the_share_of_bad_photos() -> None:
    rng = np.random.default_rng(5)
    scores, bad = rng.uniform(0.05, 0.95, 3000), rng.random(3000) < 0.06
    found = fit(scores, bad)
    assert mapped(found, scores) == pytest.approx(np.full(3000, bad.mean()), abs=0.03)
    assert found(0.2) < found(0.8)


def test_groups_wholly_apart_ask_for_no_endless_slope() -> None:
    scores, bad = np.concatenate([np.zeros(300), np.full(20, 0.9)]), np.arange(320) >= 300
    found = fit(scores, bad)
    assert max(found.low, found.high) < 10
    assert found(0.9) > 0.95
    assert found(0.001) < 0.01


@pytest.mark.parametrize("chance", [Chance(0.06, 0.02, 0.47, -0.5), Chance(0.05, 3.5, 0.02, 7.0)])
def test_the_inverse(chance: Chance) -> None:
    for score in (1e-6, 0.01, 0.5, 0.99):
        assert score_of(chance, chance(score)) == pytest.approx(score, rel=1e-6)
    assert (score_of(chance, 0.0), score_of(chance, 1.0), score_of(chance, 1 - 1e-12)) == (0.0, 1.0, 1.0)


def test_maps_survive_the_file() -> None:
    scores, bad = drawn(Chance(0.06, 0.6, 1.5, 0.7), 1500, 6)
    fits = fit_all(photos_of(PRINT, scores, bad))
    assert set(fits) == {PRINT}
    samples = [Sample(float(score), "a.jpg", PRINT, 1.0) for score in scores]
    choices = [choose(Group(key, samples[:50], [], samples, samples, samples)) for key in (PRINT, "quality.tilt")]
    table = parse_thresholds(to_toml(choices, "idqc calibrate, test", fits))
    assert table.chances == {PRINT: fits[PRINT].chance}
    assert f"on {len(scores)} photos, {bad.sum()} of them bad" in to_toml(choices, "test", fits)
    assert "| fraud.print |" in markdown(to_table(fits))


def test_the_error_on_layouts_that_no_map_saw() -> None:
    """Where a layout decides alone what a score means, maps of other layouts are wrong by as much."""
    rng = np.random.default_rng(10)
    scores, layouts = rng.uniform(0.2, 0.8, 2000), np.arange(2000) % 5
    labels = [Label(f"{at}.jpg", "td1", None, layout=f"T{layout}") for at, layout in enumerate(layouts)]
    honest = held_out_error(labels, scores, rng.random(2000) < scores)
    assert honest < 0.04
    assert held_out_error(labels, scores, rng.random(2000) < np.where(layouts == 3, 0.9, 0.05)) > 0.25
    assert math.isnan(held_out_error(labels, scores, layouts == 3))


def test_too_few_bad_photos_leave_the_score_as_it_is() -> None:
    scores, bad = np.linspace(0, 1, 100), np.arange(100) >= 91
    assert fit_all(photos_of(PRINT, scores, bad)) == {}


def test_thresholds_flag_the_same_photos_after_the_map() -> None:
    scores, bad = drawn(Chance(0.06, 2.0, 1.0, 1.0), 3000, 7)
    fits = fit_all(photos_of(PRINT, scores, bad))
    found = Group(PRINT)
    for score, hit in zip(scores, bad, strict=True):
        for group in (found.bad,) if hit else (found.clean, found.normal, found.acceptable):
            group.append(Sample(float(score), "a.jpg", PRINT, float(hit)))
    before = choose(replace(found, key="quality.blur"))
    after = in_chances(before, fits[PRINT])
    assert before.reject is not None
    assert after.reject is not None
    for old, new in ((before.reject, after.reject), (before.reject_warning, after.reject_warning)):
        pairs = as_chances(photos_of(PRINT, scores, bad), table_of(fits))
        flagged = np.array([float(scored.scores[PRINT] or 0.0) >= new for _, scored in pairs])
        assert (flagged == (scores >= old)).all()
    assert in_chances(before, None) is before


def test_a_rule_counts_beside_the_chance_and_rules_alone_stay() -> None:
    scores, bad = drawn(Chance(0.06, 0.6, 1.5, 0.7), 1500, 8)
    raw = photos_of(TAMPER, scores, bad)
    fits = fit_all(raw)
    raw[0][1].rules = {TAMPER: 0.999}
    raw[1][1].rules = {TAMPER: 0.0}
    judged = as_chances(raw, table_of(fits))
    assert judged[0][1].scores[TAMPER] == 0.999
    assert judged[1][1].scores[TAMPER] == pytest.approx(fits[TAMPER].chance(float(scores[1])), rel=1e-5)
    assert judged[1][1].scores["quality.tilt"] == 0.5
    ranked, answered = (
        np.array([scored.scores[TAMPER] for _, scored in some], float) for some in (in_model_units(raw, fits), judged)
    )
    assert (np.argsort(ranked, kind="stable") == np.argsort(answered, kind="stable")).all()


def test_maps_are_never_put_on_top_of_each_other() -> None:
    """What is kept are the models' scores: fitting again for a release that has maps finds the same maps."""
    scores, bad = drawn(Chance(0.06, 0.6, 1.5, 0.7), 1500, 9)
    raw = photos_of(PRINT, scores, bad)
    first = fit_all(raw)
    as_chances(raw, table_of(first))
    assert fit_all(raw) == first
