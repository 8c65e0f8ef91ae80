"""Intervals by layouts and persons, on sets where the answer is known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from idqc.labels import Label
from idqc.train.auc import auc
from idqc.train.resampling import Resampling
from idqc.train.statistics import rate_of


def labels_of(layouts: Sequence[str | None], persons: Sequence[str | None]) -> list[Label]:
    return [
        Label(f"{place}.jpg", "td1", None, layout=layout, person=person)
        for place, (layout, person) in enumerate(zip(layouts, persons, strict=True))
    ]


def files_of(labels: Sequence[Label]) -> list[str]:
    return [label.file for label in labels]


def test_photos_without_groups_are_drawn_one_by_one() -> None:
    labels = labels_of([None] * 100, [None] * 100)
    found = Resampling(labels, draws=4000).of_share(files_of(labels), np.arange(100) < 20)
    low, high = (float(stats.binom.ppf(q, 100, 0.2)) / 100 for q in (0.025, 0.975))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.011), pytest.approx(high, abs=0.011))


def test_photos_of_one_layout_count_as_one() -> None:
    """10 layouts of 50 photos; all photos of 5 of them fail: as certain as 5 of 10, not as 250 of 500."""
    layouts = [f"L{place // 50}" for place in range(500)]
    labels = labels_of(layouts, [None] * 500)
    found = Resampling(labels, draws=4000).of_share(files_of(labels), np.arange(500) < 250)
    assert (found.low, found.high) == (pytest.approx(0.2), pytest.approx(0.8))
    exact = rate_of(250, 500)
    assert found.high - found.low > 5 * (exact.high - exact.low)


def test_the_wider_of_layouts_and_persons_is_kept() -> None:
    alike = [f"{place // 50}" for place in range(500)]
    apart = [f"{place}" for place in range(500)]
    hits = np.arange(500) < 250
    by_person = Resampling(labels_of(apart, alike), draws=2000)
    found = by_person.of_share([f"{place}.jpg" for place in range(500)], hits)
    assert (found.low, found.high) == (pytest.approx(0.2), pytest.approx(0.8))


def test_a_layout_belongs_to_its_document_type() -> None:
    labels = [Label(f"{kind}.jpg", kind, None, layout="L001", person="somebody") for kind in ("td1", "passport")]
    assert [counts.shape[1] for _, counts in Resampling(labels)._ways] == [2, 1]


def test_area_of_a_draw_is_that_of_the_repeated_scores() -> None:
    rng = np.random.default_rng(3)
    bad, clean = rng.integers(3, 10, 12) / 10, rng.integers(0, 7, 15) / 10
    labels = labels_of([None] * 27, [None] * 27)
    drawn = Resampling(labels, draws=50, seed=5)
    groups, counts = drawn._ways[0]
    assert groups.tolist() == list(range(27))
    by_hand = [auc(np.repeat(bad, row[:12]), np.repeat(clean, row[12:])) for row in counts]
    found = drawn.of_area(bad, files_of(labels[:12]), clean, files_of(labels[12:]))
    ends = [np.quantile([auc(np.repeat(bad, r[:12]), np.repeat(clean, r[12:])) for r in way], [0.025, 0.975])
            for _, way in drawn._ways]  # fmt: skip
    wider = max(ends, key=lambda pair: float(pair[1] - pair[0]))
    assert len(by_hand) == 50
    assert (found.low, found.high) == (pytest.approx(wider[0]), pytest.approx(wider[1]))


def test_nothing_is_said_where_all_draws_agree() -> None:
    labels = labels_of(["a", "b", "c"], [None] * 3)
    drawn = Resampling(labels)
    assert str(drawn.of_share(files_of(labels), [False] * 3)) == "–"
    assert str(drawn.of_share([], [])) == "–"
    apart = drawn.of_area(np.array([0.9]), ["0.jpg"], np.array([0.1]), ["1.jpg"])
    assert apart.plain() == "–"
    assert Resampling([]).of_area(np.array([]), [], np.array([]), []).plain() == "–"


def test_interval_covers_the_truth_where_the_exact_one_does_not() -> None:
    """40 layouts of 20 photos with error rates of their own, 30 % on average: an exact interval misses that often."""
    rng = np.random.default_rng(11)
    names = [f"L{place // 20}" for place in range(800)]
    labels = labels_of(names, [None] * 800)
    drawn, files = Resampling(labels, draws=200), files_of(labels)
    covered = exactly = 0
    for _ in range(120):
        hits = rng.random(800) < np.repeat(rng.beta(0.9, 2.1, 40), 20)
        found, exact = drawn.of_share(files, hits), rate_of(int(hits.sum()), 800)
        covered += found.low <= 0.3 <= found.high
        exactly += exact.low <= 0.3 <= exact.high
    assert covered / 120 > 0.85
    assert exactly / 120 < 0.75


def test_the_same_report_comes_out_twice() -> None:
    labels = labels_of(["a", "b", "c", "d"], ["x", "x", "y", "z"])
    hits = [True, False, True, False]
    first, again = (Resampling(labels).of_share(files_of(labels), hits) for _ in range(2))
    assert first == again
