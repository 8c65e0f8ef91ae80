"""Queries on accounts and their sessions. None of them commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.engine import Row

from idqc.access.accounts import Account, Role, lock_after, session_ends
from idqc.store.tables.accounts import accounts, sessions


@dataclass(frozen=True)
class Session:
    """An open session and whose it is. `csrf` is what its forms must carry."""

    account: Account
    csrf: str
    created_at: datetime
    seen_at: datetime


def add_account(connection: Connection, name: str, role: Role, password_hash: str | None, now: datetime) -> str:
    """Makes an account and gives its id. Raises IntegrityError when the name is taken."""
    account_id = uuid4().hex
    connection.execute(
        insert(accounts).values(id=account_id, name=name, role=role.value, password_hash=password_hash, created_at=now)
    )
    return account_id


def find_account(connection: Connection, name: str) -> Account | None:
    """The account of a name."""
    return _one(connection, accounts.c.name == name)


def find_account_of_subject(connection: Connection, subject: str) -> Account | None:
    """The account that an identity provider's user was bound to."""
    return _one(connection, accounts.c.openid_subject == subject)


def list_accounts(connection: Connection) -> list[Account]:
    """Every account, by name."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name))]


def names_of(connection: Connection) -> dict[str, str]:
    """The account names by id."""
    return {row.id: row.name for row in connection.execute(select(accounts.c.id, accounts.c.name))}


def bind_subject(connection: Connection, account_id: str, subject: str) -> bool:
    """Ties an account to an identity provider's user, once. False when it is tied to another already."""
    bound = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.openid_subject.is_(None))
        .values(openid_subject=subject)
        .returning(accounts.c.id)
    )
    return bound.first() is not None


def set_password(connection: Connection, account_id: str, password_hash: str) -> None:
    """Replaces a password's hash and unlocks the account."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(password_hash=password_hash, failures=0, locked_until=None)
    )


def count_failure(connection: Connection, account_id: str, now: datetime) -> datetime | None:
    """Counts one wrong password; gives until when the account is locked now, if it is."""
    failures = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(failures=accounts.c.failures + 1)
        .returning(accounts.c.failures)
    ).scalar_one()
    until = lock_after(failures, now)
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(locked_until=until))
    return until


def forget_failures(connection: Connection, account_id: str) -> None:
    """After a right password the count begins anew."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(failures=0, locked_until=None))


def disable_account(connection: Connection, name: str, now: datetime) -> str | None:
    """Ends an account and all its sessions. Its id, or None when no live account has this name."""
    account_id = connection.execute(
        update(accounts)
        .where(accounts.c.name == name, accounts.c.disabled_at.is_(None))
        .values(disabled_at=now)
        .returning(accounts.c.id)
    ).scalar_one_or_none()
    if account_id is not None:
        connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
    return account_id


def open_session(connection: Connection, account_id: str, token_hash: str, csrf: str, now: datetime) -> None:
    """Opens a session, and sweeps away those that have ended."""
    connection.execute(delete(sessions).where(sessions.c.ends_at < now))
    connection.execute(
        insert(sessions).values(
            token_hash=token_hash,
            account_id=account_id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            ends_at=session_ends(now, now),
        )
    )


def find_session(connection: Connection, token_hash: str, now: datetime) -> Session | None:
    """The open session of a secret, unless it has ended or its account was disabled."""
    row = connection.execute(
        select(accounts, sessions.c.csrf, sessions.c.created_at.label("begun_at"), sessions.c.seen_at)
        .join(sessions, sessions.c.account_id == accounts.c.id)
        .where(sessions.c.token_hash == token_hash, sessions.c.ends_at >= now, accounts.c.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    kept = row._mapping
    return Session(_account(row), kept["csrf"], kept["begun_at"], kept["seen_at"])


def touch_session(connection: Connection, token_hash: str, session: Session, now: datetime) -> None:
    """Moves a session's end, because it was used."""
    connection.execute(
        update(sessions)
        .where(sessions.c.token_hash == token_hash)
        .values(seen_at=now, ends_at=session_ends(session.created_at, now))
    )


def close_session(connection: Connection, token_hash: str) -> None:
    """Ends one session."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def _one(connection: Connection, condition: ColumnElement[bool]) -> Account | None:
    row = connection.execute(select(accounts).where(condition)).one_or_none()
    return _account(row) if row is not None else None


def _account(row: Row[tuple[object, ...]]) -> Account:
    kept = row._mapping
    return Account(
        account_id=kept["id"],
        name=kept["name"],
        role=Role(kept["role"]),
        password_hash=kept["password_hash"],
        failures=kept["failures"],
        locked_until=kept["locked_until"],
        disabled=kept["disabled_at"] is not None,
    )
