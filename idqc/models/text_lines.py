"""Where the text lines of a field's crop lie."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image

LINE_MARGIN = 0.18
"""How much of its own height is left above and below a line."""
MIN_LINE_PX = 7
VALLEY_SHARE = 0.45
"""Two lines are two where the rows between them hold less than this share of the weaker line's strokes."""


LEAST_INK = 0.22
"""Of the darkest column: patterns of the background stay below it."""
WORD_GAP = 0.3
"""Of a line's height: less stands between the letters of a word."""
GOES_ON, BLANK = 0.45, 0.5
"""Ink beside a box is of the line when it is so dark beside the line's own, and no wider blank, in heights, between."""
END_MARGIN = 0.8
"""How much of its height is left beside a line that ends long before its crop does."""


def strokes(crop_bgr: Image) -> NDArray[np.float32]:
    """How much of a stroke each pixel is, (height, width - 1) float32: horizontal grey steps over the median of their
    row, so that tints, shading and regular background patterns count little."""
    grey = cv2.GaussianBlur(cv2.cvtColor(crop_bgr, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 0.8)
    steps = np.abs(np.diff(grey, axis=1))
    return np.maximum(steps - np.float32(1.5) * np.median(steps, axis=1, keepdims=True), 0)


def row_profile(inked: NDArray[np.float32]) -> NDArray[np.float32]:
    """Strokes a row, (height,) float32, a little smoothed."""
    profile = np.asarray(inked.mean(axis=1), np.float32)
    return np.asarray(cv2.GaussianBlur(profile[:, None], (1, 0), sigmaX=0.01, sigmaY=max(len(profile) / 60, 0.7))[:, 0])


def line_bands(profile: NDArray[np.float32], max_lines: int, exactly: bool = False) -> list[tuple[int, int]]:
    """The rows (first, after last) of each line, top to bottom; at least one, at most `max_lines`.

    Tries to cut the inked rows into as many even lines as allowed and takes the largest number whose cuts fall into
    valleys. With `exactly`, there are `max_lines` whatever the valleys are like.
    """
    height = len(profile)
    inked = np.flatnonzero(profile > 0.12 * np.percentile(profile, 95))
    if len(inked) < MIN_LINE_PX:
        return [(0, height)]
    top, bottom = int(inked[0]), int(inked[-1]) + 1
    for count in range(max_lines, 1, -1):
        pitch = (bottom - top) / count
        if pitch < MIN_LINE_PX:
            continue
        cuts = [top]
        for number in range(1, count):
            middle, reach = top + number * pitch, max(0.3 * pitch, 1.0)
            low, high = int(middle - reach), int(middle + reach) + 1
            cuts.append(low + int(profile[low:high].argmin()))
        cuts.append(bottom)
        peaks = [float(profile[a:b].max()) if b > a else 0.0 for a, b in pairwise(cuts)]
        deep = all(profile[cut] < VALLEY_SHARE * min(peaks[n], peaks[n + 1]) for n, cut in enumerate(cuts[1:-1]))
        if deep or exactly:
            return list(pairwise(cuts))
    return [(top, bottom)]


def split_lines(crop_bgr: Image, max_lines: int, exactly: bool = False) -> list[Image]:
    """Cuts a field's crop (upright, any size) into its lines, top to bottom.

    Args:
        max_lines: the most lines that the field can have; with 1 only bare margins are trimmed.
        exactly: it has just so many (the MRZ).
    """
    height, width = crop_bgr.shape[:2]
    if height < 2 * MIN_LINE_PX or width < 4:
        return [crop_bgr]
    inked_px = strokes(crop_bgr)
    profile = row_profile(inked_px)
    lines = []
    for top, bottom in line_bands(profile, max_lines, exactly):
        inked = np.flatnonzero(profile[top:bottom] > 0.12 * profile[top:bottom].max())
        first, last = (top + int(inked[0]), top + int(inked[-1]) + 1) if len(inked) else (top, bottom)
        margin = round(LINE_MARGIN * (last - first)) + 1
        left, right = _ends(inked_px[first:last])
        lines.append(crop_bgr[max(first - margin, 0) : min(last + margin, height), left:right])
    return lines


def _ends(inked_px: NDArray[np.float32]) -> tuple[int, int]:
    """The columns between which a line stands, with END_MARGIN on both sides: bare stock beside it costs time and can
    be taken for letters."""
    height, width = inked_px.shape
    window = max(height | 1, 3)
    density = cv2.blur(inked_px.mean(axis=0)[None], (window, 1), borderType=cv2.BORDER_CONSTANT)[0]
    dense = np.flatnonzero(density > 0.12 * density.max())
    margin = round(END_MARGIN * height)
    if not len(dense):
        return 0, width + 1
    return max(int(dense[0]) - margin, 0), min(int(dense[-1]) + margin, width) + 1


def last_words(crop_bgr: Image, count: int = 1) -> tuple[int, int, int, int]:
    """The ink of the last words of a line, as left, top, right, bottom in pixels of the crop.

    Words are apart where nothing stands for WORD_GAP of the line's height: the words of a small caption before a value
    are closer, and so count as one. A line with fewer words is taken whole.
    """
    across = strokes(crop_bgr)
    profile = row_profile(across)
    top, bottom = line_bands(profile, 1)[0]
    rows = np.flatnonzero(profile[top:bottom] > 0.12 * profile[top:bottom].max(initial=0.0))
    if len(rows):
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
    inked = _darkest(across[top:bottom])
    columns = np.flatnonzero(inked > 0.2 * inked.max(initial=0.0))
    if not len(columns):
        return 0, top, crop_bgr.shape[1], bottom
    # The arms of an F are steps downwards only: where such fill a gap, it is inside of a letter.
    down = strokes(np.asarray(crop_bgr.transpose(1, 0, 2), np.uint8)).T
    bare = _darkest(down[top:bottom]) < LEAST_INK * inked.max()
    gaps = [
        at
        for at in np.flatnonzero(np.diff(columns) > WORD_GAP * (bottom - top))
        if bare[columns[at] + 1 : columns[at + 1]].mean() > 0.5
    ]
    first, last = int(columns[gaps[-count] + 1]) if len(gaps) >= count else int(columns[0]), int(columns[-1]) + 2
    # Beside the words there may be patterns; their own rows are surer.
    own = np.maximum(across[: len(down), first:last].mean(axis=1), down[:, first:last].mean(axis=1))
    rows = np.flatnonzero(own > LEAST_INK * own.max(initial=0.0))
    return (first, int(rows[0]), last, int(rows[-1]) + 2) if len(rows) else (first, top, last, bottom)


def end_of_line(strip_bgr: Image, right: int) -> int:
    """How far a line goes on beyond a box that may cut it: to the first gap between words.

    Args:
        strip_bgr: the rows of the line, from the box's left side on.
        right: the column at which the box ends.

    Returns:
        The column at which the line ends; the box's own where a gap follows it.
    """
    inked = _darkest(strokes(strip_bgr))
    if not len(inked[:right]):
        return right
    dark = inked > GOES_ON * np.percentile(inked[:right], 75)
    gap = max(round(BLANK * strip_bgr.shape[0]), 1)
    last = right
    for at in range(max(right - gap, 0), len(dark)):
        if at - last > gap:
            break
        if dark[at]:
            last = max(at + 1, right)
    return last


def _darkest(inked: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each column the mean of the quarter of its pixels that are most of a stroke."""
    return np.asarray(np.sort(inked, axis=0)[-max(len(inked) // 4, 1) :].mean(axis=0), np.float32)
