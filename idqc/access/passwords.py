"""Passwords of the reviewers' accounts: Argon2id through argon2-cffi, at the library's RFC 9106 profile."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from idqc.errors import RequestError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256
"""NIST SP 800-63B asks for long passwords rather than odd ones; a limit keeps hashing from being used against us."""

_hasher = PasswordHasher()


def check_strength(password: str, account_name: str) -> None:
    """Refuses a password that is easy to guess.

    Raises:
        RequestError: too short, too long, of too few different characters, or with the account's name in it.
    """
    length, different = len(password), len(set(password))
    problem = None
    if not MIN_CHARACTERS <= length <= MAX_CHARACTERS:
        problem = f"The password has {length} characters; it needs {MIN_CHARACTERS} to {MAX_CHARACTERS}."
    elif different < 5:
        problem = f"The password has {different} different characters; it needs 5."
    elif account_name and account_name.casefold() in password.casefold():
        problem = "The password has the account's name in it."
    if problem:
        raise RequestError(problem, "Four unrelated words make a good one.", code="request.password", characters=length)


def draw_password() -> str:
    """A password for a first sign-in: 96 bits."""
    return secrets.token_urlsafe(12)


def hash_password(password: str) -> str:
    """The salted hash that is kept; costs about 50 ms and 64 MiB on purpose."""
    return _hasher.hash(password)


def verify_password(password: str, kept: str | None) -> bool:
    """Whether the password is the one whose hash was kept; costs the same when there is no such account (None)."""
    try:
        right = _hasher.verify(kept or _nobody(), password[:MAX_CHARACTERS])
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's and should be made again at the next sign-in."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
