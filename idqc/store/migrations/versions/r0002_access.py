"""API keys, accounts and their sessions, review cases, opinions and appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from idqc.store.tables import columns

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("openid_subject", sa.String(255), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", columns.Moment(), nullable=True),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("disabled_at", columns.Moment(), nullable=True),
        sa.CheckConstraint("role IN ('reviewer', 'lead', 'operator')", name=op.f("ck_accounts_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index("uq_accounts_name", "accounts", ["name"], unique=True)
    op.create_index("uq_accounts_openid_subject", "accounts", ["openid_subject"], unique=True)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", columns.document(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("last_used_at", columns.Moment(), nullable=True),
        sa.Column("revoked_at", columns.Moment(), nullable=True),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_api_keys_per_minute")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(
        "uq_api_keys_name",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("made_at", columns.Moment(), nullable=False),
        sa.Column("due_at", columns.Moment(), nullable=False),
        sa.Column("decided_at", columns.Moment(), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_appeals_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_decided_at_due_at", "appeals", ["decided_at", "due_at"], unique=False)
    op.create_index("uq_appeals_submission_id", "appeals", ["submission_id"], unique=True)
    op.create_table(
        "review_cases",
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("opened_at", columns.Moment(), nullable=False),
        sa.Column("risk", sa.Float(), nullable=False),
        sa.Column("rank_at", columns.Moment(), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String(80), nullable=True),
        sa.Column("claimed_until", columns.Moment(), nullable=True),
        sa.Column("closed_at", columns.Moment(), nullable=True),
        sa.CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name=op.f("ck_review_cases_claim")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_review_cases_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_review_cases")),
    )
    op.create_index("ix_review_cases_closed_at_rank_at", "review_cases", ["closed_at", "rank_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("seen_at", columns.Moment(), nullable=False),
        sa.Column("ends_at", columns.Moment(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"], unique=False)
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"], unique=False)
    op.create_table(
        "opinions",
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reviewer", sa.String(80), nullable=False),
        sa.Column("choice", sa.String(20), nullable=False),
        sa.Column("reasons", columns.document(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("said_at", columns.Moment(), nullable=False),
        sa.CheckConstraint("choice IN ('approve', 'reject', 'refer')", name=op.f("ck_opinions_choice")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["review_cases.submission_id"], name=op.f("fk_opinions_submission_id_review_cases")
        ),
        sa.PrimaryKeyConstraint("submission_id", "round", "number", name=op.f("pk_opinions")),
    )
    op.create_index("ix_opinions_said_at", "opinions", ["said_at"], unique=False)
    op.create_index("uq_opinions_reviewer", "opinions", ["submission_id", "reviewer"], unique=True)


def downgrade() -> None:
    """Drops them again; for development only."""
    for table in ("opinions", "sessions", "review_cases", "appeals", "api_keys", "accounts"):
        op.drop_table(table)
