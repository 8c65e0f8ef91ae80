"""The audit chain: every kind of tampering is found, writers at the same time keep one chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, update

from idqc.store import audit
from idqc.store.engine import Store
from idqc.store.tables import audit_entries, audit_head


@pytest.fixture
def log(store: Store) -> Store:
    for number in range(5):
        with store.unit_of_work() as connection:
            audit.append(connection, "reviewer:7", "photo.viewed", f"case{number}", {"number": number, "이유": "검토"})
    return store


def verified(store: Store, **anchors: Any) -> audit.Verified:
    with store.reading() as connection:
        return audit.verify(connection, **anchors)


def test_an_untouched_chain_is_whole(log: Store) -> None:
    found = verified(log)
    assert (found.entries, found.fault) == (5, None)
    assert verified(log, anchors={5: found.head}).fault is None


def test_an_empty_log_is_whole(store: Store) -> None:
    assert verified(store) == audit.Verified(0, audit.START)


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "reviewer:8"), ("action", "photo.deleted"), ("subject", "case9"), ("details", "{}"), ("hash", "0" * 64)],
)
def test_a_changed_entry_is_found(log: Store, column: str, value: str) -> None:
    with log.unit_of_work() as connection:
        connection.execute(update(audit_entries).where(audit_entries.c.seq == 3).values({column: value}))
    assert verified(log).fault == "entry 3 was changed"


def test_a_missing_entry_is_found(log: Store) -> None:
    with log.unit_of_work() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.seq == 3))
    assert verified(log).fault == "entry 3 is missing"


def test_an_end_that_was_cut_off_is_found(log: Store) -> None:
    with log.unit_of_work() as connection:
        connection.execute(delete(audit_entries).where(audit_entries.c.seq > 3))
    assert verified(log).fault == "the log ends at entry 3, and its head is elsewhere"


def test_a_chain_made_anew_is_found_by_a_hash_that_was_noted(log: Store) -> None:
    noted = verified(log)
    with log.unit_of_work() as connection:
        connection.execute(delete(audit_entries))
        connection.execute(update(audit_head).values(seq=0, hash=audit.START))
        for _ in range(5):
            audit.append(connection, "reviewer:7", "photo.viewed", "other")
    assert verified(log).fault is None
    assert verified(log, anchors={5: noted.head}).fault == "entry 5 is not the one that was noted"
    assert verified(log, anchors={6: noted.head}).fault == "entry 6, which was noted, is missing"


def test_an_entry_falls_with_its_transaction(log: Store) -> None:
    with log.reading() as connection:
        audit.append(connection, "worker", "photo.viewed", "never")
    assert verified(log).entries == 5


def test_writers_at_the_same_time_make_one_chain(log: Store) -> None:
    def write(number: int) -> None:
        with log.unit_of_work() as connection:
            audit.append(connection, "worker", "submission.concluded", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    found = verified(log)
    assert (found.entries, found.fault) == (45, None)
