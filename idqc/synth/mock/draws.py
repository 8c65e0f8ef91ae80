"""Small draws from a random generator that the mock documents share."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

T = TypeVar("T")

AS_OF = date(2026, 11, 21)
"""The day that mock documents are valid or expired on."""


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def weighted(rng: np.random.Generator, options: Sequence[tuple[T, float]]) -> T:
    """One of the (option, weight) pairs."""
    at = rng.random() * sum(weight for _, weight in options)
    for option, weight in options:
        at -= weight
        if at < 0:
            return option
    return options[-1][0]


def chance(rng: np.random.Generator, share: float) -> bool:
    """True in this share of draws."""
    return bool(rng.random() < share)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A uniform draw."""
    return float(low + (high - low) * rng.random())


def digits(rng: np.random.Generator, count: int) -> str:
    """A string of decimal digits."""
    return "".join(str(d) for d in rng.integers(0, 10, count))


def letters(rng: np.random.Generator, count: int, alphabet: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ") -> str:
    """A string over an alphabet."""
    return "".join(alphabet[i] for i in rng.integers(0, len(alphabet), count))


def day_between(rng: np.random.Generator, first: date, last: date) -> date:
    """A day from `first` to `last`, both included."""
    return first + timedelta(days=int(rng.integers(0, (last - first).days + 1)))


def add_years(day: date, years: int) -> date:
    """The same day some years on; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def of_layout(document_type: str, layout_id: str) -> np.random.Generator:
    """The generator of a layout: the same draws for the same layout, whatever the card on it."""
    digest = hashlib.sha256(f"{document_type}/{layout_id}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
