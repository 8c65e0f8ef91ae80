"""Which lines are pieces of others: the detector often finds a long line in two halves, or a caption and the beginning
of its value as one. What the pieces say tells how they belong together, where their boxes touch in one row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from rapidfuzz import fuzz

from idqc.captions import likeness, looks_like_caption, numbered, split_caption
from idqc.documents import DocumentType
from idqc.models.fields import Box
from idqc.vocabulary import plain

IN_A_ROW = 0.6
"""Of the lower line's height, that two pieces of a line share at least."""
TOUCHING = 1.0
"""Pieces are not further apart than this, in heights: so much beside a box is read with it."""
ALIKE = 75.0
"""Per cent of letters in common, from which two pieces say the same."""
LIKE_A_CAPTION = 70.0
SHORTEST_SHARED = 2
LOST_END = 2
"""Letters at the end of a piece that may be misread: its box ends inside of a letter."""
PLACE = 0.3
"""Of a piece's width: so far from where its letters say may another begin, since captions are set smaller."""
SURE = 0.6
"""A piece that was read with less confidence is patterns or dirt."""
DIRTY = 0.75
"""The same of one in which something else stands beside letters."""


class Read(NamedTuple):
    """One line: its box, what it was read as, and how sure of that the reader was, 0..1."""

    box: Box
    text: str
    confidence: float


@dataclass
class Pieces:
    """What is to be done about lines in pieces, by row.

    `dropped` say nothing that others do not; `captions` are what pieces say before a value begins, of which `ragged`
    ones begin with the end of the caption's last word; `joined` are boxes to be read once more instead of a row's.
    """

    dropped: set[int] = field(default_factory=set)
    captions: dict[int, list[str]] = field(default_factory=dict)
    ragged: set[int] = field(default_factory=set)
    joined: dict[int, Box] = field(default_factory=dict)


def pieces(read: Sequence[Read], kind: DocumentType, document_ratio: float) -> Pieces:
    """Finds the pieces among the lines of a document.

    Args:
        document_ratio: width of the document over its height.
    """
    found = Pieces()
    order = sorted(range(len(read)), key=lambda row: read[row].box.left)
    for at, left in enumerate(order):
        for right in order[at + 1 :]:
            if left in found.dropped:
                break
            if right not in found.dropped and _touch(read[left].box, read[right].box, document_ratio):
                _settle(found, left, right, read, kind, document_ratio)
    return found


def _settle(found: Pieces, left: int, right: int, read: Sequence[Read], kind: DocumentType, ratio: float) -> None:
    before, after = read[left], read[right]
    shared = _shared(before, after, ratio)
    if shared is None:
        return
    start = before.text[:shared].strip()
    in_word = shared > 0 and before.text[shared - 1].isalnum()
    if start and _is_start_of_caption(start, in_word, kind):
        found.dropped.add(left)
        if not looks_like_caption(after.text, kind):
            found.captions.setdefault(right, []).append(start)
            last = plain(re.split(r"[/|]", start)[-1])
            if in_word and not any(last in spec.captions for spec in kind.fields.values()):
                found.ragged.add(right)
    elif shared + len(after.text) <= len(before.text) + LOST_END:
        if start and before.confidence < DIRTY < after.confidence:
            found.dropped.add(left)  # a box around several things
        elif not any(map(str.isdigit, start)) or any(map(str.isdigit, after.text)):
            # A letter beside a date is a sex, which belongs to another field.
            found.dropped.add(right if start or before.box.confidence >= after.box.confidence else left)
    elif min(before.confidence, after.confidence) < SURE:
        found.dropped.add(left if before.confidence < after.confidence else right)
    elif not start:
        found.dropped.add(left)
    elif not any(map(str.isdigit, before.text + after.text)):
        # Numbers and dates side by side share digits, and are two.
        found.dropped.add(left)
        found.joined[right] = _union(found.joined.pop(left, before.box), after.box)
        if left in found.captions:
            found.captions[right] = found.captions.pop(left)
        if left in found.ragged:
            found.ragged.add(right)


def _shared(before: Read, after: Read, ratio: float) -> int | None:
    """Where in the left text the right one begins, if it does; a few letters at the left one's end may be misread."""
    wide = (before.box.right - before.box.left) * ratio
    tall = before.box.bottom - before.box.top
    ahead = (after.box.left - before.box.left) * ratio
    for at in range(len(before.text) - SHORTEST_SHARED + 1):
        tail = before.text[at:]
        if tail[0] == " " or abs(at / len(before.text) * wide - ahead) > PLACE * wide + tall:
            continue
        head = after.text[: len(tail)]
        sure = tail[: max(len(tail) - LOST_END, SHORTEST_SHARED)]
        if len(head) >= SHORTEST_SHARED and sure[0] == head[0] and fuzz.ratio(sure, head[: len(sure)]) >= ALIKE:
            return at
    return None


def _is_start_of_caption(text: str, in_word: bool, kind: DocumentType) -> bool:
    """Whether a text is a caption or the end of one, in whole or with letters misread."""
    if numbered(text):
        return True
    if any(map(str.isdigit, text)):
        return False
    if sum(map(str.isalpha, text)) <= 1:
        return not in_word
    if split_caption(f"{text} x", kind)[0]:
        return True
    return any(likeness(text, spec.captions) >= LIKE_A_CAPTION for spec in kind.fields.values())


def _touch(left: Box, right: Box, document_ratio: float) -> bool:
    tall = min(left.bottom - left.top, right.bottom - right.top)
    shared = min(left.bottom, right.bottom) - max(left.top, right.top)
    return shared > IN_A_ROW * tall and (right.left - left.right) * document_ratio < TOUCHING * tall


def _union(box: Box, other: Box) -> Box:
    return replace(
        other,
        left=min(box.left, other.left),
        top=min(box.top, other.top),
        right=max(box.right, other.right),
        bottom=max(box.bottom, other.bottom),
    )
