"""Names of people and towns: those of all of Faker's locales (MIT licence); Korean names as passports spell them."""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata
from functools import cache
from types import ModuleType

from faker.providers import address, person

from idqc.synth.mock.korea import GIVEN_FEMALE, GIVEN_MALE, ROMAN, SURNAMES

_NAMES = ("first_names", "last_names")
_TOWNS = ("cities", "real_city_names", "municipalities", "states", "provinces", "regions", "departments")


def latin_names(lists: str) -> set[str]:
    """Every name in the lists of Faker's person providers whose name begins with `lists` (`first_names`, `last_names`),
    in Latin script."""
    return set().union(*_lists(person, (lists,)).values())


def latin_towns() -> list[list[str]]:
    """Names of towns and regions in the lists of Faker's address providers, in Latin script: one list a sort of one."""
    return [sorted(words) for _, words in sorted(_lists(address, _TOWNS).items()) if words]


@cache
def words_by_locale() -> tuple[tuple[str, ...], ...]:
    """Names of people and of towns and regions in Latin script: for each locale a tuple of each sort."""
    people = [sorted(words) for _, words in sorted(_lists(person, _NAMES).items()) if words]
    return tuple(map(tuple, [*latin_towns(), *people]))


def _lists(providers: ModuleType, starts: tuple[str, ...]) -> dict[str, set[str]]:
    """By locale and sort of list, what stands in lists whose names begin so."""
    found: dict[str, set[str]] = {}
    for locale in pkgutil.iter_modules(providers.__path__):
        provider = importlib.import_module(f"{providers.__name__}.{locale.name}").Provider
        for name in dir(provider):
            start = next((start for start in starts if name.startswith(start)), None)
            values = getattr(provider, name)
            if start is not None and isinstance(values, (list, tuple, dict)):
                words = found.setdefault(f"{providers.__name__}.{locale.name}.{start}", set())
                words.update(value for value in values if isinstance(value, str) and _is_latin(value))
    return found


def _is_latin(name: str) -> bool:
    letters = [c for c in name if c.isalpha()]
    return bool(letters) and all(unicodedata.name(c, "").startswith("LATIN") for c in letters)


def korean_surnames() -> set[str]:
    """Korean family names in the spelling of passports."""
    return {ROMAN[name] for name, _ in SURNAMES if name in ROMAN}


def korean_given_names() -> set[str]:
    """Every pair of syllables of the given names of one sex, in the spelling of passports."""
    return {
        ROMAN[first] + ROMAN[second]
        for pool in (GIVEN_MALE, GIVEN_FEMALE)
        for first in pool
        for second in pool
        if first != second and first in ROMAN and second in ROMAN
    }
