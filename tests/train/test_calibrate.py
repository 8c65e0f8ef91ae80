"""Thresholds from scores: what `idqc calibrate` decides, and the file that it writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from idqc.decision import parse_thresholds
from idqc.labels import Label, to_json
from idqc.train.calibrate import LOWEST_REJECT, calibrate, choose, draw_trade_off, explain, to_table, to_toml
from idqc.train.groups import KEYS, Group, Sample, group, kind_of, outcomes
from idqc.train.report import markdown
from idqc.train.scored import Scored, to_line
from idqc.train.statistics import threshold_for_alarms, threshold_for_misses


def samples(scores: np.ndarray | list[float]) -> list[Sample]:
    return [Sample(float(score), f"{index}.jpg", "quality.blur", 1.0) for index, score in enumerate(scores)]


def made(key: str, bad: np.ndarray, normal: np.ndarray) -> Group:
    return Group(key, samples(bad), [], samples(normal), samples(normal), samples(normal))


def test_threshold_for_alarms_is_the_smallest() -> None:
    normal = [0.1, 0.2, 0.3, 0.4]
    for allowed in range(4):
        limit = threshold_for_alarms(normal, allowed)
        assert sum(score >= limit for score in normal) == allowed
        assert sum(score >= limit - 0.0001 for score in normal) == allowed + 1
    assert threshold_for_alarms(normal, 4) == 0.0


def test_threshold_for_misses_is_the_largest() -> None:
    bad = [0.9, 0.8, 0.7, 0.6999]
    assert threshold_for_misses(bad, 0) == pytest.approx(0.6999)
    assert threshold_for_misses(bad, 1) == pytest.approx(0.7)
    assert sum(score < threshold_for_misses(bad, 1) for score in bad) == 1
    assert threshold_for_misses([], 0) == 1.0


def test_groups_far_apart_leave_room_on_both_sides() -> None:
    rng = np.random.default_rng(7)
    choice = choose(made("quality.blur", rng.uniform(0.8, 1.0, 300), rng.uniform(0.0, 0.1, 1500)))
    assert choice.reject is not None
    assert 0.4 < choice.reject < 0.5
    assert choice.reject_warning == choice.reject
    assert choice.false_rejects.count == 0
    assert choice.missed_by_warning.count == 0


def test_overlapping_groups_reject_one_in_a_thousand() -> None:
    rng = np.random.default_rng(7)
    choice = choose(made("quality.blur", rng.beta(4, 2, 400), rng.beta(1.2, 6, 3000)))
    assert choice.reject is not None
    assert choice.false_rejects.count <= 3
    assert choice.reject_warning <= choice.reject
    assert choice.clean_warned.value <= 0.03
    assert "3%" in choice.reason


def test_never_an_absurd_reject() -> None:
    choice = choose(made("quality.tilt", np.full(100, 0.5), np.zeros(500)))
    assert choice.reject is not None
    assert choice.reject >= LOWEST_REJECT


def test_too_few_photos_and_tampering_only_warn() -> None:
    few = choose(made("quality.blur", np.full(5, 0.9), np.zeros(500)))
    assert few.reject is None
    assert "too few" in few.reason
    tamper = choose(made("fraud.text_tamper", np.full(100, 0.9), np.zeros(500)))
    assert tamper.reject is None
    assert tamper.reject_warning == pytest.approx(0.9)


def test_a_wrong_rule_on_a_normal_photo_takes_the_reject_away() -> None:
    choice = choose(made("document.expired", np.ones(100), np.array([1.0] + [0.0] * 499)))
    assert choice.reject is None
    assert "should not be rejected" in choice.reason


def test_a_reject_spares_mild_defects() -> None:
    group_ = made("quality.blur", np.linspace(0.5, 1.0, 50), np.linspace(0.0, 0.1, 500))
    group_.mild = samples(np.linspace(0.0, 0.6, 61))
    choice = choose(group_)
    assert choice.reject == pytest.approx(0.5401)
    assert choice.reject_warning == pytest.approx(0.5102, abs=1e-3)


def test_a_warning_stands_as_high_as_its_misses_allow() -> None:
    bad = np.array([0.0] * 3 + [0.4] * 17)
    choice = choose(made("quality.low_resolution", bad, np.zeros(500)))
    assert choice.reject_warning == choice.reject == pytest.approx(0.3)
    assert choice.missed_by_warning.count == 3
    assert choice.clean_warned.count == 0


def test_the_file_is_one_that_a_release_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    choices = [choose(made(key, rng.beta(5, 2, 300), rng.beta(1, 8, 1200))) for key in KEYS]
    table = parse_thresholds(to_toml(choices, "idqc calibrate, test", {}))
    assert set(table.by_key) == set(KEYS)
    assert table.by_key["fraud.text_tamper"].reject is None
    assert "95 % intervals" in explain(choices[0])
    assert markdown(to_table(choices)).count("\n| ") == len(KEYS) + 2
    draw_trade_off(made(KEYS[0], rng.beta(5, 2, 300), rng.beta(1, 8, 1200)), choices[0], tmp_path / "one.png")
    assert 1000 < (tmp_path / "one.png").stat().st_size < 15_000


def pair(label: Label, scores: dict[str, float | None]) -> tuple[Label, Scored]:
    return label, Scored(label.file, "test", scores=scores, outcomes=dict.fromkeys(scores, "pass"))


def photo(file: str, **fields: object) -> Label:
    return Label(file, "kr_resident", [[0, 0], [9, 0], [9, 6], [0, 6]], **fields)  # type: ignore[arg-type]


def test_groups() -> None:
    name, address = "field.name.hidden", "field.address.hidden"
    pairs = [
        pair(photo("clean.jpg"), {"quality.blur": 0.1, name: 0.2, address: 0.3}),
        pair(photo("blurred.jpg", severity={"quality.blur": 0.9}), {"quality.blur": 0.8, name: 0.6, address: 0.1}),
        pair(photo("hidden.jpg", severity={name: 1.0}), {"quality.blur": 0.2, name: 0.9, address: 0.4}),
        pair(photo("mild.jpg", severity={"quality.blur": 0.2}), {"quality.blur": 0.4, name: 0.1, address: None}),
        pair(
            photo("forged.jpg", attack="print", severity={"fraud.print": 1.0, "quality.blur": 0.8}),
            {"fraud.print": 0.7},
        ),
    ]
    blur, hidden, prints = (group(key, pairs) for key in ("quality.blur", "field.hidden", "fraud.print"))
    assert [s.file for s in blur.bad] == ["blurred.jpg"]
    assert [s.file for s in blur.mild] == ["mild.jpg"]
    assert [s.file for s in blur.clean] == ["clean.jpg"]
    assert [s.file for s in blur.normal] == ["clean.jpg", "hidden.jpg"]
    assert [s.file for s in blur.acceptable] == ["clean.jpg"]
    assert [(s.code, s.score) for s in hidden.bad] == [(name, 0.9)]
    assert [s.score for s in hidden.normal] == [0.3, 0.6, 0.4, 0.1]
    assert [s.score for s in hidden.acceptable] == [0.3, 0.1]
    assert [s.file for s in prints.bad] == ["forged.jpg"]
    assert [kind_of(label) for label, _ in pairs] == [
        "clean", "defect: quality.blur", "defect: field.hidden", "mild defects only", "attack: print",
    ]  # fmt: skip


def test_outcomes_follow_the_thresholds_given() -> None:
    table = parse_thresholds('[quality.blur]\nreject = 0.9\nreject_warning = 0.5\nsource = "test"\n')
    _, scored = pair(photo("a.jpg"), {"quality.blur": 0.6})
    assert [said.value for said in outcomes(scored, table).values()] == ["warn"]


def test_calibrate_writes_thresholds_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    pairs = [pair(photo(f"{i}.jpg"), {"quality.blur": float(s)}) for i, s in enumerate(rng.beta(1, 8, 300))]
    pairs += [
        pair(photo(f"b{i}.jpg", severity={"quality.blur": 1.0}), {"quality.blur": float(s)})
        for i, s in enumerate(rng.beta(8, 1, 60))
    ]
    monkeypatch.setattr("idqc.train.calibrate.score", lambda *_, **__: pairs)
    monkeypatch.setattr("idqc.train.calibrate.KEYS", ("quality.blur", "quality.glare"))
    choices = calibrate(tmp_path, None, tmp_path / "thresholds", work=tmp_path / "work")
    assert set(parse_thresholds((tmp_path / "work" / "provisional.toml").read_text()).by_key) == set(choices)
    assert choices["quality.blur"].reject is not None
    assert choices["quality.glare"].reject is None
    table = parse_thresholds((tmp_path / "thresholds" / "default.toml").read_text(encoding="utf-8"))
    assert set(table.chances) == {"quality.blur"}
    assert table.chances["quality.blur"].prior == pytest.approx(60 / 360, abs=1e-6)
    assert "From scores to chances" in (tmp_path / "thresholds" / "report.md").read_text(encoding="utf-8")
    again = tmp_path / "again"
    scores = tmp_path / "scores.jsonl"
    scores.write_text("".join(to_line(scored) for _, scored in pairs), encoding="utf-8")
    (tmp_path / "labels.jsonl").write_text(
        "".join(to_json(replace(label, split="calibrate")) + "\n" for label, _ in pairs), encoding="utf-8"
    )
    calibrate(tmp_path, None, again, scores=scores)
    assert (again / "default.toml").read_bytes() == (tmp_path / "thresholds" / "default.toml").read_bytes()
    assert "quality.blur.png" in (tmp_path / "thresholds" / "report.md").read_text(encoding="utf-8")
