"""The first thing a reader of a report should see: where the release is worst, taken from the report's own numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from idqc.train.report import Table, number

NAMED = 3
"""Of each kind."""
SHOWN_CONDITIONS = 20
"""Photos that a condition needs to be named here: fewer are an anecdote. What is bad nobody need be able to read."""


def list_weak_spots(numbers: Mapping[str, Any]) -> list[Table]:
    """One table: the criteria that separate least, miss most and alarm most, the worst forgeries, fields, text, ECE.

    Args:
        numbers: what the judges of `idqc.train.evaluate` found, by part.
    """
    criteria = numbers["criteria"]
    rows: list[list[str]] = []

    def worst(what: str, name: str, highest: bool, text: Any) -> None:
        """Names the worst criteria by one number; `text` makes the cell."""
        found = [key for key, one in criteria.items() if not math.isnan(_value(one.get(name)))]
        found.sort(key=lambda key: _value(criteria[key][name]), reverse=highest)
        rows.extend([what, key, text(criteria[key])] for key in found[:NAMED])

    worst("separates least (AUC against clean)", "auc_clean", False, lambda one: str(one["auc_clean"]))
    worst("bad photos not even warned", "missed_at_warning", True, lambda one: str(one["missed_at_warning"]))
    worst("clean photos warned", "clean_flagged_at_warning", True, lambda one: str(one["clean_flagged_at_warning"]))
    species = numbers["fraud"].get("worst")
    if species is not None:
        rows.append(["worst forgery (APCER at the warning)", species, str(numbers["fraud"][species]["own_warn"])])
    below = [code for code, one in numbers["floor"].items() if one["model"].value < one["floor"].value]
    for code in below:
        model, floor = (number(numbers["floor"][code][name].value, 4) for name in ("model", "floor"))
        rows.append(["below its simple measure (AUC)", code, f"{model}, measure {floor}"])
    classes = numbers["fields"]["end_to_end"]["classes"]
    for name in sorted(classes, key=lambda field: _value(classes[field].recall))[:NAMED]:
        rows.append(["field found least (recall, end to end)", name, str(classes[name].recall)])
    scripts = [
        (one["accuracy"][script], script, condition)
        for condition, one in numbers["conditions"].items()
        if one["photos"] >= SHOWN_CONDITIONS and not condition.endswith(", bad")
        for script in one["accuracy"] if script != "other"
    ]  # fmt: skip
    for share, script, condition in sorted(scripts)[:NAMED]:
        rows.append(["read worst (characters, end to end)", f"{script}, {condition}", f"{100 * share:.1f} %"])
    for code, one in [item for item in numbers["reliability"].items() if item[1].prevalence_differs][:NAMED]:
        rows.append(["least to be read as a chance (ECE)", code, number(one.error)])
    return [Table("Weak spots first", ("what", "where", "how much"), rows)]


def _value(found: Any) -> float:
    return math.nan if found is None else float(found.value)
