"""What a browser is shown where a program would get a problem document."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.pages.forms import StaleForm
from api.pages.render import page, texts_of
from api.pages.session import NotAllowed, NotSignedIn
from api.pages.sign_in import sign_in_page
from api.problems import problem
from idqc.errors import IdqcError, NotFound


def install(app: FastAPI) -> None:
    """Answers the console's refusals as pages to whoever asks for HTML."""
    for refusal in (NotSignedIn, NotAllowed, StaleForm, NotFound):
        app.add_exception_handler(refusal, _refuse)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, IdqcError)
    service = request.app.state.service
    service.metrics.count_error(error.code)
    wants_page = "text/html" in request.headers.get("accept", "") and request.url.path.startswith("/console")
    if not wants_page:
        return problem(request, error)
    if isinstance(error, NotSignedIn):
        return sign_in_page(request, service, error.status)
    t = texts_of(request)
    told = {NotAllowed: "error.forbidden", StaleForm: "error.csrf"}.get(type(error), "error.not_found")
    return page(request, "refused.html", error.status, error=t(told))
