"""The part of an evaluation that looks at scores: every criterion against its labels, and simple measures beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from idqc.decision import ThresholdTable
from idqc.inspection import Thresholds
from idqc.photo.measures import FLOOR
from idqc.train.groups import BAD, KEYS, Group, Pair, Sample, group, kind_of, values
from idqc.train.report import Table, number
from idqc.train.resampling import DRAWS, Resampling
from idqc.train.statistics import area, equal_error, flagged, rate_of

FEWEST_LAYOUTS = 20
"""Of a type: with fewer, draws of layouts say little of other layouts."""
BY_GROUPS = (
    f"the wider of two 95 % intervals from {DRAWS} draws of whole layouts and of whole persons (`–` where every draw "
    "gives the same)."
)


def judge_criteria(
    pairs: Sequence[Pair], thresholds: ThresholdTable, resampling: Resampling
) -> tuple[list[Table], dict[str, Any]]:
    """Area under the ROC curve, equal error rate, and errors at both thresholds, of every threshold key."""
    numbers: dict[str, Any] = {}
    for key in KEYS:
        found, limits = group(key, pairs), limits_of(key, thresholds)
        bad, clean, normal = values(found.bad), values(found.clean), values(found.normal)
        files = {name: files_of(some) for name, some in vars(found).items() if name in ("bad", "clean", "normal")}
        error, _ = equal_error(bad, clean)
        rates: dict[str, Any] = {}
        for name, limit in (("reject", limits.reject), ("warning", limits.reject_warning)):
            caught = flagged(bad, limit)
            rates[f"missed_at_{name}"] = rate_of(caught.total - caught.count, caught.total)
            rates[f"clean_flagged_at_{name}"] = flagged(clean, limit)
            rates[f"normal_flagged_at_{name}"] = flagged(normal, limit)
            if limit is not None:
                rates |= {
                    f"missed_at_{name}_by_groups": resampling.of_share(files["bad"], bad < limit),
                    f"clean_flagged_at_{name}_by_groups": resampling.of_share(files["clean"], clean >= limit),
                    f"normal_flagged_at_{name}_by_groups": resampling.of_share(files["normal"], normal >= limit),
                }
        numbers[key] = {
            "bad": len(found.bad), "clean": len(clean), "normal": len(normal),
            "not_computed": rate_of(len(found.bad) - len(bad), len(found.bad)),
            "auc_clean": area(bad, clean), "auc_normal": area(bad, normal),
            "auc_clean_by_groups": resampling.of_area(bad, files["bad"], clean, files["clean"]),
            "auc_normal_by_groups": resampling.of_area(bad, files["bad"], normal, files["normal"]),
            "equal_error": error, "reject": limits.reject, "reject_warning": limits.reject_warning, **rates,
        }  # fmt: skip
    return [
        _areas(numbers),
        _errors(numbers, "Errors at REJECT", "reject", "reject"),
        _errors(numbers, "Errors at REJECT_WARNING", "reject_warning", "warning"),
    ], numbers


def files_of(samples: Sequence[Sample]) -> list[str]:
    """The photos of the samples that have a score, in the order of `values`."""
    return [sample.file for sample in samples if sample.score is not None]


def _areas(numbers: Mapping[str, Any]) -> Table:
    def weakness(key: str) -> float:
        value = numbers[key]["auc_clean"].value
        return 2.0 if math.isnan(value) else float(value)

    rows = []
    for key in sorted(numbers, key=weakness):
        one, error = numbers[key], numbers[key]["equal_error"]
        rows.append(
            [key, str(one["bad"]), str(one["auc_clean"]), one["auc_clean_by_groups"].plain(), str(one["auc_normal"]),
             one["auc_normal_by_groups"].plain(), "–" if math.isnan(error) else f"{100 * error:.2f} %",
             str(one["not_computed"])]
        )  # fmt: skip
    return Table(
        "Criteria: how well scores separate, weakest first",
        ("criterion", "bad", "AUC against clean", "by layouts, persons", "AUC against all genuine",
         "by layouts, persons", "EER", "bad, not computed"),
        rows,
        f"Bad: severity of at least {BAD} (genuine documents; forgeries for fraud.*). Clean: nothing wrong at all. "
        "All genuine: severity 0 for this criterion, whatever else is wrong. In brackets DeLong's 95 % interval, which "
        f"takes photos for independent; then {BY_GROUPS} EER against clean. The field criteria are pooled: bad by "
        "photo and field, the others by photo (highest).",
    )  # fmt: skip


def _errors(numbers: Mapping[str, Any], title: str, limit: str, name: str) -> Table:
    """The errors at one threshold, the criterion that misses most first."""
    names = [f"{what}_at_{name}" for what in ("missed", "clean_flagged", "normal_flagged")]
    with_limit = [key for key in numbers if numbers[key][limit] is not None]
    rows = []
    for key in sorted(with_limit, key=lambda key: -np.nan_to_num(numbers[key][names[0]].value, nan=-1.0)):
        cells = [str(numbers[key][f"{rate}{way}"]) for rate in names for way in ("", "_by_groups")]
        rows.append([key, number(numbers[key][limit]), *cells])
    none = [key for key in numbers if numbers[key][limit] is None]
    return Table(
        title,
        ("criterion", "threshold", "bad missed", "by layouts, persons", "clean flagged", "by layouts, persons",
         "genuine flagged", "by layouts, persons"),
        rows,
        f"In brackets exact (Clopper-Pearson) 95 % intervals, which take photos for independent; then {BY_GROUPS} "
        "Missed: bad photos below the threshold, of those with a score. Flagged: at or above it."
        + (f" Without this threshold: {', '.join(none)}." if none else ""),
    )  # fmt: skip


def limits_of(key: str, thresholds: ThresholdTable) -> Thresholds:
    """The thresholds of a key; none of either kind where the table has no such line."""
    return thresholds.by_key.get(key, Thresholds(None, None))


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


def count_groups(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """What photos share: layouts and persons by document type, and whether there are enough of them."""
    rows, numbers, few = [], {}, []
    for name in sorted({label.document_type for label, _ in pairs if label.document_type is not None}):
        some = [label for label, _ in pairs if label.document_type == name]
        layouts = {label.layout for label in some if label.layout is not None}
        persons = {label.person for label in some if label.person is not None}
        without = [sum(label.layout is None for label in some), sum(label.person is None for label in some)]
        rows.append([name, str(len(some)), str(len(layouts)), str(len(persons)), *map(str, without)])
        numbers[name] = {
            "photos": len(some), "layouts": len(layouts), "persons": len(persons),
            "without_layout": without[0], "without_person": without[1],
        }  # fmt: skip
        few += [f"{name} {len(layouts)}"] if len(layouts) < FEWEST_LAYOUTS else []
    note = f"Intervals `by layouts, persons` are {BY_GROUPS} "
    if not any(one["layouts"] or one["persons"] for one in numbers.values()):
        note += "These labels name neither: every photo stands for itself, and photos of one document look independent."
    else:
        note += "A photo without one of them stands for itself."
        note += f" Fewer than {FEWEST_LAYOUTS} layouts: {', '.join(few)}." if few else ""
    return [
        Table(
            "Layouts and persons",
            ("type", "photos", "layouts", "persons", "photos without a layout", "photos without a person"),
            rows,
            note,
        )
    ], numbers
