"""Whether a name is rather a given name or a surname, from its letters: what a person who does not know the card's
language sees in `Laura Kristiina` and `Laht`.

One weight for each bucket of hashed letter groups (feature hashing, Weinberger et al. 2009), a linear model of the
names of Faker's lists in Latin script (MIT licence), fitted by `idqc.train.given_names`. On names that it never saw it
is right for about four of five words: a hint where no caption and no zone tells, and no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from idqc.vocabulary import plain

FILE = "given_names.bin"
BUCKETS = 16_384
GROUPS = (2, 3, 4)
"""Letters of a group; the word itself is one, too."""
STEP = 1 / 48
"""What one step of a stored weight counts, in natural logarithms of odds."""


def buckets(word: str) -> Iterator[int]:
    """The buckets of a word's groups of letters; the word is as `plain` has it."""
    marked = f"^{word}$"
    for size in GROUPS:
        for at in range(len(marked) - size + 1):
            yield zlib.crc32(marked[at : at + size].encode()) % BUCKETS
    yield zlib.crc32(marked.encode()) % BUCKETS


def given_name_odds(text: str) -> float:
    """The natural logarithm of the odds that a name is a given name and not a surname, the mean of its words; 0 for a
    text without words of two letters."""
    words = [word for word in plain(text).split() if len(word) > 1]
    if not words:
        return 0.0
    weights = _weights()
    return float(np.mean([sum(weights[at] for at in buckets(word)) for word in words]) * STEP)


@cache
def _weights() -> NDArray[np.int64]:
    """(BUCKETS,) steps."""
    return np.frombuffer((files(__package__) / FILE).read_bytes(), np.int8).astype(np.int64)
