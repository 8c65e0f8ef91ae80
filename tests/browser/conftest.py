"""A real browser (Debian's Chromium, driven by Playwright) and the service that it looks at."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 60_000
"""How long a test waits for what it expects: a busy machine is slow, and that is no fault of a page."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright itself, of which a process runs one: browsers of several kinds share it."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(driver: Playwright) -> Iterator[Browser]:
    """Chromium without a window."""
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    opened = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield opened
    opened.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The app on a free port of this machine; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def shots() -> Path:
    """Where pictures of the pages go, to be looked at."""
    folder = Path("build/shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
