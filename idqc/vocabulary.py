"""What lines of a document say by their words alone: its title, a nationality, an authority (vocabulary.toml)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from rapidfuzz.distance import Levenshtein

SHORT_WORD = 6
"""Beginnings of fewer letters must be read without a mistake; longer ones may hold one misread letter."""


def plain(text: str) -> str:
    """Small letters without accents, words with one blank between: what differs from card to card is gone."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    composed = unicodedata.normalize("NFC", bare).translate(_UNDECOMPOSED)
    return " ".join("".join(c if c.isalpha() else " " for c in composed).split())


_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@cache
def _words() -> dict[str, tuple[str, ...]]:
    raw = tomllib.loads((files(__package__) / "vocabulary.toml").read_text(encoding="utf-8"))
    return {topic: tuple(words) for topic, words in raw.items()}


def says(text: str, topic: str) -> bool:
    """Whether a word of the text is one of a topic: `title`, `nationality` or `issuer`.

    A word counts that begins as a known one does, with a misread letter in longer ones. The states of `United States`
    are no office of one: a state's name of several words says nothing else.
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
            if " " in known.strip() and _begins(said[start:], known)
        ]
        starts = [start for start in starts if not any(start in name for name in names)]
    return any(_begins(said[start:], known) for start in starts for known in _words()[topic])


def is_state_code(text: str) -> bool:
    """Whether the text is the code of a state, such as KOR or D."""
    return text.strip().strip(".,") in _words()["codes"]


def is_other_caption(text: str) -> bool:
    """Whether a text is the caption of something that is no field of any type, such as a signature."""
    parts = [plain(part) for part in re.split(r"[/|]", text)]
    return any(part in _words()["other"] for part in parts if part)


def _begins(said: str, known: str) -> bool:
    if said.startswith(known):
        return True
    if len(known.strip()) < SHORT_WORD:
        return False
    return Levenshtein.distance(said[: len(known)], known, score_cutoff=1) <= 1
