"""How well text was read: characters by script, and fields read without a single error."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from idqc.formats import check_format

SCRIPTS = ("Hangul", "Latin", "digits", "other", "MRZ")
"""`other` is punctuation. The characters of a machine-readable zone count as MRZ whatever they are."""
MRZ_FIELD = "mrz"


@dataclass
class ReadingTally:
    """Counts over many fields, by script; a field belongs to the script of most of its characters."""

    characters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCRIPTS, 0))
    errors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCRIPTS, 0))
    fields: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCRIPTS, 0))
    exact: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCRIPTS, 0))

    def add(self, name: str, truth: str, read: str) -> int:
        """Counts one field and returns its edit distance. Spaces and line ends do not count."""
        truth, read = squeeze(truth), squeeze(read)
        if not truth:
            return 0
        scripts = [MRZ_FIELD.upper() if name == MRZ_FIELD else script_of(character) for character in truth]
        for script in scripts:
            self.characters[script] += 1
        edits = Levenshtein.editops(truth, read)
        for edit in edits:
            # An inserted character is charged to the script in which it was inserted.
            self.errors[scripts[min(edit.src_pos, len(scripts) - 1)]] += 1
        main = max(dict.fromkeys(scripts), key=scripts.count)
        self.fields[main] += 1
        self.exact[main] += not len(edits)
        return len(edits)


def spelled_like(format_name: str | None, truth: str, read: str) -> str:
    """The truth as printed, or in its format's own spelling (a date as 2026-11-21), whichever is nearer to the reading.

    A reading that its format accepts comes in that spelling, one that it does not accept comes as it was read.
    """
    if format_name is None or not read:
        return truth
    spellings = (truth, check_format(format_name, truth).value)
    return min(spellings, key=lambda text: Levenshtein.distance(squeeze(text), squeeze(read)))


def squeeze(text: str) -> str:
    """The text composed (NFC), without white space."""
    return "".join(unicodedata.normalize("NFC", text).split())


def script_of(character: str) -> str:
    """The script of one character, as in SCRIPTS."""
    if "가" <= character <= "힣" or "ㄱ" <= character <= "ㆎ":
        return "Hangul"
    if character.isdigit():
        return "digits"
    return "Latin" if character.isalpha() else "other"


def tally(pairs: Iterable[tuple[str, str, str]]) -> ReadingTally:
    """Counts (field name, truth, reading) triples."""
    counts = ReadingTally()
    for name, truth, read in pairs:
        counts.add(name, truth, read)
    return counts
