"""Error versus discard, DET curves, reliability and text by condition, on cases whose answer is known by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idqc.labels import FieldLabel, Label
from idqc.train.discard import characteristics, judge_discard, left_after
from idqc.train.evaluate_fraud import det_curves, det_points, draw_det
from idqc.train.evaluate_text import condition_of, judge_conditions
from idqc.train.groups import Pair
from idqc.train.reliability import bin_of, calibration_errors, draw_reliability, judge_reliability, measure, moved_to
from idqc.train.resampling import Resampling
from idqc.train.scored import Scored


def pair(name: str, code: str, severity: float, score: float | None, attack: str | None = None) -> Pair:
    severities = {code: severity} if severity else {}
    label = Label(f"{name}.jpg", "td1", None, severity=severities, attack=attack, layout=name[-1], person=name[:1])
    return label, Scored(label.file, "test", scores={code: score}, outcomes={code: "pass"})


def drawn(pairs: list[Pair]) -> Resampling:
    return Resampling([label for label, _ in pairs], draws=200)


def test_left_after_discard() -> None:
    scores, bad = np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False])
    assert left_after(scores, bad, [0.0, 0.25, 0.5, 0.75])[0] == pytest.approx([1 / 2, 1 / 3, 1 / 2, 0.0])
    assert left_after(bad.astype(float), bad, [0.25, 0.5])[0] == pytest.approx([1 / 3, 0.0])


def test_equal_scores_are_discarded_in_proportion() -> None:
    scores, bad = np.full(4, 0.5), np.array([True, False, False, False])
    assert left_after(scores, bad, [0.0, 0.5])[0] == pytest.approx([0.25, 0.25])


def test_left_after_discard_counts_a_weight_as_so_many_photos() -> None:
    scores, bad = np.array([0.9, 0.5, 0.1]), np.array([True, False, True])
    weights = np.array([[2, 0, 1], [0, 0, 0]], float)
    found = left_after(scores, bad, [0.0, 0.5], weights)
    assert found[0] == pytest.approx(left_after(np.array([0.9, 0.9, 0.1]), np.array([True] * 3), [0.0, 0.5])[0])
    assert np.isnan(found[1]).all()


def test_a_blurred_photo_spoils_its_portrait() -> None:
    pairs = [pair(f"p{place}", "portrait.low_quality", 0.0, 0.1 + place / 100) for place in range(8)]
    pairs.append(pair("b8", "portrait.low_quality", 0.9, 0.95))
    blurred = pair("q9", "portrait.low_quality", 0.0, 0.9)
    blurred[0].severity["quality.blur"] = 0.8
    pairs += [blurred, pair("f0", "portrait.low_quality", 1.0, 0.9, attack="print")]
    own, whole = characteristics(pairs, drawn(pairs)).values()
    assert (own.photos, own.bad, whole.bad) == (10, 1, 2)
    assert whole.left[10] == pytest.approx(1 / 9)
    assert whole.left[20] == pytest.approx(0.0)
    tables, _ = judge_discard(pairs, drawn(pairs))
    assert [row[0] for row in tables[0].rows][-1] == "30 %"
    assert judge_discard(pairs[:8], drawn(pairs)) == ([], {})


def test_det_points() -> None:
    bpcer, apcer = det_points(np.array([0.6, 0.9]), np.array([0.1, 0.6, 0.2, 0.3]))
    assert bpcer.tolist() == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert apcer.tolist() == [0.0, 0.0, 0.0, 0.0, 0.5, 1.0]


def test_det_curves_name_the_worst_species_first(tmp_path: Path) -> None:
    pairs = [pair(f"g{place}", "fraud.print", 0.0, place / 20) for place in range(10)]
    for _, scored in pairs:
        scored.scores["fraud.screen"] = scored.scores["fraud.print"]
    pairs += [pair(f"a{place}", "fraud.print", 1.0, 0.9, attack="print") for place in range(4)]
    pairs += [pair(f"s{place}", "fraud.screen", 1.0, [None, 0.1, 0.9, 0.2][place], "screen") for place in range(4)]
    curves = det_curves(pairs)
    assert list(curves) == ["screen", "print"]
    assert curves["print"].equal_error == 0.0
    assert curves["screen"].apcer[curves["screen"].bpcer == 0.0][0] == 0.75
    draw_det(curves, tmp_path / "det.png")
    with Image.open(tmp_path / "det.png") as picture:
        assert min(picture.size) > 400
    assert det_curves([p for p in pairs if p[0].attack]) == {}


def test_bins_hold_equally_many_and_keep_equal_scores_together() -> None:
    assert np.bincount(bin_of(np.arange(40) / 40, 4)).tolist() == [10, 10, 10, 10]
    some = bin_of(np.array([0.0] * 30 + [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]), 4)
    assert some.tolist() == [1] * 30 + [3] * 6


def test_calibration_error() -> None:
    scores = np.repeat([0.1, 0.5, 0.9], 10)
    right = np.concatenate([np.arange(10) < 1, np.arange(10) < 5, np.arange(10) < 9])
    assert calibration_errors(scores, right)[0] == pytest.approx(0.0, abs=1e-12)
    assert calibration_errors(scores, np.zeros(30, bool))[0] == pytest.approx(0.5)
    # Only the first ten photos drawn, none of them bad: said 0.1, was 0.
    weights = np.concatenate([np.ones(10), np.zeros(20)])[None]
    assert calibration_errors(scores, np.zeros(30, bool), weights)[0] == pytest.approx(0.1)
    assert math.isnan(calibration_errors(scores, right, np.zeros((1, 30)))[0])


def test_scores_moved_to_a_share() -> None:
    moved = moved_to(np.array([0.2, 0.5, 0.8]), 0.1)
    assert moved.mean() == pytest.approx(0.1)
    odds = moved / (1 - moved) / np.array([0.25, 1.0, 4.0])
    assert odds == pytest.approx(np.full(3, odds[0]))


def test_a_score_made_for_another_mix_is_told_so(tmp_path: Path) -> None:
    """4,000 photos, about one in twelve bad; the odds that the scores give are nine times too high."""
    rng = np.random.default_rng(5)
    logits = rng.normal(-4.5, 2.5, 4000)
    bad = rng.random(4000) < 1 / (1 + np.exp(-logits))
    shifted = 1 / (1 + np.exp(-(logits + math.log(9))))
    code = "fraud.print"
    pairs = [
        pair(f"{place}", code, float(hit), float(score), "print" if hit else None)
        for place, (hit, score) in enumerate(zip(bad, shifted, strict=True))
    ]
    found = measure(code, pairs, drawn(pairs))
    assert found is not None
    assert found.prevalence_differs
    assert found.error > 5 * found.moved_error
    assert found.moved_error < 0.02
    assert found.error_by_groups.low <= found.error <= found.error_by_groups.high
    tables, numbers = judge_reliability(pairs, drawn(pairs))
    assert [row[3] for row in tables[0].rows] == ["DIFFERS from this set"]
    assert "Fewer than 10 bad photos: quality.no_document" in tables[0].note
    draw_reliability(numbers, tmp_path / "reliability.png")
    assert (tmp_path / "reliability.png").is_file()


def test_rules_and_empty_criteria_have_no_reliability() -> None:
    pairs = [pair(f"{place}", "quality.tilt", place % 2, place % 2) for place in range(60)]
    tables, numbers = judge_reliability(pairs, drawn(pairs))
    assert numbers == {}
    assert tables[0].picture == ""


def test_the_condition_is_the_worst_defect_in_front_of_the_camera() -> None:
    def of(severity: dict[str, float], attack: str | None = None) -> str:
        return condition_of(Label("a.jpg", "td1", None, severity=severity, attack=attack))

    assert of({}) == "clean"
    assert of({"quality.blur": 0.6, "quality.glare": 0.2}) == "blur, bad"
    assert of({"quality.low_resolution": 0.2}, "print") == "low resolution, mild"
    assert of({}, "print") == "forgery: print"
    assert of({"document.expired": 1.0}) == "another defect only"


def test_text_by_condition() -> None:
    def photo(name: str, severity: dict[str, float], read: str | None) -> Pair:
        fields = {
            "name": FieldLabel([[0, 0], [1, 0], [1, 1], [0, 1]], "홍길동", True),
            "address": FieldLabel([[0, 0], [1, 0], [1, 1], [0, 1]], "서울", False),
        }
        label = Label(f"{name}.jpg", "kr_resident", None, fields, severity=severity)
        return label, Scored(label.file, "test", readings={"name": {"value": read}})

    pairs = [photo("a", {}, "홍길동"), photo("b", {}, "홍길둥"), photo("c", {"quality.blur": 1.0}, None)]
    tables, numbers = judge_conditions(pairs)
    assert numbers["clean"]["accuracy"] == {"Hangul": pytest.approx(5 / 6)}
    assert (numbers["clean"]["exact"]["Hangul"].count, numbers["clean"]["exact"]["Hangul"].total) == (1, 2)
    assert numbers["blur, bad"]["accuracy"] == {"Hangul": 0.0}
    assert [row[0] for row in tables[0].rows] == ["blur, bad", "clean"]
    assert tables[0].rows[1][3] == "83.3 % of 6"
