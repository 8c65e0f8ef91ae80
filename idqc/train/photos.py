"""Labelled photos for the trainers: which there are, and how one is decoded no larger than a crop needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idqc.inspection import Photo, Points
from idqc.labels import Label, read_labels
from idqc.photo.decode import decode, read_header


@dataclass(frozen=True, eq=False)
class Labelled:
    """A label and the folder that its `file` is relative to."""

    folder: Path
    label: Label

    def photo(self, long_side_px: int | None = None) -> Photo:
        """Decodes the photo so that its long side has at least this many pixels, where the file has them."""
        data = (self.folder / self.label.file).read_bytes()
        return decode(data, read_header(data), long_side_px)

    def photo_for(self, document_width_px: float) -> Photo:
        """Decodes the photo so that the document's longer horizontal edge has at least this many pixels."""
        data = (self.folder / self.label.file).read_bytes()
        header = read_header(data)
        quad = self.quad()
        edge = max(float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[2] - quad[3])), 1.0)
        return decode(data, header, int(np.ceil(max(header.width_px, header.height_px) * document_width_px / edge)))

    def quad(self) -> Points:
        """The document's corners (4, 2) in full-size photo pixels. Only for photos that hold a document."""
        assert self.label.quad is not None
        return np.float32(self.label.quad)


def read_split(data: Sequence[Path], split: str, with_document: bool = False) -> list[Labelled]:
    """All photos of one split of several folders, or only those that hold a document (supported or not)."""
    return [
        Labelled(folder, label)
        for folder in data
        for label in read_labels(folder, (split,))
        if label.quad is not None or not with_document
    ]


def cache_key(data: Sequence[Path], recipe: str) -> str:
    """Names data and recipe for a crop cache: another size of labels.jsonl is another data set."""
    sizes = ",".join(f"{folder.name}:{(folder / 'labels.jsonl').stat().st_size}" for folder in data)
    return f"{recipe};{sizes}"
