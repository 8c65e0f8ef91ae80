"""States whose documents are mocked: how they call themselves, their people, their cards, and where names come from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Nation:
    """One state. `locale` names the Faker provider of its personal names, `captions` its language in captions.toml."""

    code: str
    names: tuple[str, ...]
    nationality: tuple[str, ...]
    locale: str
    captions: str
    cities: tuple[str, ...]
    card_titles: tuple[str, ...]
    passport_titles: tuple[str, ...]
    authorities: tuple[str, ...]


@cache
def nations() -> tuple[Nation, ...]:
    """Every state of nations.toml, in the order of the file."""
    raw = tomllib.loads((files(__package__) / "nations.toml").read_text(encoding="utf-8"))
    return tuple(
        Nation(
            code=code,
            names=tuple(entry["names"]),
            nationality=tuple(entry["nationality"]),
            locale=entry["locale"],
            captions=entry["captions"],
            cities=tuple(entry["cities"]),
            card_titles=tuple(entry["card_titles"]),
            passport_titles=tuple(entry["passport_titles"]),
            authorities=tuple(entry["authorities"]),
        )
        for code, entry in raw.items()
    )
