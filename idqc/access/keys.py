"""API keys: what one looks like, what of it is kept, and what it may do."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idqc.errors import RequestError
from idqc.inspection import Audience

PREFIX = "idqc"
ID_BYTES = 6
SECRET_BYTES = 32
"""256 bits of randomness: nobody guesses one, so a fast hash keeps it as well as a slow one would a password."""

_FORM = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * ID_BYTES}}})_([A-Za-z0-9_-]{{43}})")
NAME = re.compile(r"[\w .-]{1,64}")


class Scope(StrEnum):
    """What a key may be used for."""

    INSPECT = "inspect"
    SUBMIT = "submit"
    REVIEW = "review"
    ADMIN = "admin"


@dataclass(frozen=True)
class IssuedKey:
    """A key as it is shown once. `secret_hash` is all that is kept of its secret half."""

    key_id: str
    text: str
    secret_hash: str


def issue() -> IssuedKey:
    """Draws a new key from the system's randomness."""
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    return IssuedKey(key_id, f"{PREFIX}_{key_id}_{secret}", digest(secret))


def digest(secret: str) -> str:
    """What is kept of a secret: SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def split(text: str) -> tuple[str, str] | None:
    """The public id and the secret of a key, or None when the text has not the form of one."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else None


def matches(secret: str, secret_hash: str | None) -> bool:
    """Whether a secret is the one that was kept, in a time that does not tell how much of it was right.

    Args:
        secret_hash: None when there is no such key; then the comparison is made all the same, and fails.
    """
    return hmac.compare_digest(digest(secret), secret_hash or digest("")) and secret_hash is not None


def read_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names.

    Raises:
        RequestError: no name at all, or an unknown one.
    """
    wanted = [name.strip() for name in names if name.strip()]
    unknown = sum(name not in {scope.value for scope in Scope} for name in wanted)
    if unknown or not wanted:
        raise RequestError(
            f"{unknown} of {len(wanted)} scopes are not known." if wanted else "A key needs at least one scope.",
            f"Use some of: {', '.join(scope.value for scope in Scope)}.",
            code="request.scopes",
            scopes=len(wanted),
        )
    return frozenset(Scope(name) for name in wanted)


def audience_of(scopes: frozenset[Scope]) -> Audience:
    """Who the holder of a key with these scopes is: admin keys are operators, the others a bank's own systems."""
    if Scope.ADMIN in scopes:
        return Audience.OPERATOR
    return Audience.REVIEWER if scopes else Audience.CUSTOMER
