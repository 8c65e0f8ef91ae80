"""Time to decision, counted in the transaction of each decision, so that one metric has those of every process."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from idqc.states import State
from idqc.store.tables import decision_times

BUCKETS_S = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400, 259_200)
"""From a machine's seconds to a reviewer's three days."""
BEYOND = -1


def count(connection: Connection, state: State, seconds: float) -> None:
    """Counts one decision."""
    bucket = next((end for end in BUCKETS_S if seconds <= end), BEYOND)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    one = insert(decision_times).values(state=state.value, bucket_s=bucket, count=1, total_s=seconds)
    connection.execute(
        one.on_conflict_do_update(
            index_elements=[decision_times.c.state, decision_times.c.bucket_s],
            set_={"count": decision_times.c.count + 1, "total_s": decision_times.c.total_s + seconds},
        )
    )


def read(connection: Connection) -> dict[State, tuple[dict[int, int], float]]:
    """By state: decisions by bucket (not cumulative), and the sum of their seconds."""
    found: dict[State, tuple[dict[int, int], float]] = {}
    for row in connection.execute(select(decision_times)):
        buckets, total_s = found.get(State(row.state), ({}, 0.0))
        found[State(row.state)] = ({**buckets, row.bucket_s: int(row[2])}, total_s + row.total_s)
    return found
