"""Bad input through the real decode: each with its stable code and status, over HTTP and at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from typer.testing import CliRunner

import idqc.installation
from api.schemas import Problem
from idqc.cli import SOME_WERE_BAD, app
from idqc.errors import IdqcError, PhotoError, TruncatedPhoto
from idqc.photo.decode import decode, read_header
from tests.integration.bad_photos import Bad, bad_photos, cut_places, encode, picture

BAD = list(bad_photos())


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, stub: Any) -> Callable[..., Any]:
    monkeypatch.setattr(idqc.installation, "open_installation", lambda settings: stub)
    return lambda *arguments: CliRunner().invoke(app, ["inspect", "--json", *map(str, arguments)])


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_over_http(client: TestClient, bad: Bad) -> None:
    answer = client.post("/v1/inspections", content=bad.data, headers={"Content-Type": bad.media_type})
    body = Problem.model_validate(answer.json())
    assert (answer.status_code, body.code) == (bad.status, bad.code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body.detail
    assert body.hint
    for leak in ("Traceback", "/", ".py", "Error"):
        assert leak not in body.detail.replace("HEIC/HEIF", "")
    assert client.get("/healthz").status_code == 200


def test_at_the_command_line_a_bad_file_never_ends_the_run(
    tmp_path: Path, command_line: Callable[..., Any], photo: bytes
) -> None:
    expected = []
    for number, bad in enumerate(BAD):
        (tmp_path / f"{2 * number:03d}.jpg").write_bytes(bad.data)
        (tmp_path / f"{2 * number + 1:03d}.jpg").write_bytes(photo)
        expected += [bad.code, None]
    done = command_line(tmp_path, tmp_path / "missing.jpg")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == SOME_WERE_BAD
    assert [line.get("error", {}).get("code") for line in lines] == [*expected, "file.unreadable"]
    assert [Path(line["path"]).name for line in lines[:-1]] == [f"{n:03d}.jpg" for n in range(len(expected))]
    assert all(line["verdict"] == "warn" for line in lines if "error" not in line)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_never_judged(progressive: bool) -> None:
    whole = encode(picture(), "JPEG", quality=90, progressive=progressive)
    decode(whole, read_header(whole))
    places = list(cut_places(len(whole)))
    assert len(places) == 64
    assert len(whole) - 1 in places
    for place in places:
        part = whole[:place]
        for long_side_px in (None, 320):
            with pytest.raises(PhotoError) as refused:
                decode(part, read_header(part), long_side_px)
            assert refused.value.code in ("photo.truncated", "photo.not_an_image"), place
            if place > 3:
                assert isinstance(refused.value, TruncatedPhoto), place


def test_cut_jpegs_over_http(client: TestClient, photo: bytes) -> None:
    for place in (len(photo) // 3, len(photo) - 2, len(photo) - 1):
        answer = client.post("/v1/inspections", content=photo[:place], headers={"Content-Type": "image/jpeg"})
        assert (answer.status_code, answer.json()["code"]) == (422, "photo.truncated")


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("PNG", "I;16", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "LA", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "1", "image/png"),
        ("WEBP", "RGBA", "image/webp"),
    ],
)
def test_unusual_pixels_are_converted(client: TestClient, kind: str, mode: str, media_type: str) -> None:
    grey = np.tile(np.linspace(0, 255, 640, dtype=np.uint8), (480, 1))
    image = Image.fromarray(grey)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = (
            image.convert("RGBA" if mode == "RGBA" else "L").convert(mode) if mode != "CMYK" else image.convert("CMYK")
        )
    data = encode(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    bgr = decode(data, read_header(data)).bgr
    assert bgr.shape == (480, 640, 3)
    assert bgr.dtype == np.uint8
    if mode != "1":
        assert np.abs(bgr.astype(int) - grey[:, :, None]).max() <= 6
    answer = client.post("/v1/inspections", content=data, headers={"Content-Type": media_type})
    assert answer.status_code == 200


def test_transparency_lies_on_white() -> None:
    clear = picture().convert("RGBA")
    clear.putalpha(0)
    data = encode(clear, "PNG")
    assert decode(data, read_header(data)).bgr.min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("long_side_px", [None, 320])
def test_exif_turns_are_undone(orientation: int, long_side_px: int | None) -> None:
    upright = np.full((480, 640, 3), 128, np.uint8)
    upright[:240, :320] = (250, 20, 20)
    inverse = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    image = Image.fromarray(np.ascontiguousarray(inverse[orientation](upright)))
    exif = image.getexif()
    exif[0x0112] = orientation
    data = encode(image, "JPEG", exif=exif, quality=95)
    header = read_header(data)
    photo = decode(data, header, long_side_px)
    assert (header.width_px, header.height_px, photo.width_px, photo.height_px) == (640, 480, 640, 480)
    height, width = photo.bgr.shape[:2]
    assert (width, height) == (640 * photo.scale, 480 * photo.scale)
    blue_green_red = photo.bgr[height // 4, width // 4].astype(int)
    assert blue_green_red[2] > 200
    assert blue_green_red[0] < 80
    for y, x in ((1, 3), (3, 1), (3, 3)):
        assert np.abs(photo.bgr[y * height // 4, x * width // 4].astype(int) - 128).max() < 25


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_black_and_white_photos_are_photos(client: TestClient, level: int, kind: str) -> None:
    data = encode(Image.fromarray(np.full((480, 640, 3), level, np.uint8)), kind)
    assert abs(int(decode(data, read_header(data)).bgr.mean()) - level) <= 1
    answer = client.post("/v1/inspections", content=data, headers={"Content-Type": f"image/{kind.lower()}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_a_wrong_content_type_is_refused_with_a_hint(
    client: TestClient, photo: bytes, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = client.post("/v1/inspections", content=photo, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "request.content_type")
    assert "image/jpeg" in answer.json()["hint"]


def test_an_unknown_surface_is_refused(client: TestClient, photo: bytes, command_line: Callable[..., Any]) -> None:
    answer = client.post("/v1/inspections?surface=moon", content=photo, headers={"Content-Type": "image/jpeg"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.surface")
    assert command_line("--surface", "moon", "x.jpg").exit_code == 2


def test_a_mislabelled_photo_is_taken_for_what_it_is(client: TestClient) -> None:
    answer = client.post("/v1/inspections", content=encode(picture(), "PNG"), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200


def test_every_bad_photo_raises_an_error_of_the_tree() -> None:
    for bad in BAD:
        with pytest.raises(IdqcError) as refused:
            decode(bad.data, read_header(bad.data))
        assert (refused.value.status, refused.value.code) == (bad.status, bad.code), bad.name
