"""Fixtures that every folder of tests may use: an empty store, on SQLite and on PostgreSQL.

What they need is imported when they run, since the environments for training and engines lack it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from idqc.store.engine import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with all tables; the test runs once on each kind."""
    from tests.databases import database

    with database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on that database."""
    from idqc.store.engine import open_store

    opened = open_store(database_url)
    yield opened
    opened.close()
