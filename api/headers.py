"""Security headers of every answer, and the content policies of the pages.

After OWASP's Secure Headers Project and its REST cheat sheet: nothing may be framed, sniffed, cached or sent on, and a
page runs this origin's own script and style files only: no inline script, no style attribute, no markup from strings.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types idqc"
)
CAMERA_PAGE_POLICY = f"{PAGE_POLICY}; media-src 'self' blob:"

NO_DEVICES = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), usb=()"
CAMERA_ONLY = NO_DEVICES.replace("camera=()", "camera=(self)")

# Under no-referrer browsers send "Origin: null" with a form, and nobody could tell whose form it is.
PAGE_HEADERS = {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"}
"""What a page adds to the headers that every answer has."""
CAMERA_PAGE_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": CAMERA_PAGE_POLICY,
    "Permissions-Policy": CAMERA_ONLY,
}
"""What a page with a live camera adds."""

ONE_YEAR_S = 365 * 24 * 3600

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_UNLESS_SAID = {
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": API_POLICY,
    "Permissions-Policy": NO_DEVICES,
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware that adds them. There is no CORS header on purpose: another origin's page may read nothing."""

    def __init__(self, app: ASGIApp, *, remember_https: bool) -> None:
        self.app = app
        # Not for a demo: browsers would refuse http on this machine's own name for a year.
        self.remember_https = remember_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                for name, value in _UNLESS_SAID.items():
                    headers.setdefault(name, value)
                if self.remember_https and scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR_S}; includeSubDomains"
            await send(message)

        await self.app(scope, receive, send_with_headers)
