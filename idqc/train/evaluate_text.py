"""The part of an evaluation that looks at words: how much was read rightly, by script, field and condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from idqc.documents import document_types
from idqc.labels import Label
from idqc.train.groups import BAD, Pair
from idqc.train.reading import SCRIPTS, spelled_like, tally
from idqc.train.report import Table
from idqc.train.scored import Scored
from idqc.train.statistics import rate_of

Triple: TypeAlias = tuple[str, str, str]
"""Field name, what it says, what was read."""

CAPTURE_DEFECTS = (
    "quality.blur", "quality.dark", "quality.bright", "quality.glare", "quality.low_resolution", "quality.tilt",
    "quality.cut_off",
)  # fmt: skip
"""What was wrong when the photo was taken; the worst of them is the photo's condition."""


def readings_of(label: Label, scored: Scored) -> Iterator[Triple]:
    """Every visible field of a photo that has a format to be read by, with what was read end to end."""
    if label.document_type is None or scored.error is not None:
        return
    for name, spec in document_types()[label.document_type].fields.items():
        truth = label.fields.get(name)
        if spec.format is not None and truth is not None and truth.visible and truth.text:
            value = scored.readings.get(name, {}).get("value") or ""
            yield name, spelled_like(spec.format, truth.text, value), value


def _format(label: Label, name: str) -> str | None:
    assert label.document_type is not None
    return document_types()[label.document_type].fields[name].format


def condition_of(label: Label) -> str:
    """In which condition a document was photographed: clean, its worst defect and how bad, a forgery, or another."""
    worst = max(CAPTURE_DEFECTS, key=lambda code: label.severity.get(code, 0.0))
    severity = label.severity.get(worst, 0.0)
    if severity > 0:
        name = worst.removeprefix("quality.").replace("_", " ")
        return f"{name}, {'bad' if severity >= BAD else 'mild'}"
    if label.attack is not None:
        return f"forgery: {label.attack}"
    return "clean" if label.clean else "another defect only"


def judge_conditions(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Characters and whole fields read rightly, end to end, by condition and script; the worst condition first."""
    triples: dict[str, list[Triple]] = defaultdict(list)
    photos: dict[str, int] = defaultdict(int)
    for label, scored in pairs:
        if label.document_type is not None and scored.error is None:
            triples[condition_of(label)] += readings_of(label, scored)
            photos[condition_of(label)] += 1
    counts = {condition: tally(some) for condition, some in triples.items() if some}
    wrong = {name: sum(one.errors.values()) / max(sum(one.characters.values()), 1) for name, one in counts.items()}
    shares = {name: max(1 - share, 0.0) for name, share in wrong.items()}
    rows, exact_rows, numbers = [], [], {}
    for condition in sorted(counts, key=lambda name: shares[name]):
        one, lead = counts[condition], [condition, str(photos[condition])]
        accuracy = {s: max(1 - one.errors[s] / one.characters[s], 0.0) for s in SCRIPTS if one.characters[s]}
        exact = {script: rate_of(one.exact[script], one.fields[script]) for script in SCRIPTS if one.fields[script]}
        rows.append(
            [*lead, f"{100 * shares[condition]:.1f} %",
             *(f"{100 * accuracy[s]:.1f} % of {one.characters[s]}" if s in accuracy else "–" for s in SCRIPTS)]
        )  # fmt: skip
        exact_rows.append([*lead, *(str(exact.get(script, "–")) for script in SCRIPTS if script != "other")])
        numbers[condition] = {"photos": photos[condition], "accuracy": accuracy, "exact": exact}
    return [
        Table(
            "Characters read rightly, end to end, by condition and script, worst first",
            ("condition", "photos", "all", *SCRIPTS),
            rows,
            "Of visible fields; a field that was not read is all wrong. A photo's condition is its worst defect of "
            f"those that come about in front of the camera; bad is a severity of {BAD} or more, where text may be past "
            "reading for anybody. Characters added can make more errors than there are characters; that counts as 0 %.",
        ),
        Table(
            "Fields read without an error, end to end, by condition and script",
            ("condition", "photos", *(script for script in SCRIPTS if script != "other")),
            exact_rows,
            "The same photos in the same order. A field belongs to the script of most of its characters.",
        ),
    ], numbers


def judge_text(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Character accuracy by script and field on clean photos, end to end."""
    everything: list[Triple] = []
    read: list[Triple] = []
    alone: list[Triple] = []
    by_field: dict[str, list[Triple]] = defaultdict(list)
    for label, scored in pairs:
        if not label.clean:
            continue
        for triple in readings_of(label, scored):
            name, _, value = triple
            everything.append(triple)
            by_field[name].append(triple)
            if value:
                read.append(triple)
            value_alone = scored.readings_true_boxes.get(name, "")
            alone.append((name, spelled_like(_format(label, name), label.fields[name].text, value_alone), value_alone))
    counts, counts_read, counts_alone = tally(everything), tally(read), tally(alone)
    rows, numbers = [], {}
    for script in SCRIPTS:
        characters = counts.characters[script]
        if characters == 0:
            continue
        accuracy = 1 - counts.errors[script] / characters
        accuracy_read = 1 - counts_read.errors[script] / max(counts_read.characters[script], 1)
        accuracy_alone = 1 - counts_alone.errors[script] / max(counts_alone.characters[script], 1)
        exact = rate_of(counts.exact[script], counts.fields[script])
        exact_alone = rate_of(counts_alone.exact[script], counts_alone.fields[script])
        shares = (f"{100 * share:.2f} %" for share in (accuracy_alone, accuracy_read, accuracy))
        rows.append([script, str(characters), *shares, str(exact_alone), str(exact)])
        numbers[script] = {
            "characters": characters,
            "accuracy_true_boxes": accuracy_alone,
            "accuracy_of_read": accuracy_read,
            "accuracy": accuracy,
            "exact_true_boxes": exact_alone,
            "exact": exact,
        }
    field_rows = []
    for name, triples in sorted(by_field.items()):
        one = tally(triples)
        accuracy = 1 - sum(one.errors.values()) / max(sum(one.characters.values()), 1)
        exact = rate_of(sum(one.exact.values()), sum(one.fields.values()))
        blank = rate_of(sum(not value for _, _, value in triples), len(triples))
        field_rows.append([name, f"{100 * accuracy:.2f} %", str(exact), str(blank)])
        numbers[f"field {name}"] = {"accuracy": accuracy, "exact": exact, "not_read": blank}
    return [
        Table(
            "Text on clean photos, by script",
            (
                "script",
                "characters",
                "right, reader alone",
                "right, of fields read",
                "right, end to end",
                "exact fields, reader alone",
                "exact fields, end to end",
            ),
            rows,
            "Edit distance (Levenshtein) without spaces, charged to the character's script. Reader alone: document and "
            "fields placed as in the label. End to end a field not read is all wrong; `of fields read` omits it.",
        ),
        Table(
            "Text on clean photos, end to end, by field",
            ("field", "characters right", "fields without an error", "not read at all"),
            field_rows,
        ),
    ], numbers
