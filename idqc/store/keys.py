"""Queries on API keys. None of them commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.engine import Row

from idqc.access.keys import Scope
from idqc.store.tables.keys import api_keys

LAST_USE_PRECISION = timedelta(minutes=10)
"""`last_used_at` is for finding keys that nobody needs any more; written for every call it would be the busiest row."""


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept."""

    key_id: str
    name: str
    secret_hash: str
    scopes: frozenset[Scope]
    per_minute: int
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def add_key(
    connection: Connection,
    *,
    key_id: str,
    name: str,
    secret_hash: str,
    scopes: frozenset[Scope],
    per_minute: int,
    now: datetime,
) -> None:
    """Keeps a new key. Raises IntegrityError when the name is taken."""
    connection.execute(
        insert(api_keys).values(
            id=key_id,
            name=name,
            secret_hash=secret_hash,
            scopes=sorted(scope.value for scope in scopes),
            per_minute=per_minute,
            created_at=now,
        )
    )


def find_key(connection: Connection, key_id: str) -> ApiKey | None:
    """The key of a public id, revoked ones included."""
    row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
    return _key(row) if row is not None else None


def list_keys(connection: Connection) -> list[ApiKey]:
    """Every key, the oldest first."""
    return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))]


def name_is_taken(connection: Connection, name: str) -> bool:
    """Whether a live key has this name."""
    live = select(api_keys.c.id).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    return connection.execute(live).first() is not None


def is_use_due(key: ApiKey, now: datetime) -> bool:
    """Whether `last_used_at` is so old that a use should be written."""
    return key.last_used_at is None or key.last_used_at < now - LAST_USE_PRECISION


def note_use(connection: Connection, key_id: str, now: datetime) -> None:
    """Writes that a key was used, unless that was written a moment ago."""
    connection.execute(
        update(api_keys)
        .where(
            api_keys.c.id == key_id,
            or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < now - LAST_USE_PRECISION),
        )
        .values(last_used_at=now)
    )


def revoke_key(connection: Connection, name: str, now: datetime) -> str | None:
    """Ends a key for good. The id of the key, or None when no live key has this name."""
    return connection.execute(
        update(api_keys)
        .where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_keys.c.id)
    ).scalar_one_or_none()


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    kept = row._mapping
    return ApiKey(
        key_id=kept["id"],
        name=kept["name"],
        secret_hash=kept["secret_hash"],
        scopes=frozenset(Scope(scope) for scope in kept["scopes"]),
        per_minute=kept["per_minute"],
        created_at=kept["created_at"],
        last_used_at=kept["last_used_at"],
        revoked_at=kept["revoked_at"],
    )
