"""What a release said of one photo, as a line of `scores.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from idqc.train.detection import Detection


@dataclass
class Scored:
    """What the release said of one photo. Boxes are in shares of the truly rectified document: `detections` under the
    names that the inspection gave them, `detections_true_quad` as the detector alone names them.

    `scores` are those of models and rules themselves: no map to chances has been applied, so that they are the same
    under every thresholds file. `rules` holds the scores of rules that speak beside a model, where they do.
    `readings_true_boxes`, for clean photos only, is what the reader alone makes of the fields where the label has them.
    """

    file: str
    made_by: str
    error: str | None = None
    size_px: tuple[int, int] = (0, 0)
    verdict: str = "not_computed"
    document_type: str | None = None
    document_confidence: float | None = None
    quad: list[list[float]] | None = None
    scores: dict[str, float | None] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    readings: dict[str, dict[str, Any]] = field(default_factory=dict)
    readings_true_boxes: dict[str, str] = field(default_factory=dict)
    detections_true_quad: list[Detection] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    measures: dict[str, float] = field(default_factory=dict)
    timings_ms: dict[str, float] = field(default_factory=dict)
    wall_ms: float = 0.0


def to_line(scored: Scored) -> str:
    """One line of `scores.jsonl`, with its end."""
    return json.dumps(asdict(scored), ensure_ascii=False) + "\n"


def read_scores(path: Path) -> Iterator[Scored]:
    """Yields the lines of a `scores.jsonl`; a last line that was cut off by an interruption is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                raw = json.loads(line)
                raw["detections_true_quad"] = [(n, c, tuple(b)) for n, c, b in raw["detections_true_quad"]]
                raw["size_px"] = tuple(raw["size_px"])
                raw["detections"] = [(n, c, tuple(b)) for n, c, b in raw["detections"]]
                yield Scored(**raw)
