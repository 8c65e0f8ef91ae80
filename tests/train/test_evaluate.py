"""The statistics behind `idqc evaluate`, against values worked out by hand or by another library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from idqc.train.detection import box_iou, judge, mean_average_precision
from idqc.train.reading import script_of, spelled_like, tally
from idqc.train.statistics import area, average_precision, equal_error, flagged, rate_of


def test_rate_has_the_exact_interval() -> None:
    none = rate_of(0, 1000)
    assert (none.low, none.high) == (0.0, pytest.approx(0.003682, abs=1e-6))
    some = rate_of(5, 100)
    assert (some.low, some.high) == (pytest.approx(0.01643, abs=1e-5), pytest.approx(0.11283, abs=1e-5))
    assert rate_of(7, 7).high == 1.0
    assert str(rate_of(0, 0)) == "–"


def test_a_score_at_the_threshold_is_flagged() -> None:
    assert flagged([0.1, 0.5, 0.9], 0.5).count == 2
    assert flagged([0.1, 0.5, 0.9], None).count == 0


def test_area_counts_ties_half_and_has_an_interval() -> None:
    found = area([0.8, 0.5, 0.5], [0.5, 0.2, 0.1])
    assert found.value == pytest.approx(8 / 9)
    assert found.low < found.value <= found.high <= 1.0


def test_area_interval_covers_the_truth_about_19_times_in_20() -> None:
    rng = np.random.default_rng(7)
    truth = 0.76025  # two unit normals a distance of 1 apart: Phi(1 / sqrt 2)
    covered = 0
    for _ in range(400):
        found = area(rng.normal(1.0, 1.0, 60), rng.normal(0.0, 1.0, 90))
        covered += found.low <= truth <= found.high
    assert 0.91 <= covered / 400 <= 0.985


def test_area_of_groups_wholly_apart_still_has_a_lower_end() -> None:
    found = area(np.full(50, 0.9), np.full(100, 0.1))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.9289, abs=1e-4)
    assert math.isnan(area([], [0.5]).value)


def test_equal_error() -> None:
    error, threshold = equal_error([0.6, 0.7, 0.8, 0.3], [0.1, 0.2, 0.4, 0.65])
    assert error == pytest.approx(0.25)
    assert 0.4 < threshold <= 0.65
    assert equal_error([0.9], [0.1])[0] == 0.0


def test_average_precision() -> None:
    assert average_precision([0.9, 0.8], [True, True], 2) == pytest.approx(1.0)
    assert average_precision([0.9], [True], 2) == pytest.approx(51 / 101)
    assert average_precision([], [], 3) == 0.0
    assert math.isnan(average_precision([0.5], [False], 0))
    # A false detection between two right ones: precision 1 up to recall 0.5, then 2/3.
    assert average_precision([0.9, 0.8, 0.7], [True, False, True], 2) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_label_is_taken_once() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    found = judge([([("name", box)], [("name", 0.9, box), ("name", 0.8, box), ("seal", 0.9, box)])])
    assert set(found) == {"name"}
    assert found["name"].recall.count == 1
    assert mean_average_precision(found) == pytest.approx(1.0)
    assert box_iou(box, (0.5, 0.0, 1.5, 1.0)) == pytest.approx(1 / 3)
    assert box_iou(box, (2.0, 0.0, 3.0, 1.0)) == 0.0


def test_characters_are_counted_by_script() -> None:
    counts = tally(
        [("name", "홍 길동", "홍길둥"), ("id_number", "900101-1234567", "900101-1234567"), ("mrz", "P<KOR", "P<K0R1")]
    )
    assert (counts.characters["Hangul"], counts.errors["Hangul"], counts.exact["Hangul"]) == (3, 1, 0)
    assert (counts.characters["digits"], counts.errors["digits"], counts.exact["digits"]) == (13, 0, 1)
    assert (counts.characters["MRZ"], counts.errors["MRZ"]) == (5, 2)
    assert [script_of(c) for c in "가é7-"] == ["Hangul", "Latin", "digits", "other"]


def test_the_truth_is_spelled_like_the_reading() -> None:
    assert spelled_like("date", "31.01.2020", "2020-01-31") == "2020-01-31"
    assert spelled_like("date", "31.01.2020", "31.01.20Z0") == "31.01.2020"
    assert spelled_like("date", "31.01.2020", "") == "31.01.2020"
    assert spelled_like(None, "31.01.2020", "2020-01-31") == "31.01.2020"


def test_a_missing_reading_is_all_errors() -> None:
    counts = tally([("surname", "AGANI", "")])
    assert counts.errors["Latin"] == counts.characters["Latin"] == 5
