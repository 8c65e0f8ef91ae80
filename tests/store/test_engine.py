"""The store: only unit_of_work commits, migrations make exactly the tables, several processes may start at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from idqc.errors import SetupError
from idqc.store.engine import Store, open_store
from idqc.store.tables import audit_head, metadata
from idqc.store.tables.columns import Moment
from tests.databases import DIALECTS, database


def head(connection: Connection) -> int | None:
    return connection.execute(select(audit_head.c.seq)).scalar()


def test_a_block_commits_at_its_end_and_an_exception_takes_it_all_back(store: Store) -> None:
    with store.unit_of_work() as connection:
        connection.execute(update(audit_head).values(seq=5))

    def fail() -> None:
        with store.unit_of_work() as connection:
            connection.execute(update(audit_head).values(seq=6))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as connection:
        assert head(connection) == 5


def test_reading_keeps_nothing(store: Store) -> None:
    with store.reading() as connection:
        connection.execute(update(audit_head).values(seq=5))
    with store.reading() as connection:
        assert head(connection) == 0


def test_the_database_keeps_its_rules(store: Store) -> None:
    with pytest.raises(IntegrityError), store.unit_of_work() as connection:
        connection.execute(insert(audit_head).values(id=2, seq=5, hash="x"))


def test_writers_of_many_threads_lose_nothing(store: Store) -> None:
    def add(_: int) -> None:
        with store.unit_of_work() as connection:
            seq = connection.execute(select(audit_head.c.seq).with_for_update()).scalar_one()
            connection.execute(update(audit_head).values(seq=seq + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    with store.reading() as connection:
        assert head(connection) == 80


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    seen = []

    def read() -> None:
        with store.reading() as connection:
            seen.append(head(connection))

    with store.unit_of_work() as connection:
        connection.execute(update(audit_head).values(seq=5))
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(5)
    assert seen == [0]


def test_a_moment_comes_back_in_utc_and_needs_its_zone(store: Store) -> None:
    korea = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    with store.reading() as connection:
        kind = Moment()
        bound = kind.process_bind_param(korea, connection.dialect)
        assert kind.process_result_value(bound, connection.dialect) == datetime(2026, 11, 22, tzinfo=UTC)
        with pytest.raises(ValueError, match="zone"):
            kind.process_bind_param(datetime(2026, 11, 22), connection.dialect)


def test_migrations_make_the_tables_that_the_code_declares(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_processes_that_start_together_migrate_once(dialect: str, tmp_path: Path) -> None:
    with database(dialect, tmp_path, tables=False) as url:
        with ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(open_store, [url] * 4))
        with stores[0].reading() as connection:
            assert len(connection.execute(text("SELECT version_num FROM alembic_version")).all()) == 1
        for store in stores:
            store.close()


def test_a_database_of_a_newer_idqc_is_refused(database_url: str) -> None:
    store = open_store(database_url)
    with store.unit_of_work() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(SetupError) as refused:
        open_store(database_url)
    assert refused.value.code == "setup.database_version"


@pytest.mark.parametrize(
    "url", ["mysql://root@localhost/x", "not a url", "sqlite://", "postgresql://nobody@127.0.0.1:1/nothing"]
)
def test_a_url_that_cannot_be_used_is_said_so(url: str) -> None:
    with pytest.raises(SetupError) as refused:
        open_store(url)
    assert refused.value.code == "setup.database"
