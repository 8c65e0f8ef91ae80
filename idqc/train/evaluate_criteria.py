"""The part of an evaluation that looks at scores: every criterion against its labels, forgeries, simple measures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from idqc.decision import ThresholdTable
from idqc.inspection import Outcome, Thresholds
from idqc.photo.measures import FLOOR
from idqc.train.groups import BAD, KEYS, Group, Pair, group, key_of, kind_of, outcomes, values
from idqc.train.report import Table, number
from idqc.train.statistics import Rate, area, equal_error, flagged, rate_of, threshold_for_alarms

COPIES = ("fraud.screen", "fraud.print", "fraud.grayscale_copy")
BPCER_POINTS = (0.01, 0.05)


def judge_criteria(pairs: Sequence[Pair], thresholds: ThresholdTable) -> tuple[list[Table], dict[str, Any]]:
    """Area under the ROC curve, equal error rate, and errors at both thresholds, of every threshold key."""
    areas, errors, numbers = [], [], {}
    for key in KEYS:
        found, limits = group(key, pairs), limits_of(key, thresholds)
        bad, clean, normal = values(found.bad), values(found.clean), values(found.normal)
        against_clean, against_normal = area(bad, clean), area(bad, normal)
        error, _ = equal_error(bad, clean)
        skipped = rate_of(len(found.bad) - len(bad), len(found.bad))
        areas.append(
            [
                key,
                str(len(found.bad)),
                str(against_clean),
                str(against_normal),
                "–" if math.isnan(error) else f"{100 * error:.2f} %",
                str(skipped),
            ]
        )
        rates: dict[str, Rate] = {}
        for name, limit in (("reject", limits.reject), ("warning", limits.reject_warning)):
            caught = flagged(bad, limit)
            rates[f"missed_at_{name}"] = rate_of(caught.total - caught.count, caught.total)
            rates[f"clean_flagged_at_{name}"] = flagged(clean, limit)
            rates[f"normal_flagged_at_{name}"] = flagged(normal, limit)
        errors.append(
            [key, *(number(limit) for limit in (limits.reject, limits.reject_warning)), *map(str, rates.values())]
        )
        numbers[key] = {
            "bad": len(found.bad), "clean": len(clean), "normal": len(normal), "not_computed": skipped,
            "auc_clean": against_clean, "auc_normal": against_normal, "equal_error": error,
            "reject": limits.reject, "reject_warning": limits.reject_warning, **rates,
        }  # fmt: skip
    return [
        Table(
            "Criteria: how well scores separate",
            ("criterion", "bad", "AUC against clean", "AUC against all genuine", "EER", "bad, not computed"),
            areas,
            f"Bad: severity of at least {BAD} (genuine documents; forgeries for fraud.*). Clean: nothing wrong at all. "
            "All genuine: severity 0 for this criterion, whatever else is wrong. AUC with DeLong's 95 % interval. EER "
            "against clean. The field criteria are pooled: bad by photo and field, the others by photo (highest).",
        ),
        Table(
            "Criteria: errors at the thresholds",
            ("criterion", "reject", "warn", "missed at reject", "clean rejected", "genuine rejected",
             "missed at warn", "clean warned", "genuine warned"),
            errors,
            "Exact (Clopper-Pearson) 95 % intervals. Missed: bad photos below the threshold, of those with a score. "
            "Warned counts everything from the warning threshold up, rejects too.",
        ),
    ], numbers  # fmt: skip


def limits_of(key: str, thresholds: ThresholdTable) -> Thresholds:
    """The thresholds of a key; none of either kind where the table has no such line."""
    return thresholds.by_key.get(key, Thresholds(None, None))


def judge_fraud(pairs: Sequence[Pair], thresholds: ThresholdTable) -> tuple[list[Table], dict[str, Any]]:
    """Errors in the words of ISO/IEC 30107-3: APCER by species, BPCER, and whom the false alarms hit."""
    pairs = [pair for pair in pairs if pair[1].error is None]
    genuine = [(label, scored) for label, scored in pairs if label.attack is None and label.document_type is not None]
    decided = {id(scored): outcomes(scored, thresholds) for _, scored in pairs}

    def alarms(some: Sequence[Pair], codes: Sequence[str], worst: Sequence[Outcome]) -> Rate:
        hit = sum(any(decided[id(scored)].get(code) in worst for code in codes) for _, scored in some)
        return rate_of(hit, len(some))

    reject, warn = (Outcome.REJECT,), (Outcome.REJECT, Outcome.WARN)
    fraud_codes = [key for key in KEYS if key.startswith("fraud.")]
    attacks, numbers = [], {}
    for species in sorted({label.attack for label, _ in pairs if label.attack is not None}):
        some = [pair for pair in pairs if pair[0].attack == species]
        own = f"fraud.{species}"
        # A forgery without a score was not recognised as one.
        scores = np.array([scored.scores.get(own) or 0.0 for _, scored in some])
        normal = np.array([scored.scores.get(own) or 0.0 for _, scored in genuine])
        missed: dict[str, Rate] = {}
        for name, codes, worst in (
            ("own_reject", (own,), reject), ("own_warn", (own,), warn),
            ("any_fraud_reject", fraud_codes, reject), ("any_fraud_warn", fraud_codes, warn),
        ):  # fmt: skip
            caught = alarms(some, codes, worst)
            missed[name] = rate_of(caught.total - caught.count, caught.total)
        at_points = {}
        for point in BPCER_POINTS:
            limit = threshold_for_alarms(normal, int(point * len(normal)))
            caught = flagged(scores, limit)
            at_points[f"apcer_at_bpcer_{point:g}"] = rate_of(caught.total - caught.count, caught.total)
        attacks.append([species, str(len(some)), *map(str, missed.values()), *map(str, at_points.values())])
        numbers[species] = {"n": len(some), **missed, **at_points}
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
            "Forgeries missed (APCER), by species",
            ("species", "n", "own criterion, reject", "own criterion, warn", "any fraud.*, reject", "any fraud.*, warn",
             "at BPCER 1 %", "at BPCER 5 %"),
            attacks,
            "ISO/IEC 30107-3: APCER is the share of attacks taken for genuine. A forgery without a score counts as "
            "missed. The last two columns set the criterion's threshold where 1 % and 5 % of genuine photos reach it.",
        ),
        Table(
            "Genuine documents taken for forgeries (BPCER)",
            ("genuine photos", "n", "fraud.* rejects", "fraud.* warns or rejects", "a copy is suspected"),
            alarm_rows,
            f"Photos with a defect of severity {BAD} and more stand apart: a bad photo must not become an accusation.",
        ),
    ], numbers  # fmt: skip


def judge_floor(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Each model beside the simple measure that it must beat, on the same photos."""
    rows, numbers = [], {}
    by_file = {scored.file: scored for _, scored in pairs}
    for code, (measure, sign) in FLOOR.items():
        found: Group = group(code, pairs)
        files = [[s.file for s in samples if by_file[s.file].measures and s.score is not None]
                 for samples in (found.bad, found.clean)]  # fmt: skip
        model = area(*([by_file[f].scores[code] or 0.0 for f in some] for some in files))
        floor = area(*([by_file[f].measures[code] for f in some] for some in files))
        behind = not math.isnan(model.value) and model.value < floor.value
        name = f"{'-' if sign < 0 else ''}{measure}"
        rows.append([code, f"{len(files[0])} / {len(files[1])}", str(model), str(floor), name,
                     "BELOW ITS MEASURE" if behind else "ok"])  # fmt: skip
        numbers[code] = {"model": model, "floor": floor, "measure": measure}
    return [
        Table(
            "Models beside the simple measures that they must beat",
            ("criterion", "bad / clean", "model's AUC", "measure's AUC", "measure", ""),
            rows,
            "AUC against clean photos. The measure is taken inside the document as the label places it: in its favour.",
        )
    ], numbers


def count_kinds(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """How many photos of each kind the set holds."""
    counts: dict[str, int] = {}
    types: dict[str, int] = {}
    for label, _ in pairs:
        counts[kind_of(label)] = counts.get(kind_of(label), 0) + 1
        types[label.document_type or "none"] = types.get(label.document_type or "none", 0) + 1
    bad = [scored.error for _, scored in pairs if scored.error is not None]
    rows = [[kind, str(count)] for kind, count in sorted(counts.items(), key=lambda item: -item[1])]
    note = "By type: " + ", ".join(f"{name} {count}" for name, count in sorted(types.items())) + "."
    note += f" {len(bad)} could not be inspected: {', '.join(sorted(set(bad)))}." if bad else ""
    return [Table(f"Photos by kind: {len(pairs)}", ("kind", "photos"), rows, note)], {"kinds": counts, "types": types}
