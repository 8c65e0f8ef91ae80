"""The store's own secrets, wrapped by the master key, and the rotation that wraps everything anew."""

from __future__ import annotations

import secrets as random
from datetime import datetime

from sqlalchemy import Connection, Table, insert, select, text, update

from idqc.store import blobs
from idqc.store.engine import Store
from idqc.store.tables import inspections, secrets, webhook_endpoints
from idqc.store.vault import KEY_BYTES, Vault, WrappedKey

PSEUDONYMS = "pseudonyms"
"""The key of the HMAC over customers' references: lost with it is who was who, and nothing else."""
AT_A_TIME = 200


def secret(connection: Connection, vault: Vault, name: str, now: datetime) -> bytes:
    """A secret of 32 bytes by its name, made when it is asked for the first time. Raises BlobError."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"idqc secret {name}"})
    row = connection.execute(select(secrets).where(secrets.c.name == name)).one_or_none()
    if row is not None:
        return vault.unwrap(WrappedKey(row.key_id, row.wrapped_key), f"secret {name}")
    made = random.token_bytes(KEY_BYTES)
    wrapped = vault.wrap(made, f"secret {name}")
    connection.execute(
        insert(secrets).values(name=name, created_at=now, key_id=wrapped.key_id, wrapped_key=wrapped.wrapped_key)
    )
    return made


def rotate(store: Store, vault: Vault) -> int:
    """Puts every wrapped key under the current master key, a few at a time; may be stopped and run again.

    Returns:
        How many keys were wrapped anew. Afterwards older master keys open nothing here and can be destroyed.
    """
    total = 0
    kinds = ((secrets, "name", "secret"), (inspections, "id", "inspection"), (webhook_endpoints, "id", "webhook"))
    for table, key, word in kinds:
        while done := _rewrap(store, vault, table, key, word):
            total += done
    while True:
        with store.unit_of_work() as connection:
            done = blobs.rewrap(connection, vault, AT_A_TIME)
        if not done:
            return total
        total += done


def _rewrap(store: Store, vault: Vault, table: Table, key: str, word: str) -> int:
    with store.unit_of_work() as connection:
        old = connection.execute(
            select(table.c[key], table.c.key_id, table.c.wrapped_key)
            .where(table.c.key_id != vault.current)
            .limit(AT_A_TIME)
            .with_for_update()
        ).all()
        for name, key_id, wrapped_key in old:
            wrapped = vault.rewrap(WrappedKey(key_id, wrapped_key), f"{word} {name}")
            connection.execute(
                update(table).where(table.c[key] == name).values(key_id=wrapped.key_id, wrapped_key=wrapped.wrapped_key)
            )
        return len(old)
