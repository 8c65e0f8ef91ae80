"""Pictures of a case, cut from its masked photo: the document laid flat, and the portrait."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import simplejpeg

from idqc.documents import ID1_MM, document_types
from idqc.photo.decode import decode, read_header
from idqc.photo.geometry import rectify

DOCUMENT_WIDTH_PX = 1000
PORTRAIT_HEIGHT_PX = 480
JPEG_QUALITY = 88


def rectified_document(masked_jpeg: bytes, quad: Sequence[Sequence[float]], document_type: str | None) -> bytes:
    """The document laid flat, a JPEG 1000 px wide; about 60 ms at 12 megapixels.

    Args:
        masked_jpeg: the kept photo, in which every resident number is painted over.
        quad: the document's corners in pixels of that photo.
        document_type: gives the aspect ratio; an unknown one is ID-1.
    """
    kind = document_types().get(document_type or "")
    width_mm, height_mm = kind.size_mm if kind is not None else ID1_MM
    return _cut(masked_jpeg, quad, DOCUMENT_WIDTH_PX, round(DOCUMENT_WIDTH_PX * height_mm / width_mm))


def portrait(masked_jpeg: bytes, quad: Sequence[Sequence[float]]) -> bytes:
    """The portrait, upright, a JPEG 480 px high."""
    corners = np.array(quad, np.float32)
    width = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    height = float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    ratio = min(max(width / max(height, 1.0), 0.3), 3.0)
    return _cut(masked_jpeg, quad, round(PORTRAIT_HEIGHT_PX * ratio), PORTRAIT_HEIGHT_PX)


def _cut(masked_jpeg: bytes, quad: Sequence[Sequence[float]], width_px: int, height_px: int) -> bytes:
    photo = decode(masked_jpeg, read_header(masked_jpeg))
    flat = rectify(photo.bgr, np.array(quad, np.float32) * np.float32(photo.scale), width_px, height_px)
    contiguous = np.ascontiguousarray(np.asarray(flat, np.uint8))
    return bytes(simplejpeg.encode_jpeg(contiguous, quality=JPEG_QUALITY, colorspace="BGR"))
