"""examples/javascript/capture.mjs against a running service, with the Node that Playwright brings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

from idqc.access.keys import Scope
from idqc.surfaces.keys import create_key
from tests.browser.capture.conftest import Running

ROOT = Path(__file__).parents[3]
GLARE = "quality.glare"


def example(house: Running, key: str, photos: list[Path]) -> subprocess.CompletedProcess[str]:
    """Runs the example with photos."""
    return subprocess.run(
        [compute_driver_executable()[0], ROOT / "examples/javascript/capture.mjs", *photos],
        env={**os.environ, "IDQC_URL": house.url, "IDQC_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_example_submits_the_first_photo_that_is_accepted(house: Running, photo_files: list[Path]) -> None:
    key = create_key(house.installation.store, "example", frozenset({Scope.SUBMIT}), actor="test").text
    house.inspector.script = [GLARE, None]
    done = example(house, key, photo_files)
    assert done.returncode == 0, done.stderr
    assert "photo 1: retake: Light reflects on the resident number." in done.stdout
    assert "photo 2: accept" in done.stdout
    assert [one.photo for one in house.queue] == [photo_files[1].read_bytes()]


def test_the_example_takes_the_way_through(house: Running, photo_files: list[Path]) -> None:
    key = create_key(house.installation.store, "example", frozenset({Scope.SUBMIT}), actor="test").text
    house.inspector.script = [GLARE] * 3
    assert "(bypassed)" in example(house, key, photo_files).stdout
    assert [one.flags for one in house.queue] == [("capture.bypassed",)]


def test_the_example_tells_a_wrong_key(house: Running, photo_files: list[Path]) -> None:
    done = example(house, "idqc_wrong", photo_files)
    assert done.returncode != 0
    assert "access." in done.stderr
