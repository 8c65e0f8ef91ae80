"""The text recogniser: one line of a document in, its characters and how sure it is of each out.

One network for Hangul, Latin, digits and MRZ (PP-OCRv6's trunk with a head of our own characters). `TextReader` splits
a field into lines and reads each with one run; a format narrows the characters that can come out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image

INPUT = "line"
OUTPUT = "probability"
CHARSET_KEY = "charset"
"""The key of the ONNX metadata that holds the characters of classes 1, 2, …; class 0 is the CTC blank."""
LINE_HEIGHT_PX = 48
STEP_PX = 8
"""Pixels of width for one time step of the output."""
MIN_WIDTH_PX = 32
MAX_WIDTH_PX = 1280


def line_width_px(height: int, width: int, characters: int = 0) -> int:
    """The width at which a line of this size is read: its own at height 48, but never so narrow that `characters` have
    less than two time steps each (CTC needs a step between two equal characters)."""
    natural = round(width * LINE_HEIGHT_PX / max(height, 1))
    return int(np.clip(max(natural, 2 * STEP_PX * characters), MIN_WIDTH_PX, MAX_WIDTH_PX))


def prepare(line_bgr: Image, characters: int = 0) -> NDArray[np.float32]:
    """Makes a line crop of any size the network's input: (1, 3, 48, width) float32, BGR, -1..1.

    Args:
        line_bgr: one line with a little margin.
        characters: how many it is known to hold (44 for a passport's MRZ line), or 0.
    """
    height, width = line_bgr.shape[:2]
    size = (line_width_px(height, width, characters), LINE_HEIGHT_PX)
    way = cv2.INTER_AREA if height > LINE_HEIGHT_PX else cv2.INTER_LINEAR
    return normalised(cv2.resize(line_bgr, size, interpolation=way)[None])


def normalised(lines_bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 48, width, 3) uint8 BGR to (n, 3, 48, width) float32 in -1..1, the scale that the trunk was trained with."""
    return np.ascontiguousarray(lines_bgr.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)
