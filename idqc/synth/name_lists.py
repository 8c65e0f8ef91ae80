"""First and last names: those of all of Faker's locales, and Korean ones as passports spell them."""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata

from faker.providers import person

from idqc.synth.mock.korea import GIVEN_FEMALE, GIVEN_MALE, ROMAN, SURNAMES


def latin_names(lists: str) -> set[str]:
    """Every name in the lists of Faker's person providers whose name begins with `lists` (`first_names`, `last_names`),
    in Latin script."""
    found: set[str] = set()
    for locale in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{locale.name}").Provider
        for name in (name for name in dir(provider) if name.startswith(lists)):
            values = getattr(provider, name)
            if isinstance(values, (list, tuple, dict)):
                found.update(value for value in values if isinstance(value, str) and _is_latin(value))
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
