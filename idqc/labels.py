"""The label format: one photo a line of `labels.jsonl`. Synth writes it; training, evaluation and banks use it.

Quads are in pixels of the full-size photo. A criterion that `severity` does not name has severity 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1
SPLITS = ("train", "calibrate", "test")
DISJOINT_KEYS = ("person", "layout", "font", "texture", "screen", "printer", "camera", "edit")
"""What a split must keep apart; None where the photo has no such thing."""

LabelQuad = list[list[float]]


@dataclass
class LineLabel:
    """One line of text of a field, as printed."""

    quad: LabelQuad
    text: str


@dataclass
class FieldLabel:
    """One field: where it stands, what it says, whether a person can see it. `lines` are its text lines in order."""

    quad: LabelQuad
    text: str
    visible: bool
    lines: list[LineLabel] = field(default_factory=list)
    tampered: bool = False


@dataclass
class Label:
    """Everything known about one photo."""

    file: str
    document_type: str | None
    quad: LabelQuad | None
    fields: dict[str, FieldLabel] = field(default_factory=dict)
    portrait_quad: LabelQuad | None = None
    face_landmarks: LabelQuad | None = None
    obstacles: list[LabelQuad] = field(default_factory=list)
    glare_quads: list[LabelQuad] = field(default_factory=list)
    severity: dict[str, float] = field(default_factory=dict)
    attack: str | None = None
    split: str = "train"
    person: str | None = None
    layout: str | None = None
    font: str | None = None
    texture: str | None = None
    screen: str | None = None
    printer: str | None = None
    camera: str | None = None
    edit: str | None = None
    seed: int | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def clean(self) -> bool:
        """A supported, genuine document with nothing wrong: severity 0 everywhere and no attack."""
        return self.attack is None and self.document_type is not None and not any(self.severity.values())


def to_json(label: Label) -> str:
    """One line of `labels.jsonl`, without the line end."""
    return json.dumps(asdict(label), ensure_ascii=False)


def from_json(line: str) -> Label:
    """Reads one line back. Raises ValueError for another schema version, KeyError or TypeError for a broken line."""
    raw: dict[str, Any] = json.loads(line)
    if raw.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(
            f"labels.jsonl has schema_version {raw.get('schema_version')}; this release reads {SCHEMA_VERSION}"
        )
    raw["fields"] = {
        name: FieldLabel(**{**value, "lines": [LineLabel(**line) for line in value.get("lines", [])]})
        for name, value in raw.get("fields", {}).items()
    }
    return Label(**raw)


def read_labels(folder: Path, splits: Iterable[str] = SPLITS) -> Iterator[Label]:
    """Yields the labels of the named splits of a folder that holds `labels.jsonl`, in the order of the file."""
    wanted = frozenset(splits)
    with (folder / "labels.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            label = from_json(line)
            if label.split in wanted:
                yield label
