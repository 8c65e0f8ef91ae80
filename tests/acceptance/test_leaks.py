"""The release keeps no resident number: mock photos go the whole way through the queue, and everything is searched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.leaks import numbers_of, run
from idqc.labels import from_json, to_json
from idqc.synth.assets import Assets
from idqc.synth.generator import make_photo
from idqc.synth.plan import plan_photo

SEED = 20261122
PHOTOS = 5


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    """The scan takes the root logger for itself."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("quiet_logging")
def test_no_number_is_found_in_database_blobs_log_metrics_or_kept_pictures(tmp_path: Path) -> None:
    assets = Assets.load(None, None)
    labels = []
    for index in range(10_000):
        plan = plan_photo(SEED, index, "test")
        if plan.kind != "clean":
            continue
        data, line = make_photo(plan, assets)
        label = from_json(line)
        if numbers_of(label):
            label.file = f"{index}.jpg"
            (tmp_path / label.file).write_bytes(data)
            labels.append(from_json(to_json(label)))
        if len(labels) == PHOTOS:
            break
    found = run(tmp_path / "kept", tmp_path, labels)
    assert found["text_hits"] == {}
    assert found["plaintext_objects"] == 0
    assert found["read_in_kept_picture"] == []
    whole = found["all"]
    assert isinstance(whole, dict)
    assert whole["sent"] == PHOTOS
    # The same reader reads the numbers in the uploads: it would have found them.
    assert whole["readable_in_upload"] >= PHOTOS - 2
    assert whole["places_painted_less_than_half"] == 0
