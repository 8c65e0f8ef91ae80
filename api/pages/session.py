"""Who is signed in: the session's cookie, what guards its forms, and what happens without one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from api.deps import RunningService, Service
from api.pages.forms import StaleForm, check_same_site
from idqc.access.accounts import SESSION_LIFE, Account, Permission
from idqc.errors import IdqcError
from idqc.settings import Mode
from idqc.store.accounts import Session
from idqc.surfaces.sign_in import SignedIn, session_of


class NotSignedIn(IdqcError):
    """A page or call of the console without an open session."""

    code = "access.session"
    status = 401
    title = "Nobody is signed in"


class NotAllowed(IdqcError):
    """The account's role does not hold the permission."""

    code = "access.role"
    status = 403
    title = "The role does not include this"


@dataclass(frozen=True)
class Visitor:
    """Somebody with an open session. `actor` is how the audit log and claims name them."""

    session: Session
    token: str

    @property
    def account(self) -> Account:
        """Who they are."""
        return self.session.account

    @property
    def actor(self) -> str:
        """Their name in the audit log and on claims."""
        return f"account:{self.account.account_id}"

    @property
    def shown(self) -> dict[str, Any]:
        """What every page of theirs needs."""
        return {"account": self.account, "csrf": self.session.csrf}


def possible_visitor(request: Request, service: RunningService) -> Visitor | None:
    """The visitor, or None; runs on a thread, since it asks the database."""
    token = request.cookies.get(_cookie_name(request, service), "")
    session = session_of(service.house.store, token) if token else None
    return Visitor(session, token) if session is not None else None


PossibleVisitor = Annotated[Visitor | None, Depends(possible_visitor)]


def allow(permission: Permission) -> Any:
    """The dependency of a page: a signed-in Visitor whose role holds the permission.

    Raises:
        NotSignedIn: nobody is signed in, or the session has ended.
        NotAllowed: the role is another.
    """

    def visitor_with_permission(visitor: PossibleVisitor) -> Visitor:
        if visitor is None:
            raise NotSignedIn("The session has ended, or there was none.", "Sign in at /console.")
        if not visitor.account.may(permission):
            raise NotAllowed(f"The role {visitor.account.role.value} does not include this.", "Ask an operator.")
        return visitor

    return Depends(visitor_with_permission)


async def form_of(request: Request, visitor: PossibleVisitor) -> FormData:
    """The fields of a form that this session handed out.

    Raises:
        NotSignedIn: nobody is signed in.
        StaleForm: its token is not the session's, or it came from another site.
    """
    if visitor is None:
        raise NotSignedIn("The session has ended, or there was none.", "Sign in at /console.")
    check_same_site(request)
    form = await request.form(max_files=0, max_fields=100)
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), visitor.session.csrf.encode()):
        raise StaleForm("The form does not belong to this session.", "Load the page again.")
    return form


CheckedForm = Annotated[FormData, Depends(form_of)]


def begin_session(request: Request, service: Service, answer: Response, signed_in: SignedIn) -> None:
    """Gives the browser the session's cookie: out of reach of scripts, and of other sites' requests."""
    answer.set_cookie(
        _cookie_name(request, service),
        signed_in.token,
        max_age=round(SESSION_LIFE.total_seconds()),
        path="/",
        secure=is_secure(request, service),
        httponly=True,
        samesite="lax",
    )


def end_session(request: Request, service: Service, answer: Response) -> None:
    """Takes the cookie back."""
    answer.delete_cookie(_cookie_name(request, service), path="/", secure=is_secure(request, service), httponly=True)


def is_secure(request: Request, service: Service) -> bool:
    """Whether cookies go over TLS only: always in production, where a gateway may have ended TLS before us."""
    return service.settings.mode is Mode.PRODUCTION or request.url.scheme == "https"


def _cookie_name(request: Request, service: Service) -> str:
    # Browsers keep a __Host- cookie only when it is secure and bound to this host and path.
    return "__Host-idqc-session" if is_secure(request, service) else "idqc-session"
