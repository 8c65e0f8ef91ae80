"""Whether a word is rather a surname, a given name or a town, from its letters: what a person who does not know the
card's language sees in `Laht`, `Laura Kristiina` and `Tallinn`.

One weight a sort for each bucket of hashed letter groups (feature hashing, Weinberger et al. 2009), a linear model of
the names of Faker's lists in Latin script (MIT licence), fitted by `idqc.train.name_letters`. A hint where no caption
and no zone tells, and no more: of words that it never saw it knows two of three sorts right (67 %, 2026-11-22).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from idqc.vocabulary import plain

FILE = "name_letters.bin"
SORTS = ("surname", "given_names", "birth_place")
BUCKETS = 32_768
GROUPS = (2, 3, 4)
"""Letters of a group; the word itself is one, too."""
STEP = 1 / 32
"""What one step of a stored weight counts, in natural logarithms of odds."""


def buckets(word: str) -> Iterator[int]:
    """The buckets of a word's groups of letters; the word is as `plain` has it."""
    marked = f"^{word}$"
    for size in GROUPS:
        for at in range(len(marked) - size + 1):
            yield zlib.crc32(marked[at : at + size].encode()) % BUCKETS
    yield zlib.crc32(marked.encode()) % BUCKETS


def letters_say(text: str) -> NDArray[np.float64]:
    """(SORTS,) what the letters say for each sort against the others: natural logarithms of odds, the mean of the
    words', which add up to 0; zeros for a text without words of two Latin letters."""
    words = [word for word in plain(text).split() if len(word) > 1 and word.isascii()]
    if not words:
        return np.zeros(len(SORTS))
    weights = _weights()
    said = np.array([weights[:, list(buckets(word))].sum(axis=1) for word in words]).mean(axis=0) * STEP
    return np.asarray(said - said.mean(), np.float64)


@cache
def _weights() -> NDArray[np.int64]:
    """(SORTS, BUCKETS) steps."""
    raw = np.frombuffer((files(__package__) / FILE).read_bytes(), np.int8)
    return raw.reshape(len(SORTS), BUCKETS).astype(np.int64)
