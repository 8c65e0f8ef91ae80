"""The people of the console: their roles, what each may do, and when an account is locked."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from idqc.errors import RequestError

ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")

FAILURES_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(minutes=60)
"""OWASP's advice: a few tries, then a wait that doubles; never for ever, or an attacker could lock everybody out."""

SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=10)
"""A shift at most; half an hour of silence ends it sooner."""


class Role(StrEnum):
    """What somebody is at the console."""

    REVIEWER = "reviewer"
    LEAD = "lead"
    OPERATOR = "operator"


class Permission(StrEnum):
    """What a page or a call of the console asks for."""

    DECIDE = "decide"
    READ_AGREEMENT = "read_agreement"
    READ_EXPERIMENT = "read_experiment"
    OPERATE = "operate"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.REVIEWER: frozenset({Permission.DECIDE}),
    Role.LEAD: frozenset({Permission.DECIDE, Permission.READ_AGREEMENT, Permission.READ_EXPERIMENT}),
    Role.OPERATOR: frozenset({Permission.OPERATE}),
}
"""An operator keeps the service running and needs no photo for it."""


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in. `password_hash` is None for whoever comes by OpenID Connect alone."""

    account_id: str
    name: str
    role: Role
    password_hash: str | None
    failures: int
    locked_until: datetime | None
    disabled: bool

    def may(self, permission: Permission) -> bool:
        """Whether the account's role holds the permission."""
        return permission in PERMISSIONS[self.role]


def check_account_name(name: str) -> str:
    """The name in lower case.

    Raises:
        RequestError: it has other characters than letters, digits and . _ @ -, or is not 2 to 64 long.
    """
    lowered = name.strip().lower()
    if not ACCOUNT_NAME.fullmatch(lowered):
        raise RequestError(
            f"The account's name has {len(lowered)} characters, or some that it may not have.",
            "Use 2 to 64 of: letters a-z, digits, dot, underscore, at, hyphen.",
            code="request.account_name",
            characters=len(lowered),
        )
    return lowered


def lock_after(failures: int, now: datetime) -> datetime | None:
    """Until when an account is locked after so many wrong passwords in a row; None while it is not."""
    over = failures - FAILURES_BEFORE_LOCK
    if over < 0:
        return None
    return now + min(FIRST_LOCK * 2.0 ** min(over, 10), LONGEST_LOCK)


def draw_token() -> str:
    """The secret that a session's cookie carries: 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a session's secret, so that reading the database signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_ends(created_at: datetime, seen_at: datetime) -> datetime:
    """When a session that was last used at `seen_at` ends."""
    return min(created_at + SESSION_LIFE, seen_at + SESSION_IDLE)
