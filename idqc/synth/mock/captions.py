"""What stands beside the values: captions of fields in the languages of the mock documents (captions.toml)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

STYLES = ("native", "english", "both", "number", "numbered")


@cache
def _captions() -> dict[str, dict[str, str]]:
    return tomllib.loads((files(__package__) / "captions.toml").read_text(encoding="utf-8"))


def caption(field: str, language: str, style: str) -> str:
    """The caption of a field in one of STYLES: `both` is native / English, `numbered` is number and native."""
    table = _captions()
    native, english, number = table[language][field], table["en"][field], table["number"][field]
    if style == "number":
        return number
    if style == "numbered":
        return f"{number} {native}".strip()
    if style == "english" or native == english:
        return english
    if style == "both":
        return f"{native} / {english}"
    return native
