"""Captions beside the values of a document: where they can stand, what they say, and which field they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from idqc.documents import DocumentType
from idqc.models.fields import Box, Line
from idqc.vocabulary import is_other_caption, plain, says

SURE_CAPTION = 85.0
"""Per cent of letters in common with a known caption, from which a text surely is one."""
LONG_CAPTION, LEAST_START, SHORTEST_CAPTION = 7, 5, 4
"""Letters of a caption that counts as a part of a longer text, of a piece of one, and of one told from a short name."""
FAINT_CAPTION, LEAST_LETTERS = 66.0, 10
"""Per cent of letters in common, from which a text of so many letters may be a caption that was misread."""
LONGEST_NO_WORD = 2
"""Letters of a value that is no name, such as a sex."""
_NUMBER = re.compile(r"[^\w/]*([1-9])(?:\s*([a-dA-D])(?:[.,:)\-\s]|$)|\s*[.,:)\-](?![.,:)\-]))")
"""`4b.`: licences and cards that follow them print numbers for captions; a letter or a point tells them from dirt."""
WIDE = 6.0
"""So much of a caption is read, in heights of its value: enough to tell it, and half of the time of a whole one."""
MOST_WORDS = 4
"""Words of a caption in one language."""
NARROW = 1.6
"""The same of a caption that is a number: a pattern beside it reads like letters."""
ABOVE, NUMBER_ABOVE, BESIDE, BELOW = "above", "number_above", "beside", "below"
WITHIN = "within"
"""Said by a piece of the line itself, which began before the value."""


def places(line: Line, lines: Sequence[Line], document_ratio: float) -> dict[str, Box]:
    """Where the caption of a line can stand, by way of setting them; in document shares.

    Above and below it begins with the line, and of a caption to its left the end is read.

    Args:
        document_ratio: width of the document over its height.
    """
    box = line.box
    tall = box.bottom - box.top
    wide = tall / document_ratio  # as far across as the line is tall
    row = [
        o.box for o in lines if o is not line and min(o.box.bottom, box.bottom) - max(o.box.top, box.top) > 0.4 * tall
    ]
    right = min([o.left - 0.3 * wide for o in row if o.left > box.left] + [box.left + WIDE * wide, 1.0])
    left = max([o.right for o in row if o.right < box.left + wide] + [box.left - (WIDE + 1) * wide, 0.0])
    start = max(box.left - 0.4 * wide, 0.0)
    found = {}
    if not any(_begins_row_above(box, o.box, wide) for o in lines if o is not line):
        found[ABOVE] = Box("caption", 1.0, start, max(box.top - 1.25 * tall, 0.0), right, box.top + 0.1 * tall)
        found[NUMBER_ABOVE] = replace(found[ABOVE], right=min(right, box.left + NARROW * wide))
    if box.left - left > 1.5 * wide:
        found[BESIDE] = Box(
            "caption", 1.0, left, box.top - 0.15 * tall, box.left - 0.1 * wide, min(box.bottom + 0.15 * tall, 1.0)
        )
    found[BELOW] = Box("caption", 1.0, start, box.bottom - 0.1 * tall, right, min(box.bottom + 1.25 * tall, 1.0))
    return found


def _begins_row_above(box: Box, other: Box, wide: float) -> bool:
    """Whether what stands right above a line is the caption to the left of another one."""
    tall = box.bottom - box.top
    near = 0.0 < box.top - other.bottom < 0.6 * tall
    return near and box.left + wide < other.left < box.left + (WIDE + 1) * wide


def neighbour(row: int, lines: Sequence[Line], way: str) -> int | None:
    """The line right above or below a line in its column, if there is one within two lines' heights."""
    box = lines[row].box
    tall, best, nearest = box.bottom - box.top, None, np.inf
    for other, line in enumerate(lines):
        gap = box.top - line.box.bottom if way == ABOVE else line.box.top - box.bottom
        if other != row and -0.3 * tall < gap < min(2.2 * tall, nearest) and abs(line.box.left - box.left) < tall:
            best, nearest = other, gap
    return best


