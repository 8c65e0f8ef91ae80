"""Provinces, cities and districts of Korea (korean_regions.toml), and the offices that issue cards there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Office:
    """An office that issues cards: as printed, and where in it, blanks left out, its district's name stands."""

    printed: str
    district: tuple[int, int]

    @property
    def bare(self) -> str:
        """What is printed without blanks."""
        return self.printed.replace(" ", "")


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "korean_regions.toml").read_text(encoding="utf-8"))


@cache
def provinces() -> Mapping[str, tuple[str, ...]]:
    """Each province with its cities, counties and districts."""
    return MappingProxyType({name: tuple(parts.split()) for name, parts in _raw()["provinces"].items()})


@cache
def districts_of_cities() -> Mapping[str, tuple[str, ...]]:
    """The cities that have districts, with these."""
    return MappingProxyType({name: tuple(parts.split()) for name, parts in _raw()["cities"].items()})


@cache
def licence_classes() -> tuple[str, ...]:
    """What stands after `1종` and `2종`."""
    return tuple(_raw()["licence"]["classes"].split())


@cache
def offices() -> Mapping[str, Office]:
    """Mayors, heads of counties and districts, and heads of police, by what is printed without blanks."""
    found = []
    for province, districts in provinces().items():
        for district in districts:
            title = "수" if district.endswith("군") else "청장" if district.endswith("구") else "장"
            found.append(Office(f"{province} {district}{title}", (len(province), len(province) + len(district))))
    found.append(Office("세종특별자치시장", (0, 0)))
    police = _raw()["police"]
    regions = [*provinces(), *police["regions"].split()]
    found += [Office(f"{region}{title}", (0, 0)) for region in regions for title in police["offices"].split()]
    return MappingProxyType({office.bare: office for office in found})
