"""Submissions, their inspections, and every change of their state."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from idqc.states import State
from idqc.store.tables.columns import ID_CHARACTERS, Moment, document, metadata

_STATES = ", ".join(f"'{state.value}'" for state in State)

submissions = Table(
    "submissions",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # The customer's reference is never stored, only its HMAC; NULL once erased.
    Column("customer_hmac", String(64)),
    Column("submitter", String(ID_CHARACTERS), nullable=False, server_default=""),
    Column("idempotency_hmac", String(64)),
    Column("request_hmac", String(64), nullable=False),
    Column("document_type", String(40)),
    Column("language", String(2), nullable=False, server_default="ko"),
    Column("device", String(80)),
    Column("os", String(80)),
    Column("app_version", String(80)),
    Column("flags", document(), nullable=False),
    Column("replaces_id", String(ID_CHARACTERS), ForeignKey("submissions.id")),
    Column("spool_id", String(ID_CHARACTERS)),
    Column("photo_id", String(ID_CHARACTERS)),
    Column("inspection_id", String(ID_CHARACTERS)),
    Column("verdict", String(20)),
    Column("reasons", document(), nullable=False),
    Column("resubmit", Integer, nullable=False, server_default="0"),
    # The lease of a worker: whoever holds the token may conclude, until it expires.
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("not_before", Moment),
    Column("lease_token", String(ID_CHARACTERS)),
    Column("lease_until", Moment),
    Column("worker", String(80)),
    Column("error_code", String(80)),
    Column("decided_at", Moment),
    Column("decided_by", String(80)),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("(state = 'inspecting') = (lease_token IS NOT NULL)", name="lease"),
    Index("uq_submissions_idempotency", "submitter", "idempotency_hmac", unique=True),
    Index("uq_submissions_replaces_id", "replaces_id", unique=True),
    Index("ix_submissions_state_not_before", "state", "not_before"),
    Index("ix_submissions_customer_hmac", "customer_hmac"),
    Index("ix_submissions_state_updated_at", "state", "updated_at"),
)

inspections = Table(
    "inspections",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("submissions.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("release", String(80), nullable=False),
    Column("policy", String(80), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("document_type", String(40)),
    # Codes, scores, outcomes, thresholds, regions: nothing of the person. Readings are inside `sealed` alone.
    Column("findings", document(), nullable=False),
    Column("redactions", document(), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Index("ix_inspections_submission_id", "submission_id"),
)

state_changes = Table(
    "state_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("submissions.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", String(20)),
    Column("after", String(20), nullable=False),
    Column("actor", String(80), nullable=False),
    Index("ix_state_changes_submission_id", "submission_id"),
    # A submission leaves the machine's hands once: this index is what "decides nothing twice" rests on.
    Index(
        "uq_state_changes_concluded",
        "submission_id",
        unique=True,
        sqlite_where=text("before = 'inspecting' AND after IN ('auto_rejected', 'awaiting_review')"),
        postgresql_where=text("before = 'inspecting' AND after IN ('auto_rejected', 'awaiting_review')"),
    ),
)

decision_times = Table(
    "decision_times",
    metadata,
    Column("state", String(20), primary_key=True),
    # The bucket's upper end; the last one, without an end, is -1.
    Column("bucket_s", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("total_s", Float, nullable=False),
)
