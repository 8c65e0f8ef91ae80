"""Captions beside the values of a document: where they can stand, what they say, and which field they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from idqc.documents import DocumentType
from idqc.models.fields import Box, Line
from idqc.vocabulary import is_other_caption, is_particle, plain, says

SURE_CAPTION = 85.0
"""Per cent of letters in common with a known caption, from which a text surely is one."""
LONG_CAPTION, LEAST_START, SHORTEST_CAPTION = 7, 5, 4
"""Letters of a caption that counts as a part of a longer text, of a piece of one, and of one told from a short name."""
LIKE_A_SHORT_ONE = 80.0
"""Two of three letters in common are chance."""
OTHER_LANGUAGE = 75.0
"""The same of a caption's translation."""
FAINT_CAPTION, LEAST_LETTERS = 66.0, 10
"""Per cent of letters in common, from which a text of so many letters may be a caption that was misread."""
LONGEST_NO_WORD = 2
"""Letters of a value that is no name, such as a sex."""
_NUMBER = re.compile(r"[^\w/]*([1-9])(?:\s*([a-dA-D])(?:[.,:)\-\s]|$)|\s*[.,:)\-](?![.,:)\-])|(?=[A-Z][a-z]{2}))")
"""`4b.`: licences and cards that follow them print numbers for captions; a letter, a point or a word behind them tells
them from dirt."""
WIDE = 6.0
"""So much of a caption is read, in heights of its value: enough to tell it, and half of the time of a whole one."""
LONGEST_END = 4
"""Letters of the end of a caption that the box of its value may begin with."""
MOST_LANGUAGES = 4
MOST_WORDS, LONGEST_BEGINNING = 4, 7
"""Words of a caption in one language, and more than one with strokes has."""
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
    return _whole(_parts(text), kind.captions) >= least


def looks_like_caption(text: str, kind: DocumentType) -> float:
    """How much a long text looks like the caption of some field that was misread, 0..1."""
    if sum(map(str.isalpha, text)) < LEAST_LETTERS:
        return 0.0
    best = _whole(_parts(text), kind.captions)
    return float(np.clip((best - FAINT_CAPTION) / (SURE_CAPTION - FAINT_CAPTION), 0.0, 1.0))


def numbered(text: str) -> str:
    """The number that a caption begins with, such as 4b; empty where there is none."""
    found = _NUMBER.match(text)
    return found[1] + (found[2] or "").lower() if found else ""


def split_caption(text: str, kind: DocumentType, languages: int = MOST_LANGUAGES) -> tuple[str, str]:
    """A line's caption and its value, where the line begins with its own caption, in one language or more:
    `Sexo / Sex F`."""
    words = text.split()
    if says(text, "title") and not any(map(str.isdigit, text)):
        return "", text
    known = kind.captions
    ends = (" ".join(words[-count:]) for count in range(1, min(len(words), MOST_WORDS) + 1))
    if any(len(end) >= SHORTEST_CAPTION and _closest(end, known) >= SURE_CAPTION for end in map(plain, ends)):
        return "", text
    for count in range(1, min(len(words), LONGEST_BEGINNING)):
        start, value = " ".join(words[:count]), " ".join(words[count:])
        letters = len(plain(start))
        # `Ime` is a caption in one language and a name in another: so short a one counts before what is no word.
        if letters < SHORTEST_CAPTION and "/" not in start and sum(map(str.isalpha, value)) > LONGEST_NO_WORD:
            continue
        if _is_beginning(start, known):
            again, rest = split_caption(value, kind, languages - 1) if languages > 1 else ("", value)
            return (f"{start} {again}", rest) if again else (start, value)
    return "", text


def _is_beginning(text: str, known: Sequence[str]) -> bool:
    """Whether a text is nothing but a caption: surely in one of its languages, and nearly in the others."""
    parts = [said for part in re.split(r"[/|]", text) if (said := plain(part))]
    near = [_closest(part, known) for part in parts]
    sure = (
        score >= (SURE_CAPTION if len(part) >= LONG_CAPTION else 100.0) for part, score in zip(parts, near, strict=True)
    )
    return any(sure) and min(near) >= OTHER_LANGUAGE


def without_end_of_caption(text: str, known: Sequence[str]) -> str:
    """A value in capitals without the small letters before it, where a caption of its field ends in those: the detector
    began the line in the last word of the caption, `e GALLEGO` or `Iity REPUBLIC OF KOREA`."""
    first, _, rest = text.partition(" ")
    said = plain(first)
    small = first.isalpha() and first.removeprefix("I").islower()  # an I is what is left of a letter cut through
    if (
        not small
        or len(said) > LONGEST_END
        or is_particle(said)
        or sum(map(str.isalpha, rest)) < 2
        or rest != rest.upper()
    ):
        return text
    wrong = 0 if len(said) < LONGEST_END else 1
    ends = {caption[-len(said) :] for caption in known if len(caption) > len(said)}
    if said[0] in "il":  # what is left of a letter that was cut through
        ends |= {said[0] + end[1:] for end in ends if len(end) > 1}
    return rest if any(Levenshtein.distance(said, end) <= wrong for end in ends) else text


def likenesses(texts: Sequence[str], kind: DocumentType, names: Sequence[str]) -> NDArray[np.float64]:
    """(names,) per cent of letters that the best of the texts shares with the captions of each field."""
    return np.array(
        [max((likeness(text, kind.fields[name].captions) for text in texts), default=0.0) for name in names], np.float64
    )


def likeness(text: str, known: tuple[str, ...]) -> float:
    """Per cent of letters that a text, which may be cut off, shares with the best caption; a number fits or not."""
    if numbered(text) in known:
        return 100.0
    parts = _parts(text)
    if all(len(part) < SHORTEST_CAPTION for part in parts):
        short = _whole(parts, known)
        return short if short >= LIKE_A_SHORT_ONE else 0.0
    pieces = [_closest(part, _ends(known, len(part))) for part in parts if len(part) >= LEAST_START]
    return max([_whole(parts, known), *pieces])


def _whole(parts: Sequence[str], known: tuple[str, ...]) -> float:
    """Per cent of letters that the best of the parts, or some of its words, shares with the best caption."""
    best = 0.0
    for part in parts:
        best = max(best, _closest(part, known))
        words = part.split()
        # Two captions in two languages may be read as one: a long one counts when it is some of the words.
        for count, long in _long_by_words(known).items():
            for at in range(len(words) - count + 1):
                best = max(best, _closest(" ".join(words[at : at + count]), long))
    return best


def _closest(said: str, known: Sequence[str]) -> float:
    found = process.extractOne(said, known, scorer=fuzz.ratio)
    return found[1] if found else 0.0


@cache
def _ends(known: tuple[str, ...], letters: int) -> tuple[str, ...]:
    """So many letters of longer captions, from the beginning and from the end."""
    return tuple(end for c in known if len(c) > letters for end in (c[:letters], c[-letters:]))


@cache
def _long_by_words(known: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    """The long captions by how many words they have."""
    long = [c for c in known if len(c) >= LONG_CAPTION]
    return {count: tuple(c for c in long if c.count(" ") + 1 == count) for count in {c.count(" ") + 1 for c in long}}


def _parts(text: str) -> list[str]:
    """What is said in each of the languages that a stroke divides, and in all: a stroke may be the stock's pattern."""
    return [said for piece in (*re.split(r"[/|]", text), text) if (said := plain(piece))]
