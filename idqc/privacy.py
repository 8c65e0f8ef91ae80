"""Masking of values: what may be shown of a text that can hold a resident number. Unsure means masked."""

from __future__ import annotations

import re

from idqc.mrz import LINE_LENGTH, OPTIONAL_DATA

STAR = "*"
_RESIDENT = re.compile(r"(?<!\d)(\d{6})([\s\-–~.]*)(?:\d[\s\-]?){7,}")
_HIDDEN_BACK = "-" + STAR * 7


def starred(text: str) -> str:
    """Every letter and digit replaced; separators and line ends stay, so that the shape can be seen."""
    return re.sub(r"[^\W_]", STAR, text)


def mask_resident_numbers(text: str) -> str:
    """Hides the last seven digits of anything that looks like a resident number, wherever it stands in the text."""
    return _RESIDENT.sub(lambda match: match[1] + _HIDDEN_BACK, text)


def mask_mrz(text: str) -> str:
    """Hides the optional data (in Korean passports before 2021 the resident number's back digits) and the check digits
    over it. Of a zone that is not of its regular length only the names stay."""
    lines = text.splitlines()
    if len(lines) != 2 or any(len(line) != LINE_LENGTH for line in lines) or not lines[0].startswith("P"):
        return "\n".join(re.sub(r"\d", STAR, line) if line.startswith("P<") else starred(line) for line in lines)
    second = "".join(STAR if place in OPTIONAL_DATA and c != "<" else c for place, c in enumerate(lines[1]))
    return f"{lines[0]}\n{second}"


def mask(name: str | None, text: str, sensitive: bool = False) -> str:
    """The form of a field's text that may leave the inspection.

    Args:
        name: the field's format in documents/*.toml.
        sensitive: the field's own mark there: hides everything in it.

    Returns:
        `711231-*******` for a resident number; all stars when a resident number's field is not readable as one.
    """
    if name == "mrz_td3":
        return mask_mrz(text)
    if name == "resident_number":
        digits = re.sub(r"[\s\-–]", "", text)
        return digits[:6] + _HIDDEN_BACK if re.fullmatch(r"\d{13}", digits) else starred(text)
    return starred(text) if sensitive else mask_resident_numbers(text)
