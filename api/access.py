"""Who calls: the key behind a request, what it may do, how often. `require(scope)` is all that a resource needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.deps import RunningService
from api.rate_limits import GUESSES_PER_MINUTE
from idqc.access.keys import Scope, audience_of
from idqc.inspection import Audience
from idqc.surfaces.keys import Forbidden, Unauthorised, check_key

_bearer = HTTPBearer(auto_error=False, description="A key of `idqc keys create`.")
Presented = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True)
class Caller:
    """Who calls with a key. `actor` is how the audit log names them."""

    key_id: str
    scopes: frozenset[Scope]

    @property
    def actor(self) -> str:
        """The caller in the audit log, and as a reviewer."""
        return f"key:{self.key_id}"

    @property
    def audience(self) -> Audience:
        """What of an Inspection the caller may see."""
        return audience_of(self.scopes)


def caller_of(request: Request, service: RunningService, presented: Presented) -> Caller | None:
    """The caller, or None without a key; runs on a thread, since it asks the database.

    Raises:
        Unauthorised: something was presented that is no key.
        TooOften: the key's minute is used up, or this address has guessed too often.
    """
    if presented is None:
        return None
    limits = service.rate_limits
    address = request.client.host if request.client else ""
    if limits.is_used_up("guess", address, GUESSES_PER_MINUTE):
        limits.take("guess", address, GUESSES_PER_MINUTE)
    try:
        key = check_key(service.house.store, presented.credentials)
    except Unauthorised:
        limits.take("guess", address, GUESSES_PER_MINUTE)
        raise
    limits.take("key", key.key_id, key.per_minute)
    return Caller(key.key_id, key.scopes)


PossibleCaller = Annotated[Caller | None, Depends(caller_of)]


def require(*scopes: Scope) -> Any:
    """The dependency of a call that needs a key with one of these scopes; `admin` may do everything.

    As a parameter it hands in the Caller: `caller: Annotated[Caller, require(Scope.SUBMIT)]`; on a router it guards all
    its calls:
    `APIRouter(dependencies=[require(Scope.ADMIN)])`.
    """
    return Depends(_guard(frozenset(scopes)))


def admit(caller: Caller | None, scopes: frozenset[Scope]) -> Caller:
    """Lets a caller with one of the scopes, or `admin`, pass.

    Raises:
        Unauthorised: there is no key.
        Forbidden: its scopes are others.
    """
    if caller is None:
        raise Unauthorised(
            "The request has no key.",
            "Send `Authorization: Bearer KEY`; `idqc keys create NAME --scopes …` makes one.",
        )
    if not caller.scopes & (scopes | {Scope.ADMIN}):
        raise Forbidden(
            f"The key has {len(caller.scopes)} scopes, and not {' or '.join(sorted(scopes))}.",
            "Ask an operator for a key with that scope.",
            scopes=len(caller.scopes),
        )
    return caller


def _guard(scopes: frozenset[Scope]) -> Callable[[Caller | None], Caller]:
    def guard(caller: PossibleCaller) -> Caller:
        return admit(caller, scopes)

    return guard
