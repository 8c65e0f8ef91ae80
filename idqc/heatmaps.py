"""Heat maps: where on the document a criterion shows, as transparent pictures to lay over the photo.

Those of a kept photo are made when a reviewer asks for one, from the masked photo, so that no map needs what was
painted over; the paint itself is left out of them, since a model may well take it for a defect. An inspection brings
its own when it is asked to explain itself.

A map shows where, on the scale of its model, and is no chance: chances are of whole photos, and an edit that shows in
one place would hardly be seen in colours of its chance.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.documents import DocumentType, document_types
from idqc.inspection import Photo, Points, Quad
from idqc.models.fraud import COPIES, SPECIES
from idqc.models.quality import CRITERIA
from idqc.photo.decode import decode, read_header
from idqc.photo.geometry import homography, rectangle
from idqc.stages import Stages, lay_flat, worth_forging

LONG_SIDE_PX = 800
"""A map has 14 to 96 cells a side: more pixels would only look finer than it is."""
STRONGEST_ALPHA = 200
NOTHING = np.zeros((2, 2), np.float32)
"""The map where nothing could be looked at."""
FRAUD = tuple(f"fraud.{name}" for name in SPECIES)
MAPPED = frozenset({*CRITERIA, *FRAUD})
"""The criteria that have a map."""


def draw_heatmap(
    stages: Stages, masked_jpeg: bytes, criterion: str, quad: Quad, document_type: str | None, painted: Sequence[Quad]
) -> bytes:
    """One criterion's map over the whole photo; about 0.2 s of CPU, most of it decoding.

    Args:
        stages: the opened models.
        masked_jpeg: the kept photo.
        criterion: one of MAPPED.
        quad: the document, in pixels of that photo.
        document_type: as the inspection found it.
        painted: what was painted over, in pixels of that photo.

    Returns:
        A PNG with transparency, of the photo's shape, its longer side 800 px.
    """
    photo = decode(masked_jpeg, read_header(masked_jpeg))
    corners = np.array(quad, np.float32)
    plane = map_of(stages, photo, criterion, corners, document_types().get(document_type or ""))
    return paint(plane, corners, (photo.width_px, photo.height_px), painted)


def map_of(
    stages: Stages, photo: Photo, criterion: str, quad_xy_px: Points, kind: DocumentType | None
) -> NDArray[np.float32]:
    """One criterion's map over the document, (h, w) 0..1, NaN where nothing looked; arguments as of `draw_heatmap`."""
    species = criterion.removeprefix("fraud.")
    if species in COPIES:
        return stages.fraud_model.run(photo, quad_xy_px, with_maps=True).maps[species]
    flat = lay_flat(photo, quad_xy_px, kind)
    if criterion in FRAUD:
        # The names of lines that look alike may be wrong before they are read; where they stand is right.
        boxes = stages.fields_model.run(flat, kind.fields if kind else ())
        places = worth_forging(kind, boxes, quad_xy_px) if kind else (None, {})
        return stages.fraud_model.run(photo, quad_xy_px, *places, with_maps=True).maps.get(species, NOTHING)
    return np.asarray(stages.quality_model.run(flat).maps[CRITERIA.index(criterion)], np.float32)


def paint(
    plane: NDArray[np.float32], quad_xy_px: Points, size_px: tuple[int, int], painted: Sequence[Quad] = ()
) -> bytes:
    """Lays a map of the document, (h, w) 0..1 or NaN, over the whole photo of `size_px`: a PNG as of `draw_heatmap`."""
    ratio = LONG_SIDE_PX / max(size_px)
    size = round(size_px[0] * ratio), round(size_px[1] * ratio)
    share = _onto_photo(np.nan_to_num(plane, nan=0.0), quad_xy_px * np.float32(ratio), size)
    for hidden in painted:
        cv2.fillPoly(share, [np.round(np.array(hidden, np.float32) * ratio).astype(np.int32)], 0.0)
    return _coloured(share)


def as_data_urls(
    planes: Mapping[str, NDArray[np.float32]], quad_xy_px: Points, size_px: tuple[int, int]
) -> dict[str, str]:
    """`paint` for each criterion, as `data:image/png;base64,…`."""
    return {
        criterion: "data:image/png;base64," + base64.b64encode(paint(plane, quad_xy_px, size_px)).decode()
        for criterion, plane in planes.items()
    }


def _onto_photo(plane: NDArray[np.float32], quad_xy_px: Points, size_px: tuple[int, int]) -> NDArray[np.float32]:
    height, width = plane.shape
    matrix = homography(rectangle(float(width), float(height)), quad_xy_px)
    laid = cv2.warpPerspective(np.asarray(plane, np.float32), matrix, size_px, flags=cv2.INTER_LINEAR)
    return np.asarray(np.clip(laid, 0.0, 1.0), np.float32)


def _coloured(share: NDArray[np.float32]) -> bytes:
    colours = cv2.applyColorMap(np.round(share * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    alpha = np.round(share * STRONGEST_ALPHA).astype(np.uint8)
    _, encoded = cv2.imencode(".png", np.dstack([colours, alpha]))
    return encoded.tobytes()
