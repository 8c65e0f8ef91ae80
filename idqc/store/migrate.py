"""Brings a database's tables up to date at start-up; several processes may start at the same time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text

from idqc.errors import SetupError
from idqc.store.engine import Store

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_205_613
"""Any number, the same in every process: PostgreSQL's advisory lock while tables are made."""


def configuration() -> Config:
    """Alembic's configuration, without an ini file, so that the wheel can migrate too."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(store: Store) -> None:
    """Runs the migrations that this database lacks, all of them in one transaction.

    Raises:
        SetupError: the database was made by a newer idqc.
    """
    config = configuration()
    with store.unit_of_work() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as unknown:
            raise SetupError(
                f"The database's tables are not of this version ({str(unknown)[:80]}).",
                "Run the idqc that made them, or a newer one; `idqc` never migrates downwards.",
                code="setup.database_version",
            ) from None
