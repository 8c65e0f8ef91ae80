"""The quality model: how badly blur, glare, too little or too much light spoil the document, and where.

It sees the rectified document twice: as a 224 px picture, and as the measures of `idqc.photo.measures`, which keep the
fine detail that the picture has lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.photo.geometry import shrunk
from idqc.photo.measures import MEASURED_WIDTH_PX, NAMES, Measures, measure
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, Tensors, open_session

NAME = "quality"
SIZE_PX = 224
MAP_CELLS = 14
DOCUMENT_WIDTH_PX = MEASURED_WIDTH_PX
"""The width to which a document is rectified for this model."""
MEASURE_COUNT = len(NAMES)
CRITERIA = ("quality.blur", "quality.glare", "quality.dark", "quality.bright")
"""The order of `severity` and of the maps."""
GLARE = CRITERIA.index("quality.glare")

MAP_FINE = 112
"""The coarse map is spread to this many cells a side before regions are drawn and fields are compared with it."""
GLARE_CELL = 0.5
"""A place counts as burnt out from this probability up: where the map's training target is half covered."""
SMALLEST_REGION = 0.002
"""Regions under this share of the document are crumbs of the map's edge."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
NORMALISED = ((np.arange(256, dtype=np.float32) / np.float32(255))[:, None] - MEAN).T / DEVIATION[:, None]
"""What each of 256 levels of red, green and blue becomes: (3, 256). Looking it up costs a third of computing it."""


@dataclass(frozen=True, eq=False)
class QualityReading:
    """What one document's quality is like.

    `severity` has every code of CRITERIA, 0..1. `maps` is (4, 14, 14) float32 0..1 over the rectified document, in the
    order of CRITERIA. `glare_quads` are (4, 2) boxes in shares of the rectified document. `measures` are None when the
    reading was made from tensors alone.
    """

    severity: Mapping[str, float]
    maps: NDArray[np.float32]
    glare_quads: tuple[Points, ...]
    measures: Measures | None = None

    def glare_share(self, quad_shares: Points) -> float:
        """The share of a field, given as (4, 2) corners in shares of the rectified document, that glare hides: 0..1."""
        fine = _fine(self.maps[GLARE])
        mask = np.zeros(fine.shape, np.uint8)
        corners = np.round(np.clip(quad_shares, 0.0, 1.0) * MAP_FINE * 8 - 4).astype(np.int32)
        cv2.fillPoly(mask, [corners], 1, cv2.LINE_8, 3)
        inside = fine[mask > 0]
        return float((inside >= GLARE_CELL).mean()) if inside.size else 0.0


def resized(document_bgr: Image) -> Image:
    """The (224, 224, 3) uint8 BGR picture that the model sees; aspect is not kept."""
    return shrunk(document_bgr, SIZE_PX, SIZE_PX)


def normalise(resized_bgr: Image) -> NDArray[np.float32]:
    """(..., 224, 224, 3) uint8 BGR -> (..., 3, 224, 224) float32 RGB with ImageNet's mean and deviation."""
    return np.stack([table[resized_bgr[..., 2 - plane]] for plane, table in enumerate(NORMALISED)], axis=-3)


def prepare(document_bgr: Image, measures: Measures | None = None) -> dict[str, NDArray[np.float32]]:
    """Makes the model's inputs `image` (1, 3, 224, 224) and `measures` (1, 44).

    Args:
        document_bgr: the rectified document, (h, 1000, 3) uint8 BGR; another width is resampled for the measures.
        measures: of this document, when they have been taken already.
    """
    measures = measures or measure(document_bgr)
    return {"image": normalise(resized(document_bgr))[None], "measures": measures.vector[None]}


def read(outputs: Tensors, measures: Measures | None = None) -> QualityReading:
    """Turns `severity` (1, 4) and `map` (1, 4, 14, 14), both 0..1, into a reading."""
    severity = np.asarray(outputs["severity"], np.float32).ravel()
    maps = np.asarray(outputs["map"], np.float32)[0]
    scores = {code: float(value) for code, value in zip(CRITERIA, severity, strict=True)}
    return QualityReading(scores, maps, _regions(maps[GLARE]), measures)


def _fine(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(plane, (MAP_FINE, MAP_FINE), interpolation=cv2.INTER_LINEAR), np.float32)


def _regions(plane: NDArray[np.float32]) -> tuple[Points, ...]:
    """Boxes around the burnt-out places of a map, the largest first, as (4, 2) shares."""
    burnt = (_fine(plane) >= GLARE_CELL).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(burnt, connectivity=8)
    quads = []
    for x, y, w, h, size in sorted(stats[1:].tolist(), key=lambda row: -row[4]):
        if size >= SMALLEST_REGION * MAP_FINE * MAP_FINE:
            box = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
            quads.append(np.asarray(box / MAP_FINE, np.float32))
    return tuple(quads)


class QualityModel:
    """The quality model over one shared session; safe to call from many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, document_bgr: Image) -> QualityReading:
        """Reads one rectified document (1000 px wide), about 20 ms, most of it for the measures."""
        measures = measure(document_bgr)
        return read(self._session.run(prepare(document_bgr, measures)), measures)


def open_quality(folder: Path, spec: ModelSpec, profile: Profile) -> QualityModel:
    """Opens the quality model of a weights folder. Raises SetupError when the file is not the manifest's."""
    return QualityModel(open_session(folder, spec, profile))
