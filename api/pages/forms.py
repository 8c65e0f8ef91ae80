"""What keeps a form from being sent by another site, before and after somebody is signed in."""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request

from idqc.errors import IdqcError

FORM_LIFE_S = 3600
"""How long a sign-in form may stay open."""


class StaleForm(IdqcError):
    """A form that this session did not hand out, or that another site sent."""

    code = "access.csrf"
    status = 403
    title = "The form is out of date"


def check_same_site(request: Request) -> None:
    """Refuses what a browser says came from another site.

    Raises:
        StaleForm: the Origin or Sec-Fetch-Site header names another one.
    """
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise StaleForm("The form was sent by another site.", "Use the pages of this service.")


class SignInForms:
    """Tokens of sign-in forms: there is no session yet, so a random cookie must fit the signed field of the form."""

    def __init__(self, secret: bytes) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="sign-in")

    def hand_out(self, request: Request) -> tuple[str, str]:
        """The cookie's value (an old one is kept, so that two open tabs both work) and the form's field."""
        cookie = request.cookies.get("idqc-form") or secrets.token_urlsafe(16)
        return cookie, self._signer.dumps(cookie)

    def check(self, request: Request, field: str) -> None:
        """Raises StaleForm unless the form was handed to this browser within the last hour."""
        check_same_site(request)
        try:
            told = str(self._signer.loads(field, max_age=FORM_LIFE_S))
        except BadSignature:
            told = ""
        if not told or not hmac.compare_digest(told.encode(), request.cookies.get("idqc-form", "").encode()):
            raise StaleForm("The sign-in form is out of date.", "Load the page again.")
