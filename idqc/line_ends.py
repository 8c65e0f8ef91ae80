"""Where lines of text really end: the detector's boxes of long lines may stop inside of a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from idqc.inspection import Image
from idqc.models.fields import Box, Line
from idqc.models.text_lines import whole_line

REACH = 10.0
"""So far beside a box a line is followed, in its heights."""
LEAST = 0.3
"""Less than this, in heights, is within the margin with which lines are read."""
ALIGNED, LEAST_ALIGNED, MOST_LEFT = 0.5, 2, 2.5
"""A line that begins further left, by so many heights at most, begins below or above so many others, to within a share
of its height, and did not before: otherwise what stands there is its caption."""
SHORTEST = 2.0
"""Width of a line over its height; a single letter is seen whole, and what stands beside it is something else."""


def to_their_ends(lines: Sequence[Line], document_bgr: Image) -> list[Line]:
    """The lines with boxes that reach to the blank after their last letter, and before their first one."""
    boxes = [line.box for line in lines]
    return [
        replace(line, box=_to_its_ends(line.box, [o for o in boxes if o is not line.box], document_bgr))
        for line in lines
    ]


def _to_its_ends(box: Box, others: Sequence[Box], document_bgr: Image) -> Box:
    height, width = document_bgr.shape[:2]
    tall = (box.bottom - box.top) * height
    top, bottom = int(box.top * height), round(box.bottom * height)
    first, last = int(box.left * width), round(box.right * width)
    row = [o for o in others if min(o.bottom, box.bottom) - max(o.top, box.top) > 0.4 * (box.bottom - box.top)]
    start = max([round(o.right * width) for o in row if o.right <= box.left] + [int(first - REACH * tall), 0])
    stop = min([int(o.left * width) for o in row if o.left >= box.right] + [round(last + REACH * tall), width])
    if bottom - top < 4 or last - first < SHORTEST * tall:
        return box
    left, right = whole_line(document_bgr[top:bottom, start:stop], first - start, last - start)
    left, right = (left + start) / width, (right + start) / width
    unit = tall / width
    column = [o.left for o in others if o not in row]
    aligned, was = (sum(abs(o - at) < ALIGNED * unit for o in column) for at in (left, box.left))
    longer_left = LEAST * unit < box.left - left < MOST_LEFT * unit and aligned >= LEAST_ALIGNED > was
    longer_right = right - box.right > LEAST * unit
    return replace(box, left=left if longer_left else box.left, right=right if longer_right else box.right)
