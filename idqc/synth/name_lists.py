"""The first and last names of all of Faker's locales."""

from __future__ import annotations

import importlib
import pkgutil
import unicodedata

from faker.providers import person


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
