"""`idqc calibrate`: fits maps from scores to chances, derives REJECT and REJECT_WARNING, and shows the trade-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit
from rich.console import Console

from idqc.chances import NUMBERS, rounded
from idqc.decision import CHANCE, ThresholdTable
from idqc.models.fraud import SPECIES
from idqc.train import fit_chances
from idqc.train.fit_chances import Fit, fit_all, in_model_units
from idqc.train.groups import KEYS, Group, as_chances, group, values
from idqc.train.report import BLACK, BLUE, VERMILION, Table, draw, markdown, number, save_picture, show
from idqc.train.score import score, scored_before
from idqc.train.statistics import SCORE_STEP, Rate, flagged, rate_of, threshold_for_alarms, threshold_for_misses

PHOTOS_PER_FALSE_REJECT = 1000
MISSES = 0.02
"""The share of bad photos that may pass without even a warning."""
FALSE_WARNINGS = 0.03
"""The share of clean photos that one criterion may warn for; kept even where more bad photos then pass."""
LOWEST_REJECT = 0.3
"""A score under it means *mostly normal* on every scale, whatever the photos of one set say."""
LOWEST_WARNING = 0.05
"""A twentieth of the scale is within what labels and readings vary by."""
HIGHEST_REJECT = 0.999
MILD_REJECTS, FEWEST_MILD = 0.1, 10
"""The share of photos with a mild defect (severity below 0.25) that a reject may meet; fewer of them say nothing."""
FEWEST_NORMAL, FEWEST_BAD = 200, 10
UNCALIBRATED_WARNING = 0.5
"""The middle of the scale: where severity counts as bad in the labels."""
EASILY_CAUGHT = 0.1
"""REJECT may move up, away from normal photos, towards the score that nine in ten bad photos reach."""
WARN_ONLY = frozenset(f"fraud.{species}" for species in SPECIES)
"""Evidence for a reviewer. Thresholds that met no genuine photo of calibrate met 3 % of those of test: what tells a
print from an original shifts with its cameras and fonts, and nobody is turned away by that alone."""

ABOUT_CHANCES = (
    "`chance` turns a model's score s into the chance p that such a photo is bad, before any threshold:",
    "ln(p/(1-p)) = ln(prior/(1-prior)) + low ln(s) - high ln(1-s) + offset. `prior` is the share of bad photos: as in",
    "calibrate, or yours. Thresholds are chances too and stay where they are: whoever moves a prior moves them along.",
    "A table without `chance` takes scores as they are.",
)


@dataclass(frozen=True)
class Choice:
    """The thresholds of one key, what they cost on the photos that they were taken from, and remarks."""

    key: str
    reject: float | None
    reject_warning: float
    false_rejects: Rate
    missed_by_reject: Rate
    clean_warned: Rate
    missed_by_warning: Rate
    reason: str


def choose(found: Group) -> Choice:
    """Derives both thresholds from the scores of a group.

    REJECT is reached by at most 1 in 1,000 acceptable photos (for fraud.* of all genuine photos, bad ones too: an
    accusation must not come from a blurred photo), and stands in the middle between the smallest such threshold and the
    score that 90 % of bad photos reach where there is room, and above 90 % of the photos with a mild defect.
    REJECT_WARNING is the largest threshold that at most 2 % of bad photos stay below; where more than 3 % of clean
    photos would reach it, the largest that misses no more than the lowest threshold with 3 % does.
    """
    bad, clean, mild = values(found.bad), values(found.clean), values(found.mild)
    normal = values(found.normal if found.key.startswith("fraud.") else found.acceptable)
    reasons = []
    reject: float | None = None
    if len(normal) < FEWEST_NORMAL or len(bad) < FEWEST_BAD:
        reasons.append(
            f"too few photos for a reject ({len(normal)} normal of {FEWEST_NORMAL}, {len(bad)} bad of {FEWEST_BAD}): "
            "warns only"
        )
        warning = max(UNCALIBRATED_WARNING, threshold_for_alarms(clean, int(FALSE_WARNINGS * len(clean))))
        return _choice(found.key, None, min(warning, 1.0), normal, clean, bad, reasons)
    if found.key in WARN_ONLY:
        reasons.append("warns only, by decision")
    else:
        safe = threshold_for_alarms(normal, len(normal) // PHOTOS_PER_FALSE_REJECT)
        easily = float(np.quantile(bad, EASILY_CAUGHT))
        gentle = threshold_for_alarms(mild, int(MILD_REJECTS * len(mild))) if len(mild) >= FEWEST_MILD else 0.0
        reject = round(max(safe, (safe + easily) / 2, gentle, LOWEST_REJECT), 4)
        if reject > HIGHEST_REJECT:
            reasons.append(f"photos that should not be rejected reach {max(safe, gentle) - SCORE_STEP:.4f}: warns only")
            reject = None
    highest = reject if reject is not None else 1.0
    warning = min(threshold_for_misses(bad, int(MISSES * len(bad))), highest)
    if warning < LOWEST_WARNING or flagged(clean, warning).value > FALSE_WARNINGS:
        lowest = max(threshold_for_alarms(clean, int(FALSE_WARNINGS * len(clean))), LOWEST_WARNING)
        warning = min(max(lowest, threshold_for_misses(bad, int((bad < lowest).sum()))), highest)
        reasons.append(f"a warning that misses {MISSES:.0%} meets too many clean photos: {FALSE_WARNINGS:.0%} may")
    return _choice(found.key, reject, round(warning, 4), normal, clean, bad, reasons)


def in_chances(choice: Choice, one: Fit | None) -> Choice:
    """The same choice with its thresholds as chances; it flags the same photos. Without a map as it is."""
    if one is None:
        return choice
    reject = None if choice.reject is None else rounded(one.chance(choice.reject))
    return replace(choice, reject=reject, reject_warning=rounded(one.chance(choice.reject_warning)))


def _choice(
    key: str, reject: float | None, warning: float, normal: Any, clean: Any, bad: Any, reasons: list[str]
) -> Choice:
    def missed(limit: float | None) -> Rate:
        caught = flagged(bad, limit)
        return rate_of(caught.total - caught.count, caught.total)

    return Choice(
        key, reject, warning, flagged(normal, reject), missed(reject), flagged(clean, warning), missed(warning),
        "; ".join(reasons),
    )  # fmt: skip


def calibrate(
    data: Path,
    weights: Path | None,
    out: Path,
    *,
    work: Path = Path("build/calibrate"),
    splits: Sequence[str] = ("calibrate",),
    jobs: int = 1,
    limit: int | None = None,
    scores: Path | None = None,
) -> dict[str, Choice]:
    """Scores the photos, fits the maps from scores to chances, chooses thresholds, and writes default.toml, report.md
    and its pictures into `out`.

    Args:
        data: a folder with `labels.jsonl`.
        weights: the release's weights; None for the bundled ones.
        out: the thresholds folder.
        work: where scores.jsonl is kept, so that an interrupted run goes on.
        splits: `calibrate` holds persons, layouts, fonts and textures that training never saw.
        scores: a `scores.jsonl` of an earlier run to take instead of scoring anything, whatever release made it.
    """
    if scores is None:
        work.mkdir(parents=True, exist_ok=True)
        # The Inspector wants a table, and on the verification surface no model's score depends on what stands in it.
        provisional = work / "provisional.toml"
        provisional.write_text("".join(f'[{key}]\nreject_warning = 0.5\nsource = "provisional"\n' for key in KEYS))
        pairs = score(data, work, weights=weights, thresholds=provisional, splits=splits, jobs=jobs, limit=limit)
    else:
        pairs = scored_before(data, scores, splits=splits, limit=limit)
    made_by = pairs[0][1].made_by if pairs else ""
    origin = (
        f"idqc calibrate, {date.today().isoformat()}, {len(pairs)} photos of {', '.join(splits)}, weights {made_by}"
    )
    fits = fit_all(pairs)
    # The limits below are of the scales that models were trained on, and a map changes no order: so thresholds are
    # chosen there, and then put into the units of the answers.
    ranked = in_model_units(pairs, fits)
    choices = {key: in_chances(choose(group(key, ranked)), fits.get(key)) for key in KEYS}
    judged = as_chances(pairs, ThresholdTable({}, {key: one.chance for key, one in fits.items()}))
    groups = {key: group(key, judged) for key in KEYS}
    out.mkdir(parents=True, exist_ok=True)
    (out / "default.toml").write_text(to_toml(choices.values(), origin, fits), encoding="utf-8")
    for key, choice in choices.items():
        draw_trade_off(groups[key], choice, out / f"{key}.png")
    tables = fit_chances.to_table(fits), to_table(choices.values())
    for table in tables:
        show(table, Console())
    pictures = [f"### {key}\n\n![Trade-off of {key}]({key}.png)\n" for key in KEYS]
    text = [f"# Calibration\n\n{origin}.\n", *map(markdown, tables), "## Trade-off of every criterion\n", *pictures]
    (out / "report.md").write_text("\n".join(text), encoding="utf-8")
    return choices


def to_toml(choices: Any, origin: str, fits: Mapping[str, Fit]) -> str:
    """The text of `thresholds/default.toml`: one table a key, with what stands behind it, and its map if it has one."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Written by `idqc calibrate`; report.md beside it shows the trade-offs."))
    document.add(
        tomlkit.comment(
            "A score at or above `reject` rejects, at or above `reject_warning` warns. No `reject`: warns only."
        )
    )
    for line in ABOUT_CHANCES:
        document.add(tomlkit.comment(line))
    families: dict[str, Any] = {}
    for choice in choices:
        family, name = choice.key.split(".")
        if family not in families:
            families[family] = tomlkit.table(is_super_table=True)
            document.add(family, families[family])
        line = tomlkit.table()
        if choice.reject is not None:
            line.add("reject", choice.reject)
        line.add("reject_warning", choice.reject_warning)
        line.add("source", f"{origin}: {explain(choice)}")
        if choice.key in fits:
            line.add(CHANCE, _map(fits[choice.key], origin))
        families[family].add(name, line)
    return tomlkit.dumps(document)


