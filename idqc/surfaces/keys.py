"""API keys at work: made once, checked at every call, revoked for good; each change leaves an audit entry."""

from __future__ import annotations

from idqc.access.keys import NAME, IssuedKey, Scope, issue, matches, split
from idqc.errors import IdqcError, RequestError
from idqc.store import audit, keys
from idqc.store.engine import Store
from idqc.store.keys import ApiKey

DEFAULT_PER_MINUTE = 600
"""Ten photos a second for a minute: more than a small machine inspects, and little enough to bound a leaked key."""


class Unauthorised(IdqcError):
    """No key, or one that is not (or no longer) a key of this service."""

    code = "access.key"
    status = 401
    title = "The key is missing or not known"


class Forbidden(IdqcError):
    """A key that may not do this."""

    code = "access.scope"
    status = 403
    title = "The key may not do this"


def create_key(
    store: Store, name: str, scopes: frozenset[Scope], *, actor: str, per_minute: int = DEFAULT_PER_MINUTE
) -> IssuedKey:
    """Makes a key. Its text is nowhere but in the answer.

    Raises:
        RequestError: a name that is odd or taken.
    """
    if not NAME.fullmatch(name):
        raise RequestError(
            f"The key's name has {len(name)} characters, or some that it may not have.",
            "Use 1 to 64 letters, digits, spaces, dots or hyphens.",
            code="request.key_name",
            characters=len(name),
        )
    key = issue()
    with store.unit_of_work() as connection:
        if keys.name_is_taken(connection, name):
            raise RequestError(
                "Another key has this name.",
                "Choose another name; `idqc keys list` shows them.",
                code="request.key_name",
            )
        keys.add_key(
            connection,
            key_id=key.key_id,
            name=name,
            secret_hash=key.secret_hash,
            scopes=scopes,
            per_minute=per_minute,
            now=store.clock(),
        )
        details = {"scopes": sorted(scope.value for scope in scopes), "per_minute": per_minute}
        audit.append(connection, actor, "key.created", f"key:{key.key_id}", details)
    return key


def check_key(store: Store, text: str) -> ApiKey:
    """The live key whose text this is; costs one read, and a write every ten minutes.

    Raises:
        Unauthorised: it is none. What was wrong with it is not told.
    """
    halves = split(text)
    key = None
    if halves is not None:
        with store.reading() as connection:
            key = keys.find_key(connection, halves[0])
    right = matches(halves[1] if halves else "", key.secret_hash if key else None)
    if key is None or not right or key.revoked_at is not None:
        raise Unauthorised(
            "The key is not one of this service, or it was revoked.",
            "Send `Authorization: Bearer KEY`; `idqc keys create` makes one.",
        )
    now = store.clock()
    if keys.is_use_due(key, now):
        with store.unit_of_work() as connection:
            keys.note_use(connection, key.key_id, now)
    return key


def revoke_key(store: Store, name: str, *, actor: str) -> None:
    """Ends a key for good.

    Raises:
        RequestError: no live key has this name.
    """
    with store.unit_of_work() as connection:
        key_id = keys.revoke_key(connection, name, store.clock())
        if key_id is None:
            raise RequestError(
                "No live key has this name.", "`idqc keys list` shows the keys.", code="request.key_name"
            )
        audit.append(connection, actor, "key.revoked", f"key:{key_id}", {})
