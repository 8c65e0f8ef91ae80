"""The database: SQLite (WAL, one writer) or PostgreSQL by URL, and `unit_of_work()`, the only committer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from idqc.errors import SetupError

WRITES = "idqc_writes"
BUSY_S = 60
"""How long a writer of SQLite waits for another process's transaction; one takes milliseconds."""


def utc_now() -> datetime:
    """The time now, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Store:
    """One open database. Safe to share between threads; every block of `with` has a connection of its own."""

    engine: Engine
    clock: Callable[[], datetime] = utc_now
    """Where queries take the time from; a test hands in its own."""
    _writer: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether one file holds everything, and writers queue for it."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def unit_of_work(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end of the block, rolled back by any exception.

        Never open one inside another. On SQLite the block holds the only write lock from its first line on: compute
        before it, not in it.
        """
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        # Threads of this process queue in order here; SQLite's own busy handler, for other processes, is not fair.
        with self._writer, self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads; it never waits for a writer. Rolled back at the end."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()


def open_store(url: str, *, clock: Callable[[], datetime] = utc_now) -> Store:
    """Opens the database and brings its tables up to date.

    Args:
        url: `sqlite:///path/to/idqc.db` or `postgresql://user:password@host/name`.
        clock: where queries take the time from.

    Raises:
        SetupError: a URL that cannot be used, a database that does not answer, or one of a newer idqc.
    """
    from idqc.store.migrate import upgrade

    store = Store(_open_engine(url), clock)
    try:
        upgrade(store)
    except OperationalError as refused:
        store.close()
        raise SetupError(
            f"The database does not answer ({type(refused.orig).__name__}).",
            "Check IDQC_DATABASE_URL, the server, and this user's rights.",
            code="setup.database",
        ) from None
    except BaseException:
        # Whoever called has no store to close.
        store.close()
        raise
    return store


def _open_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise ArgumentError("a file is needed")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": BUSY_S, "check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        if parsed.get_backend_name() == "postgresql":
            return create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20)
    except (ArgumentError, ModuleNotFoundError, OSError) as wrong:
        raise SetupError(
            f"The database URL cannot be used ({type(wrong).__name__}).",
            "Use sqlite:///path/to/idqc.db, or postgresql://user:password@host/name with the `postgres` extra.",
            code="setup.database",
        ) from None
    raise SetupError(
        f"The database {parsed.get_backend_name()[:20]!r} is not supported.",
        "Use sqlite:///path/to/idqc.db or postgresql://user:password@host/name.",
        code="setup.database",
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own implicit transactions are off: BEGIN is emitted by _begin_sqlite, so that a writer locks at once.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.execute(text("BEGIN IMMEDIATE" if writes else "BEGIN"))