def _map(one: Fit, origin: str) -> Any:
    table = tomlkit.table()
    for name in NUMBERS:
        table.add(name, getattr(one.chance, name))
    table.add("source", f"{origin}: {one.source}")
    return table


def explain(choice: Choice) -> str:
    """What stands behind the two thresholds, in one line."""
    parts = []
    if choice.reject is not None:
        parts.append(
            f"reject meets {choice.false_rejects} of acceptable photos and misses {choice.missed_by_reject} of bad ones"
        )
    parts.append(
        f"warning meets {choice.clean_warned} of clean photos and misses {choice.missed_by_warning} of bad ones"
    )
    return "; ".join([*parts, *([choice.reason] if choice.reason else [])]) + " (95 % intervals)"


def to_table(choices: Any) -> Table:
    """All choices as one table."""
    rows = [
        [c.key, number(c.reject, 4), number(c.reject_warning, 4), str(c.false_rejects) if c.reject is not None else "–",
         str(c.missed_by_reject) if c.reject is not None else "–", str(c.clean_warned),
         str(c.missed_by_warning), c.reason]
        for c in choices
    ]  # fmt: skip
    return Table(
        "Thresholds",
        ("criterion", "reject", "warn", "acceptable photos rejected", "bad photos not rejected", "clean photos warned",
         "bad photos not even warned", "remark"),
        rows,
        "Bad: severity of at least 0.5. Acceptable: a genuine document with severity 0 here and nothing else of 0.5 "
        "or more (for fraud.* every genuine document). Clean: nothing wrong at all. Exact 95 % intervals, on photos "
        "that the thresholds were taken from; `idqc evaluate` measures them on others.",
    )  # fmt: skip


