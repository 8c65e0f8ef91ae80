"""Photos of a wanted size for the benchmarks: those of a folder, or mock documents made on the spot."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from idqc.folder import find_photos

QUALITY = 90
"""JPEG quality of the photos sent: what phones write."""


def photos_at(paths: Sequence[Path], megapixels: float, count: int) -> list[bytes]:
    """`count` JPEG files of about so many megapixels, made by scaling the photos found; they repeat if there are few.

    With no paths, mock documents are drawn and photographed. A photo scaled up has less detail than a real one of its
    size: decoding it costs as much, its JPEG is smaller.
    """
    with tempfile.TemporaryDirectory() as folder:
        if not paths:
            from idqc.synth.generator import generate

            generate(Path(folder), min(count, 6), None, None, seed=7, mix={"clean": 1.0})
            paths = [Path(folder)]
        pictures = [cv2.imread(str(path)) for path in find_photos(paths)[:count]]
    if not pictures:
        raise SystemExit("No photo found.")
    made = []
    for picture in pictures:
        assert picture is not None
        scale = float(np.sqrt(megapixels * 1e6 / (picture.shape[0] * picture.shape[1])))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        sized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way)
        made.append(cv2.imencode(".jpg", sized, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
    return [made[index % len(made)] for index in range(count)]
