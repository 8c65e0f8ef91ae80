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
from idqc.train.evaluate_criteria import count_kinds, judge_criteria, judge_floor, judge_fraud, limits_of
from idqc.train.evaluate_document import judge_document, judge_fields, judge_text, overlap
from idqc.train.groups import KEYS, Pair, group, key_of, outcomes, values
from idqc.train.report import BLACK, BLUE, VERMILION, Table, draw, markdown, number, save_picture, show
from idqc.train.score import score
from idqc.train.statistics import rate_of

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
) -> dict[str, Any]:
    """Scores what is not scored yet, prints the tables, and writes the report into `out`; answers its numbers.

    Args:
        data: a folder with `labels.jsonl`.
        out: gets scores.jsonl, report.md, report.json, scores.png and severity.png.
        splits: which photos; `test` holds persons, layouts, fonts and textures that training never saw.
        weights, thresholds: None for the bundled ones.
        jobs: processes.
    """
    pairs = score(data, out, weights=weights, thresholds=thresholds, splits=splits, jobs=jobs, limit=limit)
    release = load_release(weights, thresholds)
    table = release.thresholds
    parts = {
        "photos": count_kinds(pairs),
        "clean": judge_clean(pairs, table),
        "document": judge_document(pairs),
        "criteria": judge_criteria(pairs, table),
        "fraud": judge_fraud(pairs, table),
        "floor": judge_floor(pairs),
        "fields": judge_fields(pairs),
        "text": judge_text(pairs),
        "timings": judge_timings(pairs),
        "failures": (list_failures(pairs, table), {}),
    }
    head = f"Release {release.id}, {len(pairs)} photos of {', '.join(splits)}."
    console = Console()
    console.print(head)
    for tables, _ in parts.values():
        for part in tables:
            show(part, console)
    numbers = {"release": release.id, "splits": list(splits), "photos": len(pairs)}
    numbers |= {name: plain(found) for name, (_, found) in parts.items()}
    (out / "report.json").write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draw_scores(pairs, table, out / "scores.png")
    draw_severity(pairs, out / "severity.png")
    text = [f"# Evaluation\n\n{head}\n", *(markdown(part) for tables, _ in parts.values() for part in tables)]
    text.append(
        "## Pictures\n\n![Scores of clean and bad photos](scores.png)\n\n![Score against severity](severity.png)\n"
    )
    (out / "report.md").write_text("\n".join(text), encoding="utf-8")
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


def draw_scores(pairs: Sequence[Pair], thresholds: ThresholdTable, path: Path) -> None:
    """Small multiples: how scores of clean and of bad photos are spread, with the two thresholds."""
    figure, axes = _grid("Scores of clean and of bad photos; thresholds dashed (reject) and dotted (warn)")
    for axis, key in zip(axes, KEYS, strict=True):
        found, limits = group(key, pairs), limits_of(key, thresholds)
        bins = np.linspace(0, 1, 26)
        for samples, colour, name in ((found.clean, BLUE, "clean"), (found.bad, VERMILION, "bad")):
            some = values(samples)
            if len(some):
                weights = np.full(len(some), 100 / len(some))
                axis.hist(some, bins, weights=weights, color=colour, alpha=0.65, label=f"{name}, {len(some)}")
        for limit, style in ((limits.reject, "--"), (limits.reject_warning, ":")):
            if limit is not None:
                axis.axvline(limit, color=BLACK, linestyle=style, linewidth=1)
        axis.set(title=key, xlim=(0, 1), yscale="symlog", ylim=(0, 100))
        axis.legend(fontsize=6)
    figure.supxlabel("score (0 normal, 1 to be turned away)")
    figure.supylabel("share of the photos, %")
    save_picture(figure, path)


def draw_severity(pairs: Sequence[Pair], path: Path) -> None:
    """Small multiples: the score against the labelled severity of genuine photos; a good score follows it."""
    figure, axes = _grid("Score against labelled severity")
    for axis, key in zip(axes, KEYS, strict=True):
        points = [
            (severity, value)
            for label, scored in pairs
            for code, severity in label.severity.items()
            if key_of(code) == key and (value := scored.scores.get(code)) is not None
        ]
        if points:
            axis.scatter(*np.array(points).T, s=4, color=BLUE, alpha=0.5, linewidths=0)
        axis.set(title=key, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    figure.supxlabel("severity (label)")
    figure.supylabel("score")
    save_picture(figure, path)


def _grid(title: str) -> tuple[Any, Any]:
    columns = 5
    figure, axes = draw().subplots(math.ceil(len(KEYS) / columns), columns, figsize=(13, 9), squeeze=False)
    figure.suptitle(title)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.07, top=0.92, hspace=0.45, wspace=0.25)
    for axis in axes.flat[len(KEYS) :]:
        axis.set_visible(False)
    return figure, axes.flat[: len(KEYS)]


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