def draw_trade_off(found: Group, choice: Choice, path: Path) -> None:
    """False alarms on normal photos and misses of bad ones, in percent, over all thresholds."""
    pyplot = draw()
    figure, axis = pyplot.subplots(figsize=(4.2, 2.6))
    limits = np.linspace(0, 1, 501)
    normal = np.sort(values(found.normal if choice.key.startswith("fraud.") else found.acceptable))
    bad = np.sort(values(found.bad))
    if len(normal):
        alarms = 100 * (1 - np.searchsorted(normal, limits) / len(normal))
        axis.step(limits, alarms, color=BLUE, label=f"normal photos flagged, n = {len(normal)}")
    if len(bad):
        axis.step(
            limits,
            100 * np.searchsorted(bad, limits) / len(bad),
            color=VERMILION,
            label=f"bad photos missed, n = {len(bad)}",
        )
    for limit, style, name in ((choice.reject, "--", "reject"), (choice.reject_warning, ":", "warn")):
        if limit is not None:
            axis.axvline(limit, color=BLACK, linestyle=style, linewidth=1, label=f"{name} at {limit:.3f}")
    axis.set(title=choice.key, xlabel="threshold on the score (0..1)", ylabel="share of photos, %", xlim=(0, 1))
    axis.set_yscale("symlog", linthresh=0.1)
    axis.set_ylim(0, 100)
    axis.set_yticks([0, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
    axis.legend(fontsize=6, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncol=2)
    save_picture(figure, path, dpi=80)
