"""Signing in with a name and a password, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import RunningService, Service
from api.pages.forms import FORM_LIFE_S, StaleForm
from api.pages.render import page, texts_of
from api.pages.session import CheckedForm, PossibleVisitor, begin_session, end_session, is_secure
from api.rate_limits import GUESSES_PER_MINUTE
from idqc.surfaces import review, sign_in

router = APIRouter(prefix="/console", include_in_schema=False)

HOME = "/console"


def sign_in_page(request: Request, service: Service, status: int = 200, name: str = "", error: str = "") -> Response:
    """The form, with the cookie that it must come back with."""
    cookie, field = service.sign_in_forms.hand_out(request)
    openid = service.openid is not None
    answer = page(request, "sign_in.html", status, csrf=field, name=name, error=error, openid=openid)
    answer.set_cookie(
        "idqc-form",
        cookie,
        max_age=FORM_LIFE_S,
        path=HOME,
        secure=is_secure(request, service),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/sign-in")
def read_sign_in(request: Request, service: RunningService) -> Response:
    """The sign-in page."""
    return sign_in_page(request, service)


async def _fields(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=20)
    return {name: str(value) for name, value in form.items()}


@router.post("/sign-in")
async def post_sign_in(
    request: Request, service: RunningService, fields: Annotated[dict[str, str], Depends(_fields)]
) -> Response:
    """Opens a session; a wrong password and an unknown name are told and timed alike."""
    t = texts_of(request)
    name = fields.get("name", "")[:64]
    address = request.client.host if request.client else ""
    service.rate_limits.take("guess", address, GUESSES_PER_MINUTE)
    try:
        service.sign_in_forms.check(request, fields.get("csrf", ""))
    except StaleForm:
        return sign_in_page(request, service, 403, name, t("sign_in.stale"))
    try:
        signed_in = await run_in_threadpool(sign_in.sign_in, service.house.store, name, fields.get("password", ""))
    except sign_in.AccountLocked as locked:
        service.metrics.count_error(locked.code)
        error = t("sign_in.locked", seconds=locked.numbers["retry_after_s"])
        return sign_in_page(request, service, locked.status, name, error)
    except sign_in.SignInRefused as refused:
        service.metrics.count_error(refused.code)
        return sign_in_page(request, service, refused.status, name, t("sign_in.wrong"))
    answer = RedirectResponse(HOME, 303)
    begin_session(request, service, answer, signed_in)
    return answer


@router.post("/sign-out")
def post_sign_out(request: Request, service: RunningService, visitor: PossibleVisitor, form: CheckedForm) -> Response:
    """Ends the session, here and in the database."""
    if visitor is not None:
        review.release_all(service.house.store, visitor.actor)
        sign_in.sign_out(service.house.store, visitor.session, visitor.token)
    answer = RedirectResponse(HOME, 303)
    end_session(request, service, answer)
    return answer
