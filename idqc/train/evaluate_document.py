"""The part of an evaluation that looks at places: the document and its fields."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from idqc.documents import document_types
from idqc.labels import Label
from idqc.models.fields import OBSTACLE
from idqc.photo.geometry import clip_to_frame, iou
from idqc.train.detection import Detection, Truth, field_truths, judge, mean_average_precision, points
from idqc.train.groups import Pair
from idqc.train.report import Table, number
from idqc.train.scored import Scored
from idqc.train.statistics import rate_of

WELL_PLACED_IOU = 0.95


def overlap(label: Label, scored: Scored) -> float:
    """Intersection over union of the labelled and the found document, both cut at the frame; 0 when none was found."""
    if label.quad is None or scored.quad is None:
        return 0.0
    inside = [clip_to_frame(points(quad), *scored.size_px) for quad in (label.quad, scored.quad)]
    return iou(*inside) if all(len(polygon) >= 3 for polygon in inside) else 0.0


def judge_document(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Whether the document was found, where, and taken for the right type."""
    pairs = [pair for pair in pairs if pair[1].error is None]
    held = [pair for pair in pairs if pair[0].quad is not None]
    accepted = [pair for pair in held if pair[0].document_type is not None]
    rows: list[list[str]] = []
    numbers: dict[str, Any] = {}
    kinds = {
        "all photos that hold a document or card": held,
        "accepted types": accepted,
        "accepted types, clean": [pair for pair in accepted if pair[0].clean],
        "accepted types, genuine": [pair for pair in accepted if pair[0].attack is None],
        "forgeries": [pair for pair in accepted if pair[0].attack is not None],
        "accepted types, partly outside the frame": [
            pair for pair in accepted if pair[0].severity.get("quality.cut_off", 0) > 0
        ],
        "other cards": [pair for pair in held if pair[0].document_type is None],
        **{name: [pair for pair in accepted if pair[0].document_type == name] for name in document_types()},
    }
    for kind, some in kinds.items():
        if not some:
            continue
        overlaps = [overlap(*pair) for pair in some]
        placed = rate_of(sum(value >= WELL_PLACED_IOU for value in overlaps), len(some))
        loose = rate_of(sum(value >= 0.5 for value in overlaps), len(some))
        typed = rate_of(sum(s.document_type == (label.document_type or "unsupported") for label, s in some), len(some))
        rows.append([kind, str(placed), str(loose), number(statistics.median(overlaps), 4), str(typed)])
        numbers[kind] = {"placed": placed, "iou_50": loose, "median_iou": statistics.median(overlaps), "type": typed}
    empty = [scored for label, scored in pairs if label.quad is None]
    if empty:
        seen = rate_of(sum(s.document_type in document_types() for s in empty), len(empty))
        numbers["plain scenes taken for a document"] = seen
        note = f" Plain scenes taken for an accepted document: {seen}."
    else:
        note = ""
    return [
        Table(
            "Document found",
            ("photos", f"IoU >= {WELL_PLACED_IOU}", "IoU >= 0.5", "median IoU", "type right"),
            rows,
            "Quads are cut at the frame before they are compared; a document that was not found counts as IoU 0."
            + note,
        )
    ], numbers


def judge_fields(pairs: Sequence[Pair]) -> tuple[list[Table], dict[str, Any]]:
    """Average precision of the field detector, on the truly placed document and end to end."""
    wanted = [(label, scored) for label, scored in pairs if label.document_type is not None and scored.error is None]

    def photos(some: Sequence[Pair], end_to_end: bool) -> list[tuple[list[Truth], list[Detection]]]:
        return [(field_truths(label), s.detections if end_to_end else s.detections_true_quad) for label, s in some]

    clean = [pair for pair in wanted if pair[0].clean]
    alone, whole = judge(photos(wanted, False)), judge(photos(wanted, True))
    alone_clean, whole_clean = judge(photos(clean, False)), judge(photos(clean, True))
    sets = {"true_quad": alone, "end_to_end": whole, "clean_true_quad": alone_clean, "clean_end_to_end": whole_clean}
    fields = {way: {name: one for name, one in some.items() if name != OBSTACLE} for way, some in sets.items()}
    rows = [
        ["mean of fields (mAP50)", *(number(mean_average_precision(some)) for some in fields.values()), "", ""],
        ["mean with obstacles", *(number(mean_average_precision(some)) for some in sets.values()), "", ""],
    ]
    for name in sorted(alone, key=lambda field: alone[field].average_precision):
        cells = [number(some[name].average_precision) if name in some else "–" for some in sets.values()]
        rows.append([name, *cells, str(alone[name].recall), str(whole[name].recall)])
    numbers = {
        way: {"map50": mean_average_precision(fields[way]), "map50_with_obstacles": mean_average_precision(some),
              "classes": some}
        for way, some in sets.items()
    }  # fmt: skip
    return [
        Table(
            "Fields found: average precision at IoU 0.5",
            ("field", "true quad", "end to end", "clean, true quad", "clean, end to end", "recall, true quad",
             "recall, end to end"),
            rows,
            "Boxes in shares of the document. True quad: the document is laid flat as the label places it; end to end: "
            "as the release does, names read too. An obstacle is no field. Recall counts boxes of confidence 0.5 and "
            "more; end to end that is how sure the name is. Labelled is what a person can see.",
        )
    ], numbers  # fmt: skip
