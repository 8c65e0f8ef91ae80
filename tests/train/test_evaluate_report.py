"""`idqc evaluate` from scores to report, on labels and scores that are made up so that the right answers are known."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from idqc.catalogue import criteria
from idqc.decision import parse_thresholds
from idqc.errors import SetupError
from idqc.inspection import Surface
from idqc.labels import FieldLabel, Label, to_json
from idqc.photo.measures import FLOOR
from idqc.train import evaluate as module
from idqc.train.groups import KEYS, Pair
from idqc.train.resampling import Resampling
from idqc.train.score import scored_before
from idqc.train.scored import Scored, read_scores, to_line

WORDS = {"name": "홍길동", "id_number": "900101-1234567", "issue_date": "2020.01.31"}
THRESHOLDS = "\n".join(f'[{key}]\nreject = 0.9\nreject_warning = 0.5\nsource = "test"' for key in KEYS)
MAP = '[quality.blur.chance]\nprior = 0.5\nlow = 3.0\nhigh = 3.0\noffset = 0.0\nsource = "test"\n'
"""Odds to the power of three."""


def made_pair(index: int, severity: dict[str, float], attack: str | None = None) -> Pair:
    """A photo whose scores follow its severities, and whose fields were found and read."""
    rng = np.random.default_rng(index)
    left, top = rng.uniform(20, 60, 2)
    quad = [[left, top], [left + 856, top], [left + 856, top + 540], [left, top + 540]]
    fields = {}
    for row, (name, text) in enumerate(WORDS.items()):
        y = top + 54 + 108 * row
        fields[name] = FieldLabel(
            [[left + 86, y], [left + 428, y], [left + 428, y + 54], [left + 86, y + 54]], text, True
        )
    label = Label(
        f"photos/{index:06d}.jpg", "kr_resident", quad, fields, severity=severity, attack=attack, split="test"
    )
    scores: dict[str, float | None] = {
        criterion.code: float(np.clip(severity.get(criterion.code, 0.0) * 0.9 + rng.uniform(0, 0.1), 0, 1))
        for criterion in criteria(Surface.VERIFICATION, "kr_resident")
    }
    boxes = [(name, 0.9, (0.1, 0.1 + 0.2 * row, 0.5, 0.2 + 0.2 * row)) for row, name in enumerate(WORDS)]
    scored = Scored(
        label.file,
        "test",
        size_px=(1000, 700),
        verdict="pass",
        document_type="kr_resident",
        document_confidence=0.99,
        quad=quad,
        scores=scores,
        outcomes=dict.fromkeys(scores, "pass"),
        readings={name: {"value": text, "confidence": 0.9, "visible": True} for name, text in WORDS.items()},
        readings_true_boxes=dict(WORDS),
        detections_true_quad=boxes,
        detections=boxes,
        measures={code: severity.get(code, 0.0) + float(rng.uniform(0, 0.2)) for code in FLOOR},
        timings_ms={"decode": 10.0, "total": 100.0},
        wall_ms=101.0,
    )
    return label, scored


@pytest.fixture
def pairs() -> list[Pair]:
    made = [made_pair(index, {}) for index in range(40)]
    made += [made_pair(40 + index, {"quality.blur": 0.8}) for index in range(10)]
    made += [made_pair(50 + index, {"field.name.hidden": 1.0}) for index in range(10)]
    made += [made_pair(60 + index, {"fraud.print": 1.0}, "print") for index in range(10)]
    made[-1][0].edit = "E01.redrawn"
    scene = Label("photos/000099.jpg", None, None, severity={"quality.no_document": 1.0}, split="test")
    nothing = Scored(scene.file, "test", size_px=(1000, 700), scores={"quality.no_document": 1.0})
    nothing.outcomes = {"quality.no_document": "reject"}
    return [*made, (scene, nothing), (scene, Scored("photos/000100.jpg", "test", error="photo.truncated"))]


def test_report(pairs: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = SimpleNamespace(id="test+0", thresholds=parse_thresholds(f"{THRESHOLDS}\n{MAP}"))
    monkeypatch.setattr(module, "score", lambda *_, **__: pairs)
    monkeypatch.setattr(module, "load_release", lambda *_: release)
    monkeypatch.setattr(module, "draw_scores", lambda *_: None)
    monkeypatch.setattr(module, "Resampling", lambda labels: Resampling(labels, draws=40))
    found = module.evaluate(tmp_path, tmp_path)
    assert found["document"]["accepted types"]["placed"]["count"] == 70
    assert found["criteria"]["quality.blur"]["auc_clean"]["value"] == 1.0
    assert found["criteria"]["field.hidden"]["bad"] == 10
    assert found["criteria"]["quality.glare"]["auc_clean"]["value"] is None
    assert found["fraud"]["print"]["own_warn"]["count"] == 0
    assert found["fraud"]["bpcer: clean"]["warn"]["count"] == 0
    assert found["fields"]["end_to_end"]["map50"] == pytest.approx(1.0)
    assert found["text"]["Hangul"]["accuracy"] == found["text"]["Hangul"]["accuracy_true_boxes"] == 1.0
    assert found["text"]["digits"]["exact"]["count"] == 80
    assert found["clean"]["clean"]["rejected"]["count"] == 0
    assert found["photos"]["kinds"]["attack: print"] == 10
    assert found["groups"]["kr_resident"]["without_layout"] == 70
    assert found["criteria"]["field.hidden"]["missed_at_warning_by_groups"] == {"low": None, "high": None}
    assert found["fraud"]["worst"] == "print"
    assert (found["fraud"]["methods"]["print: redrawn"]["count"], "E01" in str(found["fraud"])) == (0, False)
    assert found["conditions"]["blur, bad"]["photos"] == 10
    assert found["reliability"]["quality.blur"]["bad"]["count"] == 10
    bad = [scored.scores["quality.blur"] or 0.0 for label, scored in pairs if "quality.blur" in label.severity]
    chances = [score**3 / (score**3 + (1 - score) ** 3) for score in bad]
    assert found["reliability"]["quality.blur"]["points"][-1][0] == pytest.approx(
        np.sort(chances)[-6:].mean(), rel=0.02
    )
    assert found["discard"]["the portrait or the whole photo is bad"]["bad"] == 10
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == found
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "could not be inspected: photo.truncated" in text
    assert text.index("## Weak spots first") < text.index("## Photos by kind")
    assert "These labels name neither" in text
    assert "| worst forgery (APCER at the warning) | print | 0.00 % (0.00-30.85), 0/10 |" in text
    for name in ("det.png", "portrait_discard.png", "reliability.png", "severity.png"):
        assert f"]({name})" in text
        assert (tmp_path / name).is_file()
    assert (tmp_path / "severity.png").stat().st_size < 200_000


def test_scores_file_survives_a_cut(pairs: list[Pair], tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    lines = "".join(to_line(scored) for _, scored in pairs[:3])
    path.write_text(lines[:-20], encoding="utf-8")
    back = list(read_scores(path))
    assert [scored.file for scored in back] == [scored.file for _, scored in pairs[:2]]
    assert back[0] == pairs[0][1]


def test_reports_on_scores_of_an_earlier_run(pairs: list[Pair], tmp_path: Path) -> None:
    some = pairs[:3]
    (tmp_path / "labels.jsonl").write_text("".join(to_json(label) + "\n" for label, _ in some), encoding="utf-8")
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(to_line(scored) for _, scored in some), encoding="utf-8")
    assert scored_before(tmp_path, tmp_path, splits=("test",)) == some
    assert scored_before(tmp_path, path, splits=("test",), limit=1) == some[:1]
    path.write_text("".join(to_line(scored) for _, scored in some[:2]), encoding="utf-8")
    with pytest.raises(SetupError, match="no scores of 1 of 3 photos"):
        scored_before(tmp_path, path, splits=("test",))
    some[2][1].made_by = "another"
    path.write_text("".join(to_line(scored) for _, scored in some), encoding="utf-8")
    with pytest.raises(SetupError, match="scores of 2 releases: another, test"):
        scored_before(tmp_path, path, splits=("test",))
