"""Labelled photos for the detectors: decoded no larger than a crop needs, cut once, several folders as one set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from idqc.inspection import Photo, Points
from idqc.labels import Label, read_labels
from idqc.photo.decode import decode, read_header
from idqc.train.crops import Crop, build_crops


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
        return np.array(self.label.quad, np.float32)


@dataclass(frozen=True, eq=False)
class CropSet:
    """Crops of several folders as one: `crops` holds, by name, a read-only uint8 array an item; `targets` in order."""

    crops: Mapping[str, Sequence[np.ndarray]]
    targets: Sequence[Any]

    def __len__(self) -> int:
        return len(self.targets)


def load_crops(
    data: Sequence[Path],
    split: str,
    cache: Path,
    recipe: str,
    cut: Callable[[Labelled], Iterable[Crop]],
    keep: Callable[[Label], bool],
) -> CropSet:
    """Cuts the crops of one split, or opens those that are cut already. Each folder has a cache of its own.

    Args:
        recipe: names what `cut` does; change it when `cut` changes.
        keep: which photos are cut at all.
    """
    crops: dict[str, list[np.ndarray]] = {}
    targets: list[Any] = []
    for folder in data:
        items = [Labelled(folder, label) for label in read_labels(folder, (split,)) if keep(label)]
        key = f"{recipe}; {(folder / 'labels.jsonl').stat().st_size} bytes of labels"
        part = build_crops(cache / f"{folder.name}-{split}", items, cut, 1, key)
        for name, array in part.arrays.items():
            crops.setdefault(name, []).extend(array)
        targets += part.targets
    return CropSet(crops, targets)


def holds_document(label: Label) -> bool:
    """Whether a card or page lies in the photo, accepted or not."""
    return label.quad is not None


def holds_accepted_document(label: Label) -> bool:
    """Whether a document of an accepted type lies in the photo."""
    return label.quad is not None and label.document_type is not None
