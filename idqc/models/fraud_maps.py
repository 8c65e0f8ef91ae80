"""Where on the document an attack shows: the class activation maps of crops, laid where the crops were cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Points
from idqc.photo.geometry import homography, rectangle

Map = NDArray[np.float32]

COPY_MAP_PX = (96, 60)
"""Width and height. What is spread over the card needs no finer map."""
EDIT_MAP_PX = (384, 240)
"""Fine enough that a line of text is six pixels high."""
ROW_PX = 16


def lay(activations: Iterable[Map], quads_xy: Sequence[Points], document_xy: Points, size_px: tuple[int, int]) -> Map:
    """One map over the document, (h, w) of `size_px`: 0..1, NaN where no crop looked; the mean where several did.

    Args:
        activations: a logit for each cell of each crop, (rows, columns).
        quads_xy: where each crop was cut, (4, 2) in the same pixels as the document's corners `document_xy`.
        size_px: width and height of the map.
    """
    to_map = homography(document_xy, rectangle(*size_px))
    total = np.zeros((size_px[1], size_px[0]), np.float32)
    looked = np.zeros_like(total)
    for activation, quad in zip(activations, quads_xy, strict=True):
        rows, columns = activation.shape
        # Cells are spread before they are laid, so that the map fades between their centres as it does on screen.
        fine = (columns * ROW_PX, rows * ROW_PX)
        share = cv2.resize(np.asarray(1 / (1 + np.exp(-activation)), np.float32), fine, interpolation=cv2.INTER_LINEAR)
        matrix = to_map @ homography(rectangle(*fine), quad)
        total += cv2.warpPerspective(share, matrix, size_px, flags=cv2.INTER_AREA)
        looked += cv2.warpPerspective(np.ones_like(share), matrix, size_px, flags=cv2.INTER_AREA)
    return np.where(looked > 0.5, total / np.maximum(looked, 1e-6), np.float32(np.nan)).astype(np.float32)


def in_one_row(activation: Map, rows: int) -> Map:
    """The map of a crop into which a long field was cut as `rows` rows, put back side by side."""
    height, width = activation.shape
    side = ROW_PX * rows * max(height, width)
    fine = cv2.resize(activation, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.concatenate(np.split(fine, rows), axis=1)[::ROW_PX, ::ROW_PX], np.float32)
