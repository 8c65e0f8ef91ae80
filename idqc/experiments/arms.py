"""Arms of an experiment on the capture screen: two factors, any number of arms, one arm for a customer for good."""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from idqc.errors import SetupError
from idqc.experiments.outcomes import METRICS

MIN_SALT_CHARS = 16
"""Below this the salt could be guessed, and with it which arm a customer is in."""

NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
HASH_BITS = 64


class ActAt(StrEnum):
    """From which outcome on the capture screen asks for another photo."""

    NEVER = "never"
    """No model runs: every photo that can be decoded goes through. The control."""
    WARNING = "reject_warning"
    """At REJECT_WARNING: misses least, asks more often."""
    REJECT = "reject"
    """At REJECT: turns hardly anybody away, misses more."""


@dataclass(frozen=True)
class Policy:
    """What the capture screen does for one customer. `name` is what an Inspection records as its policy."""

    name: str
    act_at: ActAt
    bypass: bool


DEFAULT_POLICY = Policy("default", ActAt.WARNING, True)
"""Without an experiment: ask at REJECT_WARNING and offer the way through."""


@dataclass(frozen=True)
class Arm:
    """One arm. `share` is its weight against the other arms."""

    name: str
    act_at: ActAt
    bypass: bool
    share: int


@dataclass(frozen=True)
class Experiment:
    """One experiment: its arms, what decides it, and how many customers it is planned for."""

    name: str
    salt: str
    arms: tuple[Arm, ...]
    primary: str
    planned_customers: int
    decided_within_h: float

    def arm(self, name: str) -> Arm:
        """The arm of that name. Raises KeyError for none."""
        return {arm.name: arm for arm in self.arms}[name]

    def policy(self, arm: Arm) -> Policy:
        """What the capture screen does in an arm; its name is `experiment:arm`."""
        return Policy(f"{self.name}:{arm.name}", arm.act_at, arm.bypass)

    def assign(self, customer_ref: str) -> Arm:
        """The arm of a customer: the same one every time, and no news about another experiment's.

        The first 64 bits of HMAC-SHA256 under the experiment's salt fall into the arms' shares.
        """
        digest = hmac.new(self.salt.encode(), f"{self.name}\0{customer_ref}".encode(), hashlib.sha256).digest()
        place = int.from_bytes(digest[: HASH_BITS // 8]) * sum(arm.share for arm in self.arms) >> HASH_BITS
        for arm in self.arms:
            place -= arm.share
            if place < 0:
                return arm
        raise AssertionError("the shares add up to their sum")


def read_experiment(path: Path) -> Experiment:
    """Reads an experiment's TOML file.

    Raises:
        SetupError: it cannot be read or is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as missing:
        raise _broken(f"the file cannot be read ({type(missing).__name__})") from missing
    return parse_experiment(text)


def parse_experiment(text: str) -> Experiment:
    """An experiment from TOML text: name, salt, primary, planned_customers, decided_within_h, [arms.NAME].

    Raises:
        SetupError: a key is missing, unknown or has a value that it cannot have.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise _broken(f"it is no TOML ({broken})") from broken
    unknown = sorted(set(raw) - {"name", "salt", "primary", "planned_customers", "decided_within_h", "arms"})
    if unknown:
        raise _broken(f"it has unknown keys: {', '.join(unknown)}")
    name, salt, arms = raw.get("name"), raw.get("salt"), raw.get("arms")
    if not _is_name(name):
        raise _broken("`name` must be 1 to 64 letters, digits, '-', '_' or '.'")
    if not isinstance(salt, str) or len(salt) < MIN_SALT_CHARS:
        raise _broken(f"`salt` must have {MIN_SALT_CHARS} characters or more")
    if not isinstance(arms, dict) or len(arms) < 2:
        raise _broken("it needs two arms or more")
    primary = raw.get("primary", "approved")
    if primary not in METRICS or not METRICS[primary].of_everyone:
        usable = ", ".join(key for key, metric in METRICS.items() if metric.of_everyone)
        raise _broken(f"`primary` must be measured on every customer: one of {usable}")
    planned = raw.get("planned_customers", 20_000)
    if not isinstance(planned, int) or isinstance(planned, bool) or planned < 1000:
        raise _broken("`planned_customers` must be a whole number of at least 1000")
    within = raw.get("decided_within_h", 72)
    if isinstance(within, bool) or not isinstance(within, int | float) or not 0 < within <= 24 * 90:
        raise _broken("`decided_within_h` must be hours above 0 and at most 2160")
    return Experiment(
        str(name), salt, tuple(_arm(key, value) for key, value in arms.items()), primary, planned, float(within)
    )


def _arm(name: str, raw: Any) -> Arm:
    if not _is_name(name) or not isinstance(raw, dict):
        raise _broken("an arm is a table [arms.NAME]")
    unknown = sorted(set(raw) - {"act_at", "bypass", "share"})
    if unknown:
        raise _broken(f"arm {name} has unknown keys: {', '.join(unknown)}")
    if raw.get("act_at") not in list(ActAt):
        raise _broken(f"`act_at` of arm {name} must be one of {', '.join(ActAt)}")
    act_at = ActAt(raw["act_at"])
    bypass, share = raw.get("bypass", act_at is ActAt.NEVER), raw.get("share", 1)
    if not isinstance(bypass, bool) or ("bypass" not in raw and act_at is not ActAt.NEVER):
        raise _broken(f"`bypass` of arm {name} must be true or false")
    if not isinstance(share, int) or isinstance(share, bool) or not 1 <= share <= 10_000:
        raise _broken(f"`share` of arm {name} must be a whole number from 1 to 10000")
    return Arm(name, act_at, bypass, share)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 1 <= len(name) <= 64 and set(name) <= NAME_CHARS


def _broken(what: str) -> SetupError:
    return SetupError(
        f"The experiment cannot be used: {what}.",
        "Correct the file that IDQC_EXPERIMENT names; docs/experiments.md describes it.",
        code="setup.experiment",
    )
