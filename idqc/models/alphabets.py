"""Which characters each field format may hold, and how a reading is kept within them."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_HANGUL = range(0xAC00, 0xD7A4)
_TWINS = ("0OQD", "1IL|", "2Z", "5S", "8B", "6G", "<«(", "-–—~")
"""Characters that print nearly alike; a lower-case letter counts as its capital."""
_DATE = string.digits + string.ascii_letters + " .,-/~" + "년월일부터까지" + "ÉÛÄÇé"
_PUNCTUATED: dict[str, str] = {
    "korean_name": " ()",
    "resident_number": string.digits + "- *",
    "kr_license_number": string.digits + "- ",
    "date": _DATE,
    "date_period": _DATE,
    "alphanumeric": string.ascii_uppercase + string.digits + "- /.",
    "sex": string.ascii_uppercase + string.ascii_lowercase + "남여녀자성 /()",
    "mrz_td3": string.ascii_uppercase + string.digits + "<",
}
_WITH_HANGUL = ("korean_name", "kr_license_number")


@dataclass(frozen=True, eq=False)
class Alphabet:
    """The classes that a format leaves. `kept` are class numbers (0, the blank, first); `folded` are pairs of columns
    (twin inside, class outside): what the network gave to the outside class counts for its twin."""

    kept: NDArray[np.intp]
    folded: NDArray[np.intp]

    def narrow(self, probability: NDArray[np.float32]) -> NDArray[np.float32]:
        """(steps, classes) to (steps, kept), not written to. The rows are not scaled back to 1: doubt stays visible."""
        if len(self.kept) == probability.shape[1]:
            return probability
        narrowed: NDArray[np.float32] = probability[:, self.kept]
        for inside, outside in self.folded:
            narrowed[:, inside] += probability[:, outside]
        return narrowed


def _allowed(character: str, kind: str | None) -> bool:
    if kind == "latin_name":
        return (character.isalpha() and ord(character) not in _HANGUL) or character in " '-.,"
    if kind not in _PUNCTUATED:
        return True
    return character in _PUNCTUATED[kind] or (kind in _WITH_HANGUL and ord(character) in _HANGUL)


@lru_cache(maxsize=64)
def alphabet(charset: str, kind: str | None) -> Alphabet:
    """The alphabet of a format (`documents/*.toml`) over a recogniser's characters; other formats keep all of them."""
    inside = [place + 1 for place, character in enumerate(charset) if _allowed(character, kind)]
    column = {charset[place - 1]: number + 1 for number, place in enumerate(inside)}
    folded = []
    for place, character in enumerate(charset):
        if character in column or kind is None:
            continue
        capital = character.upper()
        row = next((row for row in _TWINS if capital in row), "")
        candidates = [c for c in (capital, character.lower(), *row) if c != character]
        twin = next((c for c in candidates if c in column), None)
        if twin is not None:
            folded.append((column[twin], place + 1))
    return Alphabet(np.array([0, *inside], np.intp), np.array(folded, np.intp).reshape(-1, 2))
