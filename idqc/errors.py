"""Every error that idqc raises on purpose, as one tree.

    IdqcError
    ├── PhotoError            the bytes are no photo that can be judged
    │   ├── EmptyPhoto            photo.empty
    │   ├── NotAnImage            photo.not_an_image
    │   ├── UnsupportedFormat     photo.unsupported_format, photo.heic, photo.animated
    │   ├── TruncatedPhoto        photo.truncated
    │   ├── TooManyBytes          photo.too_many_bytes
    │   ├── TooManyPixels         photo.too_many_pixels
    │   └── TooFewPixels          photo.too_few_pixels
    ├── RequestError          the call is off: request.*
    │   ├── NotFound              request.not_found
    │   └── Conflict              request.conflict: the case is not in a state for this
    ├── Busy                  service.busy
    ├── BlobError             blob.*: a stored object is gone or was changed
    └── SetupError            the installation is off: setup.*

`detail` says what was wrong with numbers, `hint` what to do. Neither ever holds a path, a file name or a field value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class IdqcError(Exception):
    """An error with a stable code. `status` is the HTTP status it answers with."""

    code = "error"
    status = 500
    title = "Error"

    def __init__(self, detail: str, hint: str, *, code: str | None = None, **numbers: float | int | str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.code = code or type(self).code
        self.numbers: Mapping[str, float | int | str] = MappingProxyType(numbers)


class PhotoError(IdqcError):
    """The bytes are no photo that can be judged."""

    status = 422
    title = "The photo cannot be inspected"


class EmptyPhoto(PhotoError):
    """No bytes at all."""

    code = "photo.empty"
    status = 400


class NotAnImage(PhotoError):
    """The bytes are not an image."""

    code = "photo.not_an_image"
    status = 415


class UnsupportedFormat(PhotoError):
    """An image, but not one of the accepted formats."""

    code = "photo.unsupported_format"
    status = 415


class TruncatedPhoto(PhotoError):
    """The file ends before its image does. A part is never judged as a whole."""

    code = "photo.truncated"


class TooManyBytes(PhotoError):
    """More bytes than the limit."""

    code = "photo.too_many_bytes"
    status = 413


class TooManyPixels(PhotoError):
    """More pixels, or a longer side, than the limit."""

    code = "photo.too_many_pixels"


class TooFewPixels(PhotoError):
    """The shorter side is under the limit."""

    code = "photo.too_few_pixels"


class RequestError(IdqcError):
    """The call is off: an unknown surface, a wrong content type, a bad parameter."""

    code = "request.invalid"
    status = 400
    title = "The request cannot be served"


class NotFound(RequestError):
    """There is nothing of this id."""

    code = "request.not_found"
    status = 404


class Conflict(RequestError):
    """The case is not in a state for this; somebody else was first, or it was over before."""

    code = "request.conflict"
    status = 409


class BlobError(IdqcError):
    """A stored object is gone, or is not what was stored."""

    code = "blob.broken"
    status = 500
    title = "A stored photo cannot be read"


class Busy(IdqcError):
    """All workers are taken and the waiting room is full."""

    code = "service.busy"
    status = 503
    title = "The service is busy"


class SetupError(IdqcError):
    """The installation is off: weights, thresholds, engines or settings. Raised at start-up, not at the first photo."""

    code = "setup.invalid"
    status = 500
    title = "The installation is not usable"
