"""Reading photos for training no larger than a crop needs them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image, Points

REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}


def load_photo(path: Path, quad: Points, least_px: float) -> tuple[Image, Points]:
    """The photo, (h, w, 3) uint8 BGR, at the smallest scale that leaves the quad `least_px` wide, and the quad in it.

    Half of the time of a JPEG's decoding is saved at half size, more at a quarter. Raises FileNotFoundError when the
    file is missing or no picture.
    """
    top_px = float(np.linalg.norm(quad[1] - quad[0]))
    factor = next((number for number in REDUCED if top_px / number >= least_px), 1)
    photo = cv2.imread(str(path), REDUCED.get(factor, cv2.IMREAD_COLOR))
    if photo is None:
        raise FileNotFoundError(f"{path.name} of labels.jsonl is not a picture")
    return np.asarray(photo, np.uint8), np.asarray(quad / np.float32(factor), np.float32)
