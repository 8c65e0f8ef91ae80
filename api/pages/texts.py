"""The texts of the pages in Korean and English, and which of the two somebody reads."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from starlette.requests import Request

LANGUAGES = ("ko", "en")
NAMES = {"ko": "한국어", "en": "English"}
COOKIE = "idqc_language"
TEMPLATES = Path(__file__).parents[1] / "templates"


class Texts:
    """The texts of one page in one language: `texts("queue.title", n=3)`."""

    def __init__(self, folder: str, language: str) -> None:
        self.language = language
        self._sentences = _read(folder)

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of a key with its {names} filled in. Raises KeyError for a key that is not in texts.toml."""
        sentence = self._sentences[key][self.language]
        return sentence.format(**values) if values else sentence

    def has(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self._sentences


@cache
def _read(folder: str) -> dict[str, dict[str, str]]:
    raw = tomllib.loads((TEMPLATES / folder / "texts.toml").read_text(encoding="utf-8"))
    return {f"{group}.{name}": said for group, lines in raw.items() for name, said in lines.items()}


def language_of(request: Request) -> str:
    """`?lang=`, else the cookie that remembers it, else the first of the browser's languages that there is."""
    asked = [request.query_params.get("lang", ""), request.cookies.get(COOKIE, "")]
    asked += [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return next((language for language in asked if language in LANGUAGES), LANGUAGES[0])
