"""The client against a real server on a socket: typed answers, problems, tries while it is busy or away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from idqc.client import Client, ClientError, kind_of
from idqc.errors import Busy
from idqc.settings import Settings
from idqc.store.house import House


@pytest.fixture
def url(stub: Any, house: House) -> Iterator[str]:
    app = create_app(Settings(threads=1, waiting=2), stub, house)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def backend(url: str, key: dict[str, str], waits: list[float]) -> Client:
    return Client(url, key["Authorization"].removeprefix("Bearer "), sleep=waits.append)


def test_an_inspection_is_typed(backend: Client, photo: bytes) -> None:
    done = backend.inspect(photo, surface="capture")
    assert (done.verdict, done.document_type) == ("warn", "kr_resident")
    assert [one.criterion for one in done.acting()] == ["quality.glare"]


def test_a_capture_session_is_made(backend: Client) -> None:
    made = backend.create_capture_session("customer-1", language="en", return_url="https://bank.example")
    assert made.page.startswith(f"{backend.url}/capture#session={made.session_id}&token=")
    assert made.token not in repr(made)
    assert backend.key not in repr(backend)


def test_a_problem_is_raised_with_its_code(backend: Client, waits: list[float]) -> None:
    with pytest.raises(ClientError) as refused:
        backend.inspect(b"no photo")
    assert (refused.value.status, refused.value.code) == (415, "photo.not_an_image")
    assert refused.value.hint
    assert waits == []


def test_a_wrong_key_is_told(url: str) -> None:
    with pytest.raises(ClientError) as refused:
        Client(url, "idqc_wrong").create_capture_session("customer-1")
    assert refused.value.status == 401


def test_a_busy_service_is_asked_again_after_the_time_it_names(
    backend: Client, stub: Any, photo: bytes, waits: list[float]
) -> None:
    def busy_once() -> None:
        stub.during = lambda: None
        raise Busy("full", "again", retry_after_s=2)

    stub.during = busy_once
    assert backend.inspect(photo).verdict == "warn"
    assert waits == [2.0]


def test_an_absent_service_is_given_up_after_some_tries(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClientError) as lost:
        Client(nobody, "key", sleep=waits.append).submission("1")
    assert (lost.value.status, lost.value.code, len(waits)) == (0, "service.unreachable", 3)
    assert waits == sorted(waits)


def test_a_key_never_travels_in_the_clear() -> None:
    with pytest.raises(ValueError, match="https"):
        Client("http://idqc.bank.example", "key")


def test_the_kind_of_a_photo_is_seen(make_photo: Callable[..., bytes]) -> None:
    assert [kind_of(make_photo(kind)) for kind in ("JPEG", "PNG", "WEBP")] == ["image/jpeg", "image/png", "image/webp"]
