"""Accounts at work: made by an operator, signed in with a password or by OpenID Connect, signed out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from idqc.access.accounts import ACCOUNT_NAME, Account, Role, check_account_name, draw_token, token_hash
from idqc.access.passwords import check_strength, hash_password, is_outdated, verify_password
from idqc.errors import IdqcError, RequestError
from idqc.store import accounts, audit
from idqc.store.accounts import Session
from idqc.store.engine import Store

TOUCH_EVERY_S = 60
"""A session's last use is written once a minute at most."""


class SignInRefused(IdqcError):
    """A wrong name or password; which of the two is not told."""

    code = "access.sign_in"
    status = 401
    title = "Signing in failed"


class AccountLocked(SignInRefused):
    """Too many wrong passwords in a row."""

    code = "access.locked"
    status = 429


@dataclass(frozen=True)
class SignedIn:
    """A new session. `token` goes into the cookie and nowhere else."""

    account: Account
    token: str


def create_account(store: Store, name: str, role: Role, password: str | None, *, actor: str) -> str:
    """Makes an account and gives its id; without a password it can sign in by OpenID Connect alone.

    Raises:
        RequestError: a name that is odd or taken, or a weak password.
    """
    name = check_account_name(name)
    kept = None
    if password is not None:
        check_strength(password, name)
        kept = hash_password(password)
    with store.unit_of_work() as connection:
        if accounts.find_account(connection, name) is not None:
            raise RequestError("Another account has this name.", "Choose another name.", code="request.account_name")
        account_id = accounts.add_account(connection, name, role, kept, store.clock())
        audit.append(connection, actor, "account.created", f"account:{account_id}", {"role": role.value})
    return account_id


def change_password(store: Store, name: str, password: str, *, actor: str) -> None:
    """Gives an account a new password, and unlocks it.

    Raises:
        RequestError: no such account, or a weak password.
    """
    check_strength(password, name)
    kept = hash_password(password)
    with store.unit_of_work() as connection:
        account = _existing(accounts.find_account(connection, check_account_name(name)))
        accounts.set_password(connection, account.account_id, kept)
        audit.append(connection, actor, "account.password", f"account:{account.account_id}", {})


def disable_account(store: Store, name: str, *, actor: str) -> None:
    """Ends an account and all its sessions.

    Raises:
        RequestError: no live account has this name.
    """
    with store.unit_of_work() as connection:
        account_id = accounts.disable_account(connection, check_account_name(name), store.clock())
        if account_id is None:
            _existing(None)
        audit.append(connection, actor, "account.disabled", f"account:{account_id}", {})


def sign_in(store: Store, name: str, password: str) -> SignedIn:
    """Opens a session for a name and its password. The hash is computed outside of any transaction.

    Raises:
        AccountLocked: wrong too often; the password is not even looked at.
        SignInRefused: no such account, disabled, or a wrong password, all at the same cost.
    """
    now = store.clock()
    with store.reading() as connection:
        account = _find(connection, name)
    if account is not None and account.locked_until is not None and account.locked_until > now:
        wait_s = max(1, round((account.locked_until - now).total_seconds()))
        raise AccountLocked(
            f"The account is locked for {wait_s} seconds.", "Wait, or ask an operator.", retry_after_s=wait_s
        )
    right = verify_password(password, account.password_hash if account is not None else None)
    if account is None or account.disabled or not right:
        if account is not None:
            with store.unit_of_work() as connection:
                until = accounts.count_failure(connection, account.account_id, now)
                audit.append(
                    connection,
                    f"account:{account.account_id}",
                    "session.refused",
                    f"account:{account.account_id}",
                    {"locked": until is not None},
                )
        raise SignInRefused("The name or the password is wrong.", "Try again; five wrong tries lock the account.")
    again = hash_password(password) if account.password_hash and is_outdated(account.password_hash) else None
    return _open(store, account, "password", again)


def sign_in_by_openid(store: Store, subject: str, name: str) -> SignedIn:
    """Opens a session for whoever an identity provider says this is.

    Args:
        subject: issuer and subject, which never change.
        name: the verified name that an operator registered the account under; it binds the account at the first time.

    Raises:
        SignInRefused: no account is registered, or it belongs to another user of the provider.
    """
    with store.unit_of_work() as connection:
        account = accounts.find_account_of_subject(connection, subject)
        if account is None:
            found = _find(connection, name)
            # An account with a password is somebody's already: the provider may not take it over by a name.
            if (
                found is not None
                and found.password_hash is None
                and accounts.bind_subject(connection, found.account_id, subject)
            ):
                account = found
    if account is None or account.disabled:
        raise SignInRefused("No account is registered for this user.", "Ask an operator for `idqc accounts create`.")
    return _open(store, account, "openid", None)


def session_of(store: Store, token: str) -> Session | None:
    """The open session of a cookie's secret; its end moves with its use."""
    now, hashed = store.clock(), token_hash(token)
    with store.reading() as connection:
        session = accounts.find_session(connection, hashed, now)
    if session is not None and (now - session.seen_at).total_seconds() > TOUCH_EVERY_S:
        with store.unit_of_work() as connection:
            accounts.touch_session(connection, hashed, session, now)
    return session


def sign_out(store: Store, session: Session, token: str) -> None:
    """Ends a session; its cookie is worth nothing from then on."""
    with store.unit_of_work() as connection:
        accounts.close_session(connection, token_hash(token))
        actor = f"account:{session.account.account_id}"
        audit.append(connection, actor, "session.closed", actor, {})


def _open(store: Store, account: Account, by: str, new_hash: str | None) -> SignedIn:
    token = draw_token()
    with store.unit_of_work() as connection:
        if new_hash is not None:
            accounts.set_password(connection, account.account_id, new_hash)
        elif account.failures:
            accounts.forget_failures(connection, account.account_id)
        accounts.open_session(
            connection, account.account_id, token_hash(token), secrets.token_urlsafe(32), store.clock()
        )
        actor = f"account:{account.account_id}"
        audit.append(connection, actor, "session.opened", actor, {"by": by})
    return SignedIn(account, token)


def _find(connection: Any, name: str) -> Account | None:
    lowered = name.strip().lower()
    return accounts.find_account(connection, lowered) if ACCOUNT_NAME.fullmatch(lowered) else None


def _existing(account: Account | None) -> Account:
    if account is None:
        raise RequestError(
            "No live account has this name.", "`idqc accounts list` shows them.", code="request.account_name"
        )
    return account
