"""Webhooks: who is told, and the messages that wait to be delivered. A message is a row of the change it tells of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from idqc.errors import NotFound
from idqc.states import State
from idqc.store.tables import submissions, webhook_deliveries, webhook_endpoints
from idqc.store.vault import Vault, WrappedKey

EVENT = "submission.state_changed"
DELAYS = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 7200, 21600, 43200, 86400))
"""Waits between attempts: ten in all over about two days, after which a message is given up."""


@dataclass(frozen=True)
class Delivery:
    """One message in a sender's hands."""

    id: str
    token: str
    attempt: int
    url: str
    secret: bytes
    payload: dict[str, Any]


def add_endpoint(connection: Connection, vault: Vault, url: str, secret: bytes, now: datetime) -> str:
    """Adds a receiver and returns its id. `secret` signs its messages."""
    endpoint_id = uuid.uuid4().hex
    wrapped = vault.wrap(secret, f"webhook {endpoint_id}")
    connection.execute(
        insert(webhook_endpoints).values(
            id=endpoint_id, url=url, created_at=now, key_id=wrapped.key_id, wrapped_key=wrapped.wrapped_key
        )
    )
    return endpoint_id


def endpoints(connection: Connection) -> Sequence[RowMapping]:
    """The receivers that are told of changes."""
    live = select(webhook_endpoints).where(webhook_endpoints.c.removed_at.is_(None))
    return connection.execute(live.order_by(webhook_endpoints.c.created_at)).mappings().all()


def remove_endpoint(connection: Connection, endpoint_id: str, now: datetime) -> None:
    """Stops telling a receiver; what waits for it is given up. Raises NotFound."""
    removed = connection.execute(
        update(webhook_endpoints)
        .where(webhook_endpoints.c.id == endpoint_id, webhook_endpoints.c.removed_at.is_(None))
        .values(removed_at=now)
    )
    if removed.rowcount != 1:
        raise NotFound("There is no such webhook.", "`idqc webhooks list` prints their ids.")
    connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.endpoint_id == endpoint_id, webhook_deliveries.c.next_at.is_not(None))
        .values(next_at=None, gave_up_at=now, last_error="webhook.removed")
    )


def announce(connection: Connection, submission_id: str, before: State | None, after: State, now: datetime) -> None:
    """Writes one message for each receiver, in the transaction of the change itself. Holds no personal data."""
    receivers = endpoints(connection)
    if not receivers:
        return
    row = connection.execute(
        select(submissions.c.verdict, submissions.c.resubmit, submissions.c.replaces_id).where(
            submissions.c.id == submission_id
        )
    ).one()
    payload = {
        "type": EVENT,
        "timestamp": now.isoformat(timespec="milliseconds"),
        "data": {
            "submission_id": submission_id,
            "state": after.value,
            "previous_state": None if before is None else before.value,
            "verdict": row.verdict,
            "resubmit": bool(row.resubmit),
            "replaces": row.replaces_id,
        },
    }
    for receiver in receivers:
        connection.execute(
            insert(webhook_deliveries).values(
                id=uuid.uuid4().hex,
                endpoint_id=receiver["id"],
                submission_id=submission_id,
                created_at=now,
                payload=payload,
                next_at=now,
            )
        )


def due(connection: Connection, now: datetime) -> bool:
    """Whether a message waits: a look that takes no write lock."""
    some = select(webhook_deliveries.c.id).where(webhook_deliveries.c.next_at <= now).limit(1)
    return connection.execute(some).first() is not None


def claim(connection: Connection, vault: Vault, now: datetime, lease: timedelta) -> Delivery | None:
    """Takes the message that is due longest; it comes back by itself when the sender dies."""
    due = (
        select(webhook_deliveries.c.id)
        .where(webhook_deliveries.c.next_at <= now)
        .order_by(webhook_deliveries.c.next_at, webhook_deliveries.c.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    token = uuid.uuid4().hex
    taken = connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id == due)
        .values(next_at=now + lease, lease_token=token, attempt=webhook_deliveries.c.attempt + 1)
        .returning(
            webhook_deliveries.c.id,
            webhook_deliveries.c.attempt,
            webhook_deliveries.c.endpoint_id,
            webhook_deliveries.c.payload,
        )
    ).one_or_none()
    if taken is None:
        return None
    receiver = connection.execute(select(webhook_endpoints).where(webhook_endpoints.c.id == taken.endpoint_id)).one()
    secret = vault.unwrap(WrappedKey(receiver.key_id, receiver.wrapped_key), f"webhook {receiver.id}")
    return Delivery(taken.id, token, taken.attempt, receiver.url, secret, taken.payload)


def delivered(connection: Connection, sent: Delivery, now: datetime) -> None:
    """The receiver took it."""
    _settle(connection, sent, next_at=None, delivered_at=now, last_error=None)


def failed(connection: Connection, sent: Delivery, now: datetime, error: str) -> None:
    """It did not: later again, or never."""
    if sent.attempt > len(DELAYS):
        _settle(connection, sent, next_at=None, gave_up_at=now, last_error=error)
    else:
        _settle(connection, sent, next_at=now + DELAYS[sent.attempt - 1], last_error=error)


def _settle(connection: Connection, sent: Delivery, **values: Any) -> None:
    connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id == sent.id, webhook_deliveries.c.lease_token == sent.token)
        .values(lease_token=None, **values)
    )
