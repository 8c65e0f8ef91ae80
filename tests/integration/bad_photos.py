"""Every bad photo of the contract, with the code and the HTTP status that it gets."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from idqc.photo.decode import MAX_BYTES


@dataclass(frozen=True)
class Bad:
    """One file, its media type, and what it must be answered."""

    name: str
    data: bytes
    status: int
    code: str
    media_type: str = "image/jpeg"


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """A picture with texture, so that no part of the file is empty of data."""
    return Image.effect_noise((width, height), 60.0).convert(mode)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """The file that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_that_claims(width: int, height: int) -> bytes:
    """A valid PNG header in front of next to no pixels: a decompression bomb in 100 bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (_png_chunk(b"IHDR", header), _png_chunk(b"IDAT", zlib.compress(b"\0" * 64)), _png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A JPEG whose frame header names another size than its data has."""
    data = bytearray(encode(picture(), "JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def cut_places(size: int) -> Iterator[int]:
    """64 places over the whole file, the last two bytes among them."""
    yield from (round(1 + index * (size - 4) / 61) for index in range(62))
    yield size - 2
    yield size - 1


def bad_photos() -> Iterator[Bad]:
    """All of them; JPEGs cut short come from `cut_places`."""
    jpeg = encode(picture(), "JPEG")
    frames = [picture(), picture().rotate(90, expand=False)]
    yield Bad("empty", b"", 400, "photo.empty")
    yield Bad("text", b"GET / HTTP/1.1\r\n" * 40, 415, "photo.not_an_image")
    yield Bad("zeros", bytes(5000), 415, "photo.not_an_image")
    yield Bad("pdf", b"%PDF-1.7\n" + bytes(500), 415, "photo.not_an_image")
    yield Bad("svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "photo.not_an_image", "image/svg+xml")
    yield Bad("bomb.png", png_that_claims(32_000, 32_000), 422, "photo.too_many_pixels", "image/png")
    yield Bad("bomb.jpg", jpeg_that_claims(65_000, 65_000), 422, "photo.too_many_pixels")
    yield Bad("over-40-mp", png_that_claims(8_000, 5_001), 422, "photo.too_many_pixels", "image/png")
    yield Bad("over-12000-px", png_that_claims(12_001, 400), 422, "photo.too_many_pixels", "image/png")
    yield Bad("thumbnail", encode(picture(640, 319), "JPEG"), 422, "photo.too_few_pixels")
    yield Bad("over-15-mb", jpeg + bytes(MAX_BYTES), 413, "photo.too_many_bytes")
    animated = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield Bad("animated.webp", animated, 415, "photo.animated", "image/webp")
    apng = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield Bad("animated.png", apng, 415, "photo.animated", "image/png")
    for brand in (b"heic", b"mif1", b"avif"):
        body = struct.pack(">I", 24) + b"ftyp" + brand + bytes(512)
        yield Bad(f"{brand.decode()}.heic", body, 415, "photo.heic", "image/heic")
    yield Bad("gif", encode(picture(), "GIF"), 415, "photo.unsupported_format", "image/gif")
    yield Bad("bmp", encode(picture(), "BMP"), 415, "photo.unsupported_format", "image/bmp")
    yield Bad("tiff", encode(picture(), "TIFF"), 415, "photo.unsupported_format", "image/tiff")
    png, webp = encode(picture(), "PNG"), encode(picture(), "WEBP")
    for share in (0.02, 0.3, 0.7, 0.99):
        yield Bad(f"cut-{share}.png", png[: int(len(png) * share)], 422, "photo.truncated", "image/png")
        yield Bad(f"cut-{share}.webp", webp[: int(len(webp) * share)], 422, "photo.truncated", "image/webp")
    yield Bad("png-without-last-byte", png[:-1], 422, "photo.truncated", "image/png")
    damaged = bytearray(png)
    damaged[len(png) // 2] ^= 0xFF
    yield Bad("damaged.png", bytes(damaged), 422, "photo.truncated", "image/png")
