"""Webhooks: where changes of state are told, and each message with its attempts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from idqc.store.tables.columns import ID_CHARACTERS, Moment, document, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("url", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("removed_at", Moment),
    Column("key_id", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("endpoint_id", String(ID_CHARACTERS), ForeignKey("webhook_endpoints.id"), nullable=False),
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("submissions.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("payload", document(), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    # NULL once delivered or given up.
    Column("next_at", Moment),
    Column("lease_token", String(ID_CHARACTERS)),
    Column("delivered_at", Moment),
    Column("gave_up_at", Moment),
    Column("last_error", String(80)),
    Index("ix_webhook_deliveries_next_at", "next_at"),
    Index("ix_webhook_deliveries_submission_id", "submission_id"),
)