def is_caption(text: str, kind: DocumentType) -> bool:
    """Whether a text is surely the caption of some field of this type, or of something that is no field."""
    said = plain(text)
    if len(said) < SHORTEST_CAPTION:
        return False
    if is_other_caption(text):
        return True
    # A Naomi is no `nomi`: short captions are told from short names by every letter.
    least = SURE_CAPTION if len(said) >= LONG_CAPTION else 100.0
    return any(_whole(text, spec.captions) >= least for spec in kind.fields.values())


def looks_like_caption(text: str, kind: DocumentType) -> float:
    """How much a long text looks like the caption of some field that was misread, 0..1."""
    if sum(map(str.isalpha, text)) < LEAST_LETTERS:
        return 0.0
    best = max((_whole(text, spec.captions) for spec in kind.fields.values()), default=0.0)
    return float(np.clip((best - FAINT_CAPTION) / (SURE_CAPTION - FAINT_CAPTION), 0.0, 1.0))


def numbered(text: str) -> str:
    """The number that a caption begins with, such as 4b; empty where there is none."""
    found = _NUMBER.match(text)
    return found[1] + (found[2] or "").lower() if found else ""


def split_caption(text: str, kind: DocumentType) -> tuple[str, str]:
    """A line's caption and its value, where the line begins with its own caption: `Sexo / Sex F`."""
    words = text.split()
    if says(text, "title") and not any(map(str.isdigit, text)):
        return "", text
    ends = (" ".join(words[-count:]) for count in range(1, min(len(words), MOST_WORDS) + 1))
    if any(_same(end, spec.captions) >= SURE_CAPTION for end in ends for spec in kind.fields.values()):
        return "", text
    for count in range(len(words) - 1, 0, -1):
        start, value = " ".join(words[:count]), " ".join(words[count:])
        letters = len(plain(start))
        # `Ime` is a caption in one language and a name in another: so short a one counts before what is no word.
        if letters < SHORTEST_CAPTION and "/" not in start and sum(map(str.isalpha, value)) > LONGEST_NO_WORD:
            continue
        least = SURE_CAPTION if letters >= LONG_CAPTION else 100.0
        if any(_whole(start, spec.captions) >= least for spec in kind.fields.values()):
            return start, value
    return "", text


def likenesses(texts: Sequence[str], kind: DocumentType, names: Sequence[str]) -> NDArray[np.float64]:
    """(names,) per cent of letters that the best of the texts shares with the captions of each field."""
    return np.array(
        [max((likeness(text, kind.fields[name].captions) for text in texts), default=0.0) for name in names], np.float64
    )


def likeness(text: str, known: Sequence[str]) -> float:
    """Per cent of letters that a text, which may be cut off, shares with the best caption; a number fits or not."""
    if numbered(text) in known:
        return 100.0
    best = _whole(text, known)
    for part in _parts(text):
        if len(part) >= LEAST_START:
            longer = [c for c in known if len(c) > len(part)]
            best = max([best, *(fuzz.ratio(part, end) for c in longer for end in (c[: len(part)], c[-len(part) :]))])
    return best


def _same(text: str, known: Sequence[str]) -> float:
    said = plain(text)
    return max((fuzz.ratio(said, c) for c in known), default=0.0) if len(said) >= SHORTEST_CAPTION else 0.0


def _whole(text: str, known: Sequence[str]) -> float:
    best = 0.0
    for part in _parts(text):
        words = part.split()
        # Two captions in two languages may be read as one: a long one counts when it is some of the words.
        inside = (
            fuzz.ratio(" ".join(words[at : at + count]), c)
            for c in known
            if LONG_CAPTION <= len(c) <= len(part)
            for count in (c.count(" ") + 1,)
            for at in range(len(words) - count + 1)
        )
        best = max([best, *(fuzz.ratio(part, c) for c in known), *inside])
    return best


def _parts(text: str) -> list[str]:
    """What is said in each of the languages that a stroke divides, and in all: a stroke may be the stock's pattern."""
    return [said for piece in (*re.split(r"[/|]", text), text) if (said := plain(piece))]
