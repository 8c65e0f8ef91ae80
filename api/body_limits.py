"""A limit on every body: photos have one of their own while they stream in; everything else is small."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from idqc.errors import RequestError

SMALL_BODY_BYTES = 64 * 1024
"""A decision with a note, a form, a JSON object: far under this."""

PHOTO_PATHS = re.compile(
    r"/v1/(inspections|submissions|submissions/[^/]+/resubmissions|capture-sessions/[^/]+/(photos|submit|bypass))"
)
"""Where photos come in; `api.upload.read_body` counts their bytes."""

DEADLINE_S = 30.0
"""How long a small body may take to arrive."""


class BodyTooLarge(RequestError):
    """More bytes than the address takes."""

    code = "request.body_too_large"
    status = 413


class SlowBody(RequestError):
    """The bytes took too long to arrive."""

    code = "request.upload_too_slow"
    status = 408


class BodyLimits:
    """ASGI middleware: reads a small body whole before anything else does, and refuses a larger one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or PHOTO_PATHS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            arrived = await _read(Request(scope).headers, receive)
        except (BodyTooLarge, SlowBody) as refused:
            scope["app"].state.service.metrics.count_error(refused.code)
            await problem(Request(scope), refused)(scope, receive, send)
            return
        pending = iter(arrived)

        async def replay() -> Message:
            return next(pending, None) or await receive()

        await self.app(scope, replay, send)


async def _read(headers: Headers, receive: Receive) -> list[Message]:
    announced = headers.get("content-length", "0")
    if announced == "0" and "transfer-encoding" not in headers:
        return []
    size_bytes = int(announced) if announced.isdigit() else 0
    if size_bytes > SMALL_BODY_BYTES:
        raise _too_large(size_bytes)
    arrived: list[Message] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not arrived or arrived[-1].get("more_body", False):
                arrived.append(await receive())
                size_bytes += len(arrived[-1].get("body", b""))
                if size_bytes > SMALL_BODY_BYTES:
                    raise _too_large(size_bytes)
    except TimeoutError:
        raise SlowBody(
            f"{size_bytes} bytes arrived in {DEADLINE_S:g} seconds, and not the whole body.",
            "Send it over a faster connection.",
            bytes=size_bytes,
            deadline_s=DEADLINE_S,
        ) from None
    return arrived


def _too_large(size_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has {size_bytes} bytes or more; the limit of this address is {SMALL_BODY_BYTES}.",
        "Send a smaller body; photos go to the addresses that take them.",
        bytes=size_bytes,
        limit=SMALL_BODY_BYTES,
    )
