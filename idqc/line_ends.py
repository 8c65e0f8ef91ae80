"""Where lines of text really end: the detector's boxes of long lines may stop inside of a word.

They may begin inside of one, too, but what stands to the left of a box is more often its caption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from idqc.inspection import Image
from idqc.models.fields import Box, Line
from idqc.models.text_lines import end_of_line

REACH = 10.0
"""So far beside a box a line is followed, in its heights."""
LEAST = 0.3
"""Less than this, in heights, is within the margin with which lines are read."""
SHORTEST = 2.0
"""Width of a line over its height; a single letter is seen whole, and what stands beside it is something else."""


def to_their_ends(lines: Sequence[Line], document_bgr: Image) -> list[Line]:
    """The lines with boxes, in shares of the document, that reach to the blank after their last letter."""
    boxes = [line.box for line in lines]
    return [
        replace(line, box=_to_its_end(line.box, [o for o in boxes if o is not line.box], document_bgr))
        for line in lines
    ]


def _to_its_end(box: Box, others: Sequence[Box], document_bgr: Image) -> Box:
    height, width = document_bgr.shape[:2]
    tall = (box.bottom - box.top) * height
    top, bottom = max(int(box.top * height), 0), min(round(box.bottom * height), height)
    first, last = max(int(box.left * width), 0), min(round(box.right * width), width)
    if bottom - top < 4 or last - first < SHORTEST * tall:
        return box
    row = [o for o in others if min(o.bottom, box.bottom) - max(o.top, box.top) > 0.4 * (box.bottom - box.top)]
    # A neighbour that reaches into the box leaves no room beside it.
    after = [int(max(o.left, box.right) * width) for o in row if o.right > box.right]
    stop = min([*after, round(last + REACH * tall), width])
    right = (end_of_line(document_bgr[top:bottom, first:stop], last - first) + first) / width
    return replace(box, right=right) if right - box.right > LEAST * tall / width else box
