"""Every error as an RFC 9457 problem document: a stable code, what was wrong with numbers, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from api.schemas import Problem
from idqc.errors import IdqcError

MEDIA_TYPE = "application/problem+json"
CLIENT_GONE = 499
"""What nginx calls a request whose client went away; nobody receives it."""

log = logging.getLogger("idqc.api")

_OTHER = ("request.invalid", "The request is off.", "GET /openapi.json lists every call.")
_BY_STATUS = {
    404: ("request.not_found", "There is nothing at this address.", "GET /openapi.json lists every call."),
    405: ("request.method", "This address does not answer to this method.", "The Allow header names the methods."),
}


def problem(request: Request, error: IdqcError) -> JSONResponse:
    """The answer to an error. It may come before the whole body did: then the rest must not be read, so it closes."""
    body = Problem(
        type=f"urn:idqc:problem:{error.code}",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=error.detail,
        hint=error.hint,
        numbers=dict(error.numbers),
    )
    headers = {"Connection": "close"} if request.method == "POST" else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="idqc"'
    if "retry_after_s" in error.numbers:
        headers["Retry-After"] = str(error.numbers["retry_after_s"])
    return JSONResponse(body.model_dump(), error.status, headers, MEDIA_TYPE)


def internal(error: BaseException) -> IdqcError:
    """An error that nobody meant. It is logged as places in the code; its message may hold a value and stays out."""
    log.error("unexpected error", exc_info=error)
    return IdqcError(
        f"An error inside the service ({type(error).__name__}).",
        "Send the photo again; if it comes back, tell the operator, whose log has the place.",
        code="service.internal",
    )


def install(app: FastAPI) -> None:
    """Makes every error of the app a problem document."""

    @app.exception_handler(IdqcError)
    async def on_purpose(request: Request, error: IdqcError) -> Response:
        request.app.state.service.metrics.count_error(error.code)
        log.info("refused", extra={"code": error.code, "status": error.status})
        return problem(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        refused = IdqcError(f"{name}: {first['msg']}.", "GET /openapi.json lists what each parameter may be.")
        refused.status, refused.code, refused.title = 400, f"request.{name}", "The request cannot be served"
        return await on_purpose(request, refused)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code, detail, hint = _BY_STATUS.get(error.status_code, _OTHER)
        refused = IdqcError(detail, hint)
        refused.status, refused.code, refused.title = error.status_code, code, HTTPStatus(error.status_code).phrase
        answer = await on_purpose(request, refused)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        request.app.state.service.metrics.count_error("request.client_gone")
        return Response(status_code=CLIENT_GONE)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return problem(request, internal(error))
