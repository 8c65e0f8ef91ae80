"""Inspections at rest: codes and scores in the open, readings and sentences sealed under a key of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from idqc.audience import to_json
from idqc.errors import NotFound
from idqc.inspection import Audience, Inspection, Quad
from idqc.privacy import mask_resident_numbers
from idqc.store.tables import inspections
from idqc.store.vault import Sealed, Vault


@dataclass(frozen=True)
class StoredInspection:
    """One inspection as it was answered at its time, for each audience, and what was painted over."""

    id: str
    created_at: datetime
    release: str
    answers: Mapping[Audience, dict[str, Any]]
    redactions: tuple[Quad, ...]

    def for_audience(self, audience: Audience) -> dict[str, Any]:
        """The JSON that this audience may see; operators see what reviewers do."""
        return self.answers[Audience.CUSTOMER if audience is Audience.CUSTOMER else Audience.REVIEWER]


def row(
    vault: Vault, submission_id: str, done: Inspection, redactions: tuple[Quad, ...], now: datetime
) -> dict[str, Any]:
    """The row of an inspection, sealed; computed outside of the transaction that inserts it."""
    answers = {audience.value: _kept(done, audience) for audience in (Audience.REVIEWER, Audience.CUSTOMER)}
    sealed = vault.seal(json.dumps(answers, ensure_ascii=False).encode(), f"inspection {done.inspection_id}")
    findings = [
        {
            "criterion": finding.criterion,
            "score": finding.score,
            "outcome": finding.outcome.value,
            "regions": [{"label": r.label, "quad": r.quad, "defect": r.defect} for r in finding.regions],
        }
        for finding in done.findings
    ]
    return {
        "id": done.inspection_id,
        "submission_id": submission_id,
        "created_at": now,
        "release": done.release,
        "policy": done.policy,
        "verdict": done.verdict.value,
        "document_type": done.document_type,
        "findings": findings,
        "redactions": [list(map(list, quad)) for quad in redactions],
        "sealed": sealed.ciphertext,
        "key_id": sealed.key_id,
        "wrapped_key": sealed.wrapped_key,
    }


def _kept(done: Inspection, audience: Audience) -> dict[str, Any]:
    answer = to_json(done, audience)
    # An inspection stars resident numbers itself. What is kept is looked over once more, whoever made it.
    for reading in answer.get("fields", ()):
        if reading["value"] is not None:
            reading["value"] = mask_resident_numbers(reading["value"])
    return answer


def read(connection: Connection, vault: Vault, inspection_id: str) -> StoredInspection:
    """Opens one inspection. Raises NotFound when its retention ended."""
    found = connection.execute(select(inspections).where(inspections.c.id == inspection_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such inspection.", "Its retention ended, or the id is another's.")
    opened = vault.open(Sealed(found.key_id, found.wrapped_key, found.sealed), f"inspection {inspection_id}")
    answers = {Audience(name): answer for name, answer in json.loads(opened).items()}
    quads = tuple(tuple((float(x), float(y)) for x, y in quad) for quad in found.redactions)
    return StoredInspection(found.id, found.created_at, found.release, answers, quads)


def forget(connection: Connection, submission_id: str) -> int:
    """Deletes what was found out about one submission. Returns how many inspections."""
    return connection.execute(delete(inspections).where(inspections.c.submission_id == submission_id)).rowcount
