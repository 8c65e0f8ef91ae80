"""Blobs: which encrypted objects exist and the wrapped key of each; and the store's own secrets, wrapped likewise."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from idqc.store.tables.columns import ID_CHARACTERS, Moment, metadata

blobs = Table(
    "blobs",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Index("ix_blobs_kind_created_at", "kind", "created_at"),
    Index("ix_blobs_key_id", "key_id"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
)
