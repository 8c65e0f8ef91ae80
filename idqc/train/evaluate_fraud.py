"""The part of an evaluation that looks at forgeries, in the words of ISO/IEC 30107-3: APCER, BPCER, DET curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from idqc.decision import ThresholdTable
from idqc.inspection import Outcome
from idqc.train.groups import BAD, KEYS, Pair, key_of, outcomes
from idqc.train.report import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Table, draw, save_picture
from idqc.train.statistics import Rate, equal_error, flagged, rate_of, threshold_for_alarms

COPIES = ("fraud.screen", "fraud.print", "fraud.grayscale_copy")
BPCER_POINTS = (0.01, 0.05)
PICTURE = "det.png"
LINES = (
    (VERMILION, "-"), (BLUE, "--"), (BLACK, "-."), (GREEN, ":"), (ORANGE, (0, (6, 1, 1, 1, 1, 1))),
    (PURPLE, (0, (1, 1))), (SKY, (0, (8, 3))),
)  # fmt: skip
"""Colour and dashes of one species each: told apart in grey and by any kind of sight."""
TICKS_PERCENT = (0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 80, 90, 95, 99)
ENDS = (0.001, 0.99)
"""The shares that the probit axes reach; 0 and 1 lie at infinity."""


def judge_fraud(pairs: Sequence[Pair], thresholds: ThresholdTable) -> tuple[list[Table], dict[str, Any]]:
    """APCER by species, BPCER, and whom the false alarms hit."""
    pairs = [pair for pair in pairs if pair[1].error is None]
    genuine = [(label, scored) for label, scored in pairs if label.attack is None and label.document_type is not None]
    decided = {id(scored): outcomes(scored, thresholds) for _, scored in pairs}

    def alarms(some: Sequence[Pair], codes: Sequence[str], said: Sequence[Outcome]) -> Rate:
        hit = sum(any(decided[id(scored)].get(code) in said for code in codes) for _, scored in some)
        return rate_of(hit, len(some))

    reject, warn = (Outcome.REJECT,), (Outcome.REJECT, Outcome.WARN)
    fraud_codes = [key for key in KEYS if key.startswith("fraud.")]
    numbers: dict[str, Any] = {}
    for species in sorted({label.attack for label, _ in pairs if label.attack is not None}):
        some = [pair for pair in pairs if pair[0].attack == species]
        own = f"fraud.{species}"
        scores, normal = own_scores(species, some), own_scores(species, genuine)
        missed: dict[str, Rate] = {}
        for name, codes, said in (
            ("own_reject", (own,), reject), ("own_warn", (own,), warn),
            ("any_fraud_reject", fraud_codes, reject), ("any_fraud_warn", fraud_codes, warn),
        ):  # fmt: skip
            caught = alarms(some, codes, said)
            missed[name] = rate_of(caught.total - caught.count, caught.total)
        at_points = {}
        for point in BPCER_POINTS:
            limit = threshold_for_alarms(normal, int(point * len(normal)))
            caught = flagged(scores, limit)
            at_points[f"apcer_at_bpcer_{point:g}"] = rate_of(caught.total - caught.count, caught.total)
        numbers[species] = {"n": len(some), **missed, **at_points}
    found = sorted(numbers, key=lambda species: -numbers[species]["own_warn"].value)
    attacks = [[species, *map(str, numbers[species].values())] for species in found]
    worst = f" Worst at the warning: {found[0]}, {numbers[found[0]]['own_warn']}." if found else ""
    if found:
        numbers["worst"] = found[0]
    by_method = _methods(pairs, decided)
    numbers["methods"] = by_method
    edits = [
        Table(
            "Edits missed (APCER at the warning), by how they were made, worst first",
            ("species: method", "own criterion, warn"),
            [[name, str(missed)] for name, missed in by_method.items()],
            "A species of its own for whoever must withstand it; few photos each. From the label's `edit`.",
        )
    ]
    alarm_rows = []
    kinds = {"all genuine": genuine, "clean": [pair for pair in genuine if pair[0].clean]}
    for key in KEYS:
        if not key.startswith("fraud."):
            hit = [
                pair
                for pair in genuine
                if any(severity >= BAD and key_of(code) == key for code, severity in pair[0].severity.items())
            ]
            kinds[f"genuine with {key}"] = hit
    for kind, some in kinds.items():
        if some:
            at = alarms(some, fraud_codes, reject), alarms(some, fraud_codes, warn), alarms(some, COPIES, warn)
            alarm_rows.append([kind, str(len(some)), *map(str, at)])
            numbers[f"bpcer: {kind}"] = {"n": len(some), "reject": at[0], "warn": at[1], "copies_warn": at[2]}
    return [
        Table(
            "Forgeries missed (APCER), by species, worst first",
            ("species", "n", "own criterion, reject", "own criterion, warn", "any fraud.*, reject", "any fraud.*, warn",
             "at BPCER 1 %", "at BPCER 5 %"),
            attacks,
            "ISO/IEC 30107-3: APCER is the share of attacks taken for genuine. A forgery without a score counts as "
            "missed. The last two columns set the criterion's threshold where 1 % and 5 % of genuine photos reach it."
            + worst,
            PICTURE if attacks and genuine else "",
        ),
        *(edits if by_method else []),
        Table(
            "Genuine documents taken for forgeries (BPCER)",
            ("genuine photos", "n", "fraud.* rejects", "fraud.* warns or rejects", "a copy is suspected"),
            alarm_rows,
            f"Photos with a defect of severity {BAD} and more stand apart: a bad photo must not become an accusation.",
        ),
    ], numbers  # fmt: skip


def _methods(pairs: Sequence[Pair], decided: Mapping[int, Mapping[str, Outcome]]) -> dict[str, Rate]:
    """How many edits of each kind were not even warned of; `edit` names a variant and, after a dot, the method."""
    found: dict[str, list[bool]] = {}
    for label, scored in pairs:
        if label.attack is not None and label.edit is not None:
            said = decided[id(scored)].get(f"fraud.{label.attack}")
            name = f"{label.attack}: {label.edit.split('.')[-1]}"
            found.setdefault(name, []).append(said not in (Outcome.REJECT, Outcome.WARN))
    rates = {name: rate_of(sum(missed), len(missed)) for name, missed in found.items()}
    return dict(sorted(rates.items(), key=lambda item: -item[1].value))


@dataclass(frozen=True, eq=False)
class Curve:
    """The errors of one species over all thresholds, the lowest first: `bpcer` and `apcer` (points,), 0..1."""

    bpcer: NDArray[np.float64]
    apcer: NDArray[np.float64]
    equal_error: float
    attacks: int


def det_curves(pairs: Sequence[Pair]) -> dict[str, Curve]:
    """The curve of every species' own criterion against all genuine documents of the set, the worst species first.

    As everywhere here, a forgery without a score was missed at every threshold, a genuine document without one passed.
    """
    pairs = [pair for pair in pairs if pair[1].error is None]
    genuine = [(label, scored) for label, scored in pairs if label.attack is None and label.document_type is not None]
    curves = {}
    for species in sorted({label.attack for label, _ in pairs if label.attack is not None}):
        attacks = own_scores(species, [pair for pair in pairs if pair[0].attack == species])
        normal = own_scores(species, genuine)
        if len(normal):
            bpcer, apcer = det_points(attacks, normal)
            curves[species] = Curve(bpcer, apcer, equal_error(attacks, normal)[0], len(attacks))
    return dict(sorted(curves.items(), key=lambda item: -item[1].equal_error))


def own_scores(species: str, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """The scores of the species' own criterion: (n,); no score suspects nothing and counts as 0."""
    return np.array([scored.scores.get(f"fraud.{species}") or 0.0 for _, scored in pairs], np.float64)


