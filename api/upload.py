"""The photo's bytes out of a request, refused while they stream in when they are too many or too slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from idqc.errors import RequestError, TooManyBytes
from idqc.photo.decode import MAX_BYTES

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PART = "photo"
ENVELOPE_BYTES = 64 * 1024
"""What the boundaries and headers of a multipart body may take beside the photo."""


class SlowUpload(RequestError):
    """The bytes took too long to arrive."""

    code = "request.upload_too_slow"
    status = 408


class WrongContentType(RequestError):
    """The body is not said to be a photo."""

    code = "request.content_type"
    status = 415


def media_type(request: Request) -> str:
    """The media type of the body, in lower case.

    Raises:
        WrongContentType: neither an image nor a form with a file.
    """
    found = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not (found.startswith("image/") or found == "multipart/form-data"):
        raise WrongContentType(
            "The Content-Type is missing." if not found else "The Content-Type is not that of a photo.",
            "Send the bytes as image/jpeg, image/png or image/webp, or a multipart form with a file named 'photo'.",
        )
    return found


async def read_body(request: Request, kind: str, deadline_s: float) -> bytes:
    """The whole body, never more of it than the limit.

    Raises:
        TooManyBytes: announced or arrived; the rest is not read.
        SlowUpload: the deadline has passed.
        ClientDisconnect: the client went away.
    """
    limit = MAX_BYTES if kind != "multipart/form-data" else MAX_BYTES + ENVELOPE_BYTES
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_many(int(announced), limit)
    body = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_many(len(body), limit)
    except TimeoutError:
        raise SlowUpload(
            f"{len(body)} bytes arrived in {deadline_s:g} seconds, and not the whole photo.",
            "Send a smaller photo, or over a faster connection.",
            bytes=len(body),
            deadline_s=deadline_s,
        ) from None
    return bytes(body)


def photo_of(body: bytes, content_type: str) -> bytes:
    """The photo inside a body: the body itself, or the file part `photo` of a multipart form.

    Raises:
        RequestError: a broken form, or one without that part.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return body
    form = _Form()
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks())
        parser.write(body)
        parser.finalize()
    except (KeyError, MultipartParseError):
        raise RequestError(
            "The multipart body is broken.", "Send one file part named 'photo'.", code="request.multipart"
        ) from None
    if form.photo is None or not form.ended:
        raise RequestError(
            "The multipart body has no whole part named 'photo'.",
            "Send one file part named 'photo'.",
            code="request.multipart",
        )
    return bytes(form.photo)


class _Form:
    """Collects the part named `photo` from the parser's callbacks; other parts are passed over."""

    def __init__(self) -> None:
        self.photo: bytearray | None = None
        self.ended = False
        self._header = (bytearray(), bytearray())
        self._inside = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._inside = False

    def _header_end(self) -> None:
        name, value = map(bytes, self._header)
        self._header = (bytearray(), bytearray())
        if name.lower() == b"content-disposition" and parse_options_header(value)[1].get(b"name") == PART.encode():
            self._inside, self.photo = True, bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside and self.photo is not None:
            self.photo += data[start:end]

    def _end(self) -> None:
        self.ended = True


def _too_many(size_bytes: int, limit: int) -> TooManyBytes:
    return TooManyBytes(
        f"The body has {size_bytes} bytes or more; the limit is {limit}.",
        "Send a JPEG of at most 15 MB; quality 90 at 12 megapixels is about 4 MB.",
        bytes=size_bytes,
        limit=limit,
    )
