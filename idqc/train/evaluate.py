"""`idqc evaluate`: measures a release on labelled photos, and writes report.md, report.json and pictures."""

from __future__ import annotations

import json
import math
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from idqc.decision import ThresholdTable
from idqc.inspection import Outcome
from idqc.release import load_release
from idqc.train import discard, evaluate_fraud, reliability
from idqc.train.discard import draw_discard, judge_discard
from idqc.train.evaluate_criteria import count_groups, count_kinds, judge_criteria, judge_floor, limits_of
from idqc.train.evaluate_document import judge_document, judge_fields, overlap
from idqc.train.evaluate_fraud import det_curves, draw_det, judge_fraud
from idqc.train.evaluate_text import judge_conditions, judge_text
from idqc.train.groups import KEYS, Pair, as_chances, group, outcomes
from idqc.train.reliability import draw_reliability, judge_reliability
from idqc.train.report import Table, markdown, number, show
from idqc.train.resampling import Resampling
from idqc.train.score import score, scored_before
from idqc.train.score_pictures import draw_scores, draw_severity
from idqc.train.statistics import rate_of
from idqc.train.weak_spots import list_weak_spots

LISTED_FAILURES = 8
"""Photos of each kind of failure that the report names."""


def evaluate(
    data: Path,
    out: Path,
    splits: Sequence[str] = ("test",),
    *,
    weights: Path | None = None,
    thresholds: Path | None = None,
    jobs: int = 1,
    limit: int | None = None,
    scores: Path | None = None,
) -> dict[str, Any]:
    """Scores what is not scored yet, prints the tables, and writes the report into `out`; answers its numbers.

    Args:
        data: a folder with `labels.jsonl`.
        out: gets scores.jsonl, report.md, report.json and the pictures. A scoring that was cut off goes on there, and a
            finished one is used again as long as weights and code are the same.
        splits: which photos; `test` holds persons, layouts, fonts and textures that training never saw.
        weights, thresholds: None for the bundled ones.
        jobs: processes.
        limit: only the first so many photos.
        scores: a `scores.jsonl` to report on, without scoring anything, whatever release and code made it; the maps
            and thresholds are those of `thresholds`.

    Raises:
        SetupError: `scores` lacks photos, or two releases made it.
    """
    release = load_release(weights, thresholds)
    table = release.thresholds
    if scores is None:
        pairs = score(data, out, weights=weights, thresholds=thresholds, splits=splits, jobs=jobs, limit=limit)
        head = f"Release {release.id}, {len(pairs)} photos of {', '.join(splits)}."
    else:
        pairs = scored_before(data, scores, splits=splits, limit=limit)
        made_by = pairs[0][1].made_by if pairs else "nobody"
        head = f"Scores made earlier by {made_by} (weights and code), {len(pairs)} photos of {', '.join(splits)}; "
        head += f"maps and thresholds of release {release.id}."
    pairs = as_chances(pairs, table)
    resampling = Resampling([label for label, _ in pairs])
    discarded, reliable = judge_discard(pairs, resampling), judge_reliability(pairs, resampling)
    parts = {
        "photos": count_kinds(pairs),
        "groups": count_groups(pairs),
        "clean": judge_clean(pairs, table),
        "criteria": judge_criteria(pairs, table, resampling),
        "floor": judge_floor(pairs),
        "fraud": judge_fraud(pairs, table),
        "discard": discarded,
        "reliability": reliable,
        "document": judge_document(pairs),
        "fields": judge_fields(pairs),
        "text": judge_text(pairs),
        "conditions": judge_conditions(pairs),
        "timings": judge_timings(pairs),
        "failures": (list_failures(pairs, table), {}),
    }
    numbers: dict[str, Any] = {name: found for name, (_, found) in parts.items()}
    tables = [*list_weak_spots(numbers), *(part for some, _ in parts.values() for part in some)]
    console = Console()
    console.print(head)
    for part in tables:
        show(part, console)
    out.mkdir(parents=True, exist_ok=True)
    numbers = {"release": release.id, "splits": list(splits), "photos_in_all": len(pairs), **plain(numbers)}
    (out / "report.json").write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    text = [f"# Evaluation\n\n{head}\n", *map(markdown, tables), "## Pictures of all criteria\n"]
    text += ["![Scores of clean and bad photos](scores.png)\n", "![Score against severity](severity.png)\n"]
    (out / "report.md").write_text("\n".join(text), encoding="utf-8")
    draw_scores(pairs, table, out / "scores.png")
    draw_severity(pairs, out / "severity.png")
    curves = det_curves(pairs)
    if curves:
        draw_det(curves, out / evaluate_fraud.PICTURE)
    if discarded[1]:
        draw_discard(discarded[1], out / discard.PICTURE)
    if reliable[1]:
        draw_reliability(reliable[1], out / reliability.PICTURE)
    console.print(f"Written: {out / 'report.md'}")
    return numbers