def det_points(
    attacks: NDArray[np.float64], genuine: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """BPCER and APCER at every threshold that changes one of them, from the lowest (all flagged) to one above all."""
    thresholds = np.append(np.unique(np.concatenate([attacks, genuine])), np.inf)
    apcer = np.searchsorted(np.sort(attacks), thresholds, side="left") / len(attacks)
    bpcer = 1.0 - np.searchsorted(np.sort(genuine), thresholds, side="left") / len(genuine)
    return bpcer, apcer


def draw_det(curves: Mapping[str, Curve], path: Path) -> None:
    """APCER against BPCER on probit axes, one line a species; where both errors are normal a line is straight."""
    figure, axis = draw().subplots(figsize=(6.2, 5.6))
    ends = stats.norm.ppf(ENDS)
    axis.plot(ends, ends, color=BLACK, linewidth=0.5, alpha=0.4)
    for place, (species, curve) in enumerate(curves.items()):
        colour, dashes = LINES[place % len(LINES)]
        across, up = (stats.norm.ppf(np.clip(errors, *ENDS)) for errors in (curve.bpcer, curve.apcer))
        worst = " (highest EER)" if place == 0 else ""
        name = f"{species}{worst}, n = {curve.attacks}, EER {100 * curve.equal_error:.1f} %"
        axis.step(across, up, where="post", color=colour, linestyle=dashes, linewidth=1.6, label=name)
    places = stats.norm.ppf(np.array(TICKS_PERCENT) / 100)
    labels = [f"{share:g}" for share in TICKS_PERCENT]
    axis.set(
        title="Forgeries missed against genuine documents accused (DET), by species",
        xlabel="BPCER: genuine documents flagged, % (probit scale)",
        ylabel="APCER: forgeries missed, % (probit scale)", xlim=ends, ylim=ends,
    )  # fmt: skip
    axis.set_xticks(places, labels)
    axis.set_yticks(places, labels)
    axis.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=2)
    save_picture(figure, path)
