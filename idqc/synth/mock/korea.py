"""Names of Korean places and people that mock values are put together from (korea.toml)."""

from __future__ import annotations

import tomllib
from importlib.resources import files

_TABLE = tomllib.loads((files(__package__) / "korea.toml").read_text(encoding="utf-8"))

SURNAMES: tuple[tuple[str, float], ...] = tuple((name, float(share)) for name, share in _TABLE["surnames"].items())
"""Family names with how many in a hundred people carry them."""
GIVEN_MALE: str = _TABLE["given"]["male"]
GIVEN_FEMALE: str = _TABLE["given"]["female"]
ROMAN: dict[str, str] = _TABLE["roman"]
"""Syllable -> its spelling in passports."""
HANJA: dict[str, str] = _TABLE["hanja"]
"""Syllable -> the characters it may stand for in a name."""
POLICE: tuple[str, ...] = tuple(_TABLE["police"]["offices"])
ROAD_SYLLABLES: str = _TABLE["streets"]["syllables"]
BUILDINGS: tuple[str, ...] = tuple(_TABLE["streets"]["buildings"])
REGIONS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = tuple(
    (region["province"], tuple(region["districts"]), tuple(region["towns"])) for region in _TABLE["regions"]
)
"""Province or city, its districts, names of towns."""
