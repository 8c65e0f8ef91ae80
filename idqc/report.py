"""Inspections and the catalogue for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from idqc.catalogue import Criterion, find
from idqc.chances import shown
from idqc.decision import ThresholdTable
from idqc.folder import Result
from idqc.inspection import Finding, Inspection, Outcome

STYLES = {
    Outcome.REJECT: "bold red",
    Outcome.WARN: "yellow",
    Outcome.PASS: "green",
    Outcome.NOT_COMPUTED: "dim",
    Outcome.NOT_APPLICABLE: "dim",
}
TOP_FINDINGS = 4


def overview(results: Sequence[Result]) -> RenderableType:
    """One row a photo, then how many got which verdict."""
    table = Table("photo", "verdict", "document", "findings", box=box.SIMPLE_HEAD)
    counts: Counter[str] = Counter()
    for result in results:
        name = Text(_shorten(result.path))
        if result.inspection is None:
            counts["not inspected"] += 1
            detail = "" if result.error is None else f"{result.error.code}: {result.error.detail}"
            table.add_row(name, Text("not inspected", "bold magenta"), "", Text(detail))
            continue
        done = result.inspection
        counts[done.verdict.value] += 1
        table.add_row(name, Text(done.verdict.value, STYLES[done.verdict]), done.document_type or "-", _told(done))
    return Group(table, Text(", ".join(f"{count} {what}" for what, count in counts.most_common())))


def detail(result: Result) -> RenderableType:
    """Everything about one photo: findings with their thresholds, readings, timings."""
    if result.inspection is None:
        return overview([result])
    done = result.inspection
    findings = Table("criterion", "score", "warn", "reject", "outcome", "where", box=box.SIMPLE_HEAD)
    for finding in done.findings:
        findings.add_row(
            finding.criterion,
            shown(finding.score, "-"),
            shown(finding.thresholds.reject_warning, "-"),
            shown(finding.thresholds.reject, "-"),
            Text(finding.outcome.value, STYLES[finding.outcome]),
            _where(finding),
        )
    fields = Table("field", "value", "confidence", "lowest", box=box.SIMPLE_HEAD)
    for reading in done.fields:
        value = Text(reading.value) if reading.value else Text("-" if reading.visible else "not visible", "dim")
        fields.add_row(reading.name, value, shown(reading.confidence, "-"), shown(reading.confidence_min, "-"))
    timings = ", ".join(f"{stage} {milliseconds:.0f}" for stage, milliseconds in done.timings_ms.items())
    head = Text.assemble(
        (done.verdict.value.upper(), STYLES[done.verdict]),
        f"  {_shorten(result.path)}  {done.document_type or 'no document'}",
    )
    foot = Text(f"release {done.release}, as of {done.as_of}, ms: {timings}", "dim")
    return Group(head, findings, *([fields] if done.fields else []), foot)


def catalogue(lines: Sequence[Criterion], thresholds: ThresholdTable) -> RenderableType:
    """The criteria with their live thresholds, and the prior of those whose scores are chances."""
    table = Table("criterion", "warn", "reject", "prior", "1.0 means", "surfaces", "customer sees", box=box.SIMPLE_HEAD)
    for line in lines:
        limits, chance = thresholds.of(line), thresholds.chance_of(line)
        table.add_row(
            line.code,
            shown(limits.reject_warning, "-"),
            shown(limits.reject, "-"),
            "-" if chance is None else f"{chance.prior:.3f}",
            line.meaning["en"],
            ", ".join(sorted(surface.value for surface in line.surfaces)),
            "no" if line.customer is None else "yes",
        )
    note = "Scores of criteria with a prior are chances, where that share of photos is bad; the others are measures."
    return Group(table, Text(note, "dim"))


def _where(finding: Finding) -> str:
    if finding.regions and find(finding.criterion).spread:
        return "spread over the document"
    return ", ".join(dict.fromkeys(region.label for region in finding.regions))


def _told(done: Inspection) -> Text:
    told = [f for f in done.findings if f.outcome in (Outcome.REJECT, Outcome.WARN)]
    told.sort(key=lambda finding: (finding.outcome is not Outcome.REJECT, -(finding.score or 0.0)))
    text = Text(", ").join(Text(f"{f.criterion} {shown(f.score, '-')}", STYLES[f.outcome]) for f in told[:TOP_FINDINGS])
    return text.append(f" and {len(told) - TOP_FINDINGS} more") if len(told) > TOP_FINDINGS else text


def _shorten(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 48 else f"…{text[-47:]}"
