"""Templates into answers: escaping always on, the reader's language, and the headers of a page."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.headers import PAGE_HEADERS
from api.pages.texts import COOKIE, LANGUAGES, NAMES, TEMPLATES, Texts, language_of

ONE_YEAR_S = 365 * 24 * 3600

_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def texts_of(request: Request) -> Texts:
    """The console's texts in the reader's language."""
    return Texts("console", language_of(request))


def render(template: str, texts: Texts, **values: Any) -> str:
    """One of the console's templates as HTML, every value escaped."""
    return _templates.get_template(f"console/{template}").render(t=texts, **values)


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page of the console.

    Args:
        values: what the template shows; `account` and `csrf` of a signed-in visitor among them.
    """
    texts = texts_of(request)
    shown = {"account": None, "csrf": "", "here": "", "message": "", "error": "", **values}
    answer = HTMLResponse(render(template, texts, languages=NAMES, **shown), status, dict(PAGE_HEADERS))
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(COOKIE, texts.language, max_age=ONE_YEAR_S, samesite="lax", httponly=True, path="/")
    return answer
