"""From bytes to a Photo: the header first, then pixels at the scale that is needed, upright by the EXIF tag."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import simplejpeg
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from idqc.errors import (
    EmptyPhoto,
    NotAnImage,
    TooFewPixels,
    TooManyBytes,
    TooManyPixels,
    TruncatedPhoto,
    UnsupportedFormat,
)
from idqc.inspection import Image, Photo

MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE_PX = 12_000
MIN_SIDE_PX = 320

FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
"""What is accepted, by Pillow's name for it. MPO is a JPEG with further pictures behind it; the first is read."""

Pillow.init()  # Pillow.open fails on the name of a format whose plugin is not loaded yet

_RECOGNISED = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is told apart from noise. Pillow's JPEG reader opens MPO too, which has no reader of its own name."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
_EXIF_ORIENTATION = 0x0112
_EXIF_TURNS = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
_EXIF_TRANSPOSED = frozenset({5, 6, 7, 8})


@dataclass(frozen=True)
class Header:
    """What a file says of itself before any pixel is decoded. Sizes are those of the upright photo."""

    media_type: str
    mode: str
    width_px: int
    height_px: int
    orientation: int


def read_header(data: bytes) -> Header:
    """Looks before decoding: format, bytes, pixels and orientation, from the header alone.

    Raises:
        EmptyPhoto, NotAnImage, UnsupportedFormat, TruncatedPhoto, TooManyBytes, TooManyPixels, TooFewPixels
    """
    if not data:
        raise EmptyPhoto("The body is empty: 0 bytes.", "Send the photo's bytes as the body.")
    if len(data) > MAX_BYTES:
        raise TooManyBytes(
            f"The photo has {len(data)} bytes; the limit is {MAX_BYTES}.",
            "Send a JPEG of at most 15 MB; quality 90 at 12 megapixels is about 4 MB.",
            bytes=len(data),
            limit=MAX_BYTES,
        )
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise UnsupportedFormat(
            "The photo is HEIC/HEIF or AVIF.",
            "Convert to JPEG before sending; on iOS choose 'Most Compatible', or export as JPEG.",
            code="photo.heic",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            opened = Pillow.open(io.BytesIO(data), formats=_RECOGNISED)
    except Pillow.DecompressionBombError as bomb:
        raise _too_many_pixels(f"more than {MAX_PIXELS}") from bomb
    except UnidentifiedImageError as unknown:
        if data[:3] == b"\xff\xd8\xff" or data[:8] == b"\x89PNG\r\n\x1a\n" or data[:4] == b"RIFF":
            raise _truncated(len(data)) from unknown
        raise NotAnImage(
            f"The {len(data)} bytes are not an image.", "Send a JPEG, PNG or WebP photo.", bytes=len(data)
        ) from unknown
    except (OSError, SyntaxError, ValueError, EOFError) as broken:
        raise _truncated(len(data)) from broken
    if opened.format not in FORMATS:
        raise UnsupportedFormat(f"The photo is {opened.format}.", "Send a JPEG, PNG or WebP photo.")
    if opened.format in ("WEBP", "PNG") and getattr(opened, "is_animated", False):
        raise UnsupportedFormat(
            f"The picture is animated: {getattr(opened, 'n_frames', 2)} frames.",
            "Send one still photo.",
            code="photo.animated",
        )
    width_px, height_px = opened.size
    if width_px * height_px > MAX_PIXELS or max(width_px, height_px) > MAX_SIDE_PX:
        raise _too_many_pixels(f"{width_px} x {height_px}", width=width_px, height=height_px)
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise TooFewPixels(
            f"The photo is {width_px} x {height_px} pixels; its shorter side must have at least {MIN_SIDE_PX}.",
            "Send the camera's photo, not a thumbnail.",
            width=width_px,
            height=height_px,
            limit=MIN_SIDE_PX,
        )
    orientation = _orientation(opened)
    if orientation in _EXIF_TRANSPOSED:
        width_px, height_px = height_px, width_px
    return Header(FORMATS[opened.format], opened.mode, width_px, height_px, orientation)


def _orientation(opened: Pillow.Image) -> int:
    # Not getexif(): for a PNG without an early EXIF chunk that decodes all pixels.
    exif = Pillow.Exif()
    try:
        exif.load(opened.info.get("exif", b""))
        turn = int(exif.get(_EXIF_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1
    return turn if 1 <= turn <= 8 else 1


def decode(data: bytes, header: Header, long_side_px: int | None = None) -> Photo:
    """Decodes to a Photo whose long side has at least `long_side_px` pixels, or all of them when None.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where that is enough: at 12 megapixels, half the time. Palette, grey, CMYK,
    16-bit and transparent pictures become 8-bit BGR; transparency is laid on white.

    Raises:
        TruncatedPhoto: the file ends before its image does, or its data is damaged.
    """
    shrink = 1
    if long_side_px is not None and header.media_type == "image/jpeg" and header.mode in ("RGB", "L"):
        while shrink < 8 and max(header.width_px, header.height_px) // (2 * shrink) >= long_side_px:
            shrink *= 2
    try:
        if header.media_type == "image/jpeg" and header.mode in ("RGB", "L"):
            bgr = _decode_jpeg(data, header, shrink)
        else:
            bgr = _decode_with_pillow(data, header)
    except (OSError, SyntaxError, ValueError, EOFError) as broken:
        raise _truncated(len(data)) from broken
    return Photo(_turn(bgr, header.orientation), 1.0 / shrink, header.width_px, header.height_px)


def _decode_jpeg(data: bytes, header: Header, shrink: int) -> Image:
    stored = (header.width_px, header.height_px)
    if header.orientation in _EXIF_TRANSPOSED:
        stored = stored[::-1]
    # Ceil division is how a JPEG decoder sizes a scaled picture.
    smallest = {"min_width": -(-stored[0] // shrink), "min_height": -(-stored[1] // shrink)} if shrink > 1 else {}
    # strict: what libjpeg would only warn of (a missing end, damaged data) is an error here.
    return np.asarray(simplejpeg.decode_jpeg(data, colorspace="BGR", strict=True, **smallest))


def _decode_with_pillow(data: bytes, header: Header) -> Image:
    if header.media_type == "image/png":
        if b"IEND\xaeB`\x82" not in data:
            raise EOFError("the PNG has no end")
        Pillow.open(io.BytesIO(data)).verify()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        opened: Pillow.Image = Pillow.open(io.BytesIO(data))
        opened.load()
    if opened.mode.startswith("I;16") or opened.mode in ("I", "F"):
        wide = np.asarray(opened, np.float32)
        grey = np.clip(wide / 257.0 if wide.max() > 255 else wide, 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
        layered = opened.convert("RGBA")
        opened = Pillow.new("RGBA", layered.size, (255, 255, 255, 255))
        opened.alpha_composite(layered)
    return np.ascontiguousarray(np.asarray(opened.convert("RGB"))[:, :, ::-1])


def _turn(bgr: Image, orientation: int) -> Image:
    if orientation in (2, 4):
        return np.asarray(cv2.flip(bgr, 1 if orientation == 2 else 0), np.uint8)
    if orientation in (5, 7):
        transposed = cv2.transpose(bgr)
        return np.asarray(transposed if orientation == 5 else cv2.flip(transposed, -1), np.uint8)
    turn = _EXIF_TURNS.get(orientation)
    return bgr if turn is None else np.asarray(cv2.rotate(bgr, turn), np.uint8)


def _truncated(size_bytes: int) -> TruncatedPhoto:
    return TruncatedPhoto(
        f"The file ends before its image does, or its data is damaged ({size_bytes} bytes arrived).",
        "Send the whole file again; check the upload's length.",
        bytes=size_bytes,
    )


def _too_many_pixels(size: str, **numbers: Any) -> TooManyPixels:
    return TooManyPixels(
        f"The photo claims {size} pixels; the limits are {MAX_PIXELS} in all and {MAX_SIDE_PX} a side.",
        "Send the camera's photo at 12 megapixels or less.",
        limit=MAX_PIXELS,
        limit_side=MAX_SIDE_PX,
        **numbers,
    )
