"""The audit log: who did what to which case, each entry holding the hash of the one before it.

`append` takes the caller's connection: an entry stands or falls with the change that it tells of. Details hold codes
and counts, never a name, a number or a reference of a customer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from idqc.store.tables import audit_entries, audit_head

START = "0" * 64
"""What the first entry holds in place of a hash."""
AT_A_TIME = 1000


@dataclass(frozen=True)
class Verified:
    """A chain that was read to its end: how many entries, and the hash of the last. `fault` says what is wrong."""

    entries: int
    head: str
    fault: str | None = None


def append(
    connection: Connection,
    actor: str,
    action: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> str:
    """Adds one entry and returns its hash.

    Args:
        connection: of an open `unit_of_work()`; on PostgreSQL the chain's head stays locked until it ends.
        actor: who acts: `worker`, `key:NAME`, `reviewer:ID`, `operator`.
        action: what was done, such as `photo.viewed` or `submission.erased`.
        subject: what it was done to: an id of ours.
        details: JSON values without personal data.
        at: when, by default now.
    """
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one()
    seq, previous = head.seq + 1, head.hash
    when = at or datetime.now(UTC)
    written = json.dumps(dict(details or {}), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    hashed = _hash(seq, when, actor, action, subject, written, previous)
    connection.execute(
        insert(audit_entries).values(
            seq=seq, at=when, actor=actor, action=action, subject=subject, details=written, previous_hash=previous,
            hash=hashed,
        )
    )  # fmt: skip
    connection.execute(update(audit_head).values(seq=seq, hash=hashed))
    return hashed


def verify(connection: Connection, anchors: Mapping[int, str] | None = None) -> Verified:
    """Reads the whole chain: a changed, missing, added or cut-off entry is a fault.

    Args:
        connection: any.
        anchors: hashes by sequence number that were noted elsewhere. Whoever may write into the database could make
            the whole chain anew; it cannot then hold a hash that lies outside.
    """
    wanted = dict(anchors or {})
    previous, seq = START, 0
    while True:
        page = connection.execute(
            select(audit_entries).where(audit_entries.c.seq > seq).order_by(audit_entries.c.seq).limit(AT_A_TIME)
        ).all()
        if not page:
            break
        for entry in page:
            if entry.seq != seq + 1:
                return Verified(seq, previous, f"entry {seq + 1} is missing")
            hashed = _hash(
                entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.details, entry.previous_hash
            )
            if entry.previous_hash != previous or entry.hash != hashed:
                return Verified(seq, previous, f"entry {entry.seq} was changed")
            if wanted.pop(entry.seq, hashed) != hashed:
                return Verified(seq, previous, f"entry {entry.seq} is not the one that was noted")
            previous, seq = hashed, entry.seq
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash)).one()
    if (head.seq, head.hash) != (seq, previous):
        return Verified(seq, previous, f"the log ends at entry {seq}, and its head is elsewhere")
    if wanted:
        return Verified(seq, previous, f"entry {min(wanted)}, which was noted, is missing")
    return Verified(seq, previous)


def _hash(seq: int, at: datetime, actor: str, action: str, subject: str, details: str, previous: str) -> str:
    fields = [seq, at.astimezone(UTC).isoformat(timespec="microseconds"), actor, action, subject, details, previous]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