def judge_clean(pairs: Sequence[Pair], thresholds: ThresholdTable) -> tuple[list[Table], dict[str, Any]]:
    """What a customer with a faultless photo meets: rejects and warnings end to end, and which criteria cause them."""
    rows, causes, numbers = [], [], {}
    sets = {
        "clean": [pair for pair in pairs if pair[0].clean],
        "mild defects only": [
            (label, s) for label, s in pairs
            if label.document_type is not None and label.attack is None
            and 0 < max(label.severity.values(), default=0) < 0.5
        ],
        "to be turned away": [
            (label, s) for label, s in pairs if label.attack or max(label.severity.values(), default=0) >= 0.5
        ],
    }  # fmt: skip
    for name, some in sets.items():
        decided = [outcomes(scored, thresholds) for _, scored in some if scored.error is None]
        worst = [_worst(found) for found in decided]
        rejected = rate_of(worst.count(Outcome.REJECT), len(worst))
        warned = rate_of(worst.count(Outcome.WARN), len(worst))
        rows.append([name, str(len(some)), str(rejected), str(warned)])
        numbers[name] = {"rejected": rejected, "warned": warned}
        if name != "clean":
            continue
        for outcome in (Outcome.REJECT, Outcome.WARN, Outcome.NOT_COMPUTED):
            counts = Counter(code for found in decided for code, said in found.items() if said is outcome)
            causes += [
                [code, outcome.value, str(count), f"{100 * count / len(decided):.2f} %"]
                for code, count in counts.most_common(12)
            ]
    return [
        Table(
            "End to end: verdicts",
            ("photos", "n", "rejected", "warned"),
            rows,
            "The verdict is the worst outcome of all criteria; what was not computed warns. Mild: severities below "
            "0.5 only. To be turned away: a severity of 0.5 or more, or a forgery (tampering may only warn).",
        ),
        Table(
            "What clean photos are turned away or warned for",
            ("criterion", "outcome", "photos", "share of clean"),
            causes,
        ),
    ], numbers


def _worst(found: Any) -> Outcome:
    said = set(found.values())
    if Outcome.REJECT in said:
        return Outcome.REJECT
    return Outcome.WARN if said & {Outcome.WARN, Outcome.NOT_COMPUTED} or not said else Outcome.PASS


def judge_timings(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Stage times as the run met them; with several jobs or a busy machine they are no benchmark."""
    names = dict.fromkeys(name for _, scored in pairs for name in scored.timings_ms)
    rows, numbers = [], {}
    for name in names:
        found = [scored.timings_ms[name] for _, scored in pairs if name in scored.timings_ms]
        p50, p95 = float(np.percentile(found, 50)), float(np.percentile(found, 95))
        rows.append([name, str(len(found)), number(p50, 1), number(p95, 1)])
        numbers[name] = {"p50_ms": p50, "p95_ms": p95}
    note = (
        f"Wall milliseconds on {platform.machine()}, under whatever else ran; benchmarks/latency.py is the benchmark."
    )
    return [Table("Time by stage", ("stage", "photos", "p50 ms", "p95 ms"), rows, note)], numbers


def list_failures(pairs: Sequence[Pair], thresholds: ThresholdTable) -> list[Table]:
    """The files to look at first, by kind of failure."""
    rows: list[list[str]] = []
    placed = [(overlap(label, s), label.file, s) for label, s in pairs if label.quad is not None and s.error is None]
    for value, file, scored in sorted(placed, key=lambda item: item[0])[:LISTED_FAILURES]:
        if value < 0.95:
            rows.append(["document badly placed", file, f"IoU {value:.3f}", scored.document_type or "none found"])
    for label, scored in pairs:
        if label.clean and scored.error is None:
            causes = [code for code, said in outcomes(scored, thresholds).items() if said is Outcome.REJECT]
            if causes:
                rows.append(
                    [
                        "clean and rejected",
                        label.file,
                        ", ".join(causes),
                        ", ".join(number(scored.scores[c]) for c in causes),
                    ]
                )
    for key in KEYS:
        found, limit = group(key, pairs), limits_of(key, thresholds).reject_warning
        missed = [s for s in found.bad if s.score is not None and limit is not None and s.score < limit]
        for sample in sorted(missed, key=lambda s: (s.score or 0.0) - s.severity)[: LISTED_FAILURES // 2]:
            rows.append(
                [
                    "bad and passed",
                    sample.file,
                    sample.code,
                    f"severity {sample.severity:.2f}, score {number(sample.score)}",
                ]
            )
        false = [s for s in found.normal if s.score is not None and limit is not None and s.score >= limit]
        for sample in sorted(false, key=lambda s: -(s.score or 0.0))[: LISTED_FAILURES // 2]:
            rows.append(["flagged for nothing", sample.file, sample.code, f"score {number(sample.score)}"])
    return [Table("Worst failures", ("failure", "file", "criterion", "how far"), rows)]


def plain(value: Any) -> Any:
    """Numbers for JSON: dataclasses as objects, NaN as null, floats to six digits."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return value
