"""What lines of a document say by their words alone: its title, a nationality, an authority (vocabulary.toml)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

LONG_CAPTION, SAME_CAPTION = 9, 85.0
"""Letters of a caption that may hold misread ones, and per cent of them in common."""
SHORT_WORD = 6
"""Beginnings of fewer letters must be read without a mistake; longer ones may hold one misread letter."""


def plain(text: str) -> str:
    """Small letters without accents, words with one blank between: what differs from card to card is gone."""
    small = text.casefold()
    if not small.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", small) if not unicodedata.combining(c))
        small = unicodedata.normalize("NFC", bare).translate(_UNDECOMPOSED)
    return " ".join(_WORD.findall(small))


_WORD = re.compile(r"[^\W\d_]+")


_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@cache
def _words() -> dict[str, tuple[str, ...]]:
    raw = tomllib.loads((files(__package__) / "vocabulary.toml").read_text(encoding="utf-8"))
    return {topic: tuple(words) for topic, words in raw.items()}


@cache
def _long_words(topic: str, first: str) -> tuple[str, ...]:
    """The words of a topic that may hold a misread letter, of those with a first letter."""
    return tuple(word for word in _words()[topic] if word[0] == first and len(word.strip()) >= SHORT_WORD)


def says(text: str, topic: str) -> bool:
    """Whether a word of the text is one of a topic: `title`, `nationality`, `birth_place` or `issuer`.

    A word counts that begins as a known one does; in longer ones a letter may be misread, but not the first. The states
    of `United States` are no office of one: a state's name of several words says nothing else.
    """
    said = f" {plain(text)} "
    if topic == "nationality" and is_state_code(text):
        return True
    starts = [match.end() for match in re.finditer(r" (?=\S)", said)]
    if topic == "issuer":
        names = [
            range(start + 1, start + len(known))
            for start in starts
            for known in _words()["nationality"]
            if " " in known.strip() and said.startswith(known, start)
        ]
        starts = [start for start in starts if not any(start in name for name in names)]
    return any(_begins(said[start:], topic) for start in starts)


def is_state_code(text: str) -> bool:
    """Whether the text is the code of a state, such as KOR or D."""
    return text.strip().strip(".,") in _words()["codes"]


def is_other_caption(text: str) -> bool:
    """Whether a text is the caption of something that is no field of any type, such as a signature; long ones may hold
    misread letters."""
    parts = [plain(part) for part in re.split(r"[/|]", text)]
    known = _words()["other"]
    return any(
        part in known
        or (len(part) >= LONG_CAPTION and process.extractOne(part, known, scorer=fuzz.ratio, score_cutoff=SAME_CAPTION))
        for part in parts
        if part
    )


def is_particle(said: str) -> bool:
    """Whether names may begin with this word in small letters; it is as `plain` has it."""
    return said in _words()["particles"]


def _begins(said: str, topic: str) -> bool:
    if said.startswith(_words()[topic]):
        return True
    return any(
        Levenshtein.distance(said[: len(known)], known, score_cutoff=1) <= 1 for known in _long_words(topic, said[:1])
    )
