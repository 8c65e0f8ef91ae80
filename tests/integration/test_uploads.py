"""Uploads over a real socket: refused while they stream, slow ones, clients that go away."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from idqc.logs import JsonLines
from idqc.photo.decode import MAX_BYTES
from idqc.settings import Settings
from idqc.store.house import House

CHUNK = 256 * 1024


@pytest.fixture
def address(stub: Any, house: House, request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(Settings(threads=1, upload_deadline_s=getattr(request, "param", 30.0)), stub, house),
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def head(key: dict[str, str]) -> Callable[..., bytes]:
    """The head of a request with a key."""
    bearer = f"Authorization: {key['Authorization']}"

    def made(*lines: str) -> bytes:
        first = ("POST /v1/inspections HTTP/1.1", "Host: x", "Content-Type: image/jpeg", bearer)
        return "\r\n".join((*first, *lines, "", "")).encode()

    return made


def read_answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    connection.settimeout(10)
    received = b""
    while b"\r\n\r\n" not in received or not received.rstrip().endswith(b"}"):
        part = connection.recv(65536)
        if not part:
            break
        received += part
    status, _, rest = received.partition(b"\r\n")
    return int(status.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_announced_excess_is_refused_before_any_byte(address: tuple[str, int], head: Callable[..., bytes]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(head(f"Content-Length: {MAX_BYTES + 1}"))
        status, body = read_answer(connection)
    assert (status, body["code"], body["numbers"]["limit"]) == (413, "photo.too_many_bytes", MAX_BYTES)


def test_an_unannounced_excess_is_refused_while_streaming(address: tuple[str, int], head: Callable[..., bytes]) -> None:
    sent = 0
    with socket.create_connection(address) as connection:
        connection.sendall(head("Transfer-Encoding: chunked"))
        with suppress(OSError):
            while sent < 4 * MAX_BYTES:
                connection.sendall(f"{CHUNK:x}\r\n".encode() + bytes(CHUNK) + b"\r\n")
                sent += CHUNK
        assert sent < 4 * MAX_BYTES
        with suppress(ConnectionError):  # the server may close on a client that goes on sending: it reads no further
            assert read_answer(connection)[0] == 413


@pytest.mark.parametrize("address", [0.5], indirect=True)
def test_a_slow_upload_is_ended(address: tuple[str, int], head: Callable[..., bytes]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(head("Content-Length: 1000") + b"\xff\xd8\xff")
        status, body = read_answer(connection)
    assert (status, body["code"], body["numbers"]["bytes"]) == (408, "request.upload_too_slow", 3)


def test_a_client_gone_in_mid_upload_is_quiet(
    address: tuple[str, int], stub: Any, photo: bytes, log_lines: io.StringIO, head: Callable[..., bytes]
) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(head(f"Content-Length: {len(photo)}") + photo[:1000])
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(15).startswith(b"HTTP/1.1 200")
    time.sleep(0.2)
    with socket.create_connection(address) as connection:
        connection.sendall(head(f"Content-Length: {len(photo)}", "Connection: close") + photo)
        assert read_answer(connection)[0] == 200
    assert len(stub.calls) == 1
    assert "rror" not in log_lines.getvalue()
