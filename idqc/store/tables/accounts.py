"""Accounts of the console, and the sessions that are open. Passwords and session secrets are kept as hashes."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from idqc.store.tables.columns import ID_CHARACTERS, Moment, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200)),
    # Who the account is at the identity provider, from the first sign-in there on.
    Column("openid_subject", String(255)),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    CheckConstraint("role IN ('reviewer', 'lead', 'operator')", name="role"),
    Index("uq_accounts_name", "name", unique=True),
    Index("uq_accounts_openid_subject", "openid_subject", unique=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", String(ID_CHARACTERS), ForeignKey("accounts.id"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Index("ix_sessions_ends_at", "ends_at"),
    Index("ix_sessions_account_id", "account_id"),
)
