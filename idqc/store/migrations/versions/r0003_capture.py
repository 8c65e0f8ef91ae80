"""Capture sessions, the photos judged in them, and exposures to experiments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from idqc.store.tables import columns

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "capture_sessions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("expires_at", columns.Moment(), nullable=False),
        sa.Column("customer_hmac", sa.String(64), nullable=True),
        sa.Column("submitter", sa.String(32), server_default="", nullable=False),
        sa.Column("document_type", sa.String(40), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("device", sa.String(80), nullable=True),
        sa.Column("os", sa.String(80), nullable=True),
        sa.Column("app_version", sa.String(80), nullable=True),
        sa.Column("upload_allowed", sa.Integer(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("experiment", sa.String(64), nullable=True),
        sa.Column("assigned_arm", sa.String(64), nullable=True),
        sa.Column("opened_at", columns.Moment(), nullable=True),
        sa.Column("arm", sa.String(64), nullable=True),
        sa.Column("policy", sa.String(140), nullable=True),
        sa.Column("act_at", sa.String(20), nullable=True),
        sa.Column("bypass_allowed", sa.Integer(), nullable=True),
        sa.Column("bypassed_at", columns.Moment(), nullable=True),
        sa.Column("bypass_reason", sa.String(80), nullable=True),
        sa.Column("submitted_at", columns.Moment(), nullable=True),
        sa.Column("submission_id", sa.String(32), nullable=True),
        sa.Column("submitted_sha256", sa.String(64), nullable=True),
        sa.Column("route", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_sessions")),
    )
    op.create_index("ix_capture_sessions_customer_hmac", "capture_sessions", ["customer_hmac"], unique=False)
    op.create_index("ix_capture_sessions_expires_at", "capture_sessions", ["expires_at"], unique=False)
    op.create_index("uq_capture_sessions_submission_id", "capture_sessions", ["submission_id"], unique=True)
    op.create_table(
        "capture_photos",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", columns.Moment(), nullable=False),
        sa.Column("photo_sha256", sa.String(64), nullable=False),
        sa.Column("advice", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(80), nullable=True),
        sa.Column("release", sa.String(80), nullable=True),
        sa.Column("answer", columns.document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["capture_sessions.id"], name=op.f("fk_capture_photos_session_id_capture_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_photos")),
    )
    op.create_index("uq_capture_photos_photo", "capture_photos", ["session_id", "photo_sha256"], unique=True)
    op.create_index("uq_capture_photos_number", "capture_photos", ["session_id", "number"], unique=True)
    op.create_table(
        "experiment_exposures",
        sa.Column("experiment", sa.String(64), nullable=False),
        sa.Column("customer_hmac", sa.String(64), nullable=False),
        sa.Column("arm", sa.String(64), nullable=False),
        sa.Column("exposed_at", columns.Moment(), nullable=False),
        sa.Column("outcome", columns.document(), nullable=True),
        sa.PrimaryKeyConstraint("experiment", "customer_hmac", name=op.f("pk_experiment_exposures")),
    )
    op.create_index("ix_experiment_exposures_customer_hmac", "experiment_exposures", ["customer_hmac"], unique=False)


def downgrade() -> None:
    """Drops the tables."""
    for name in ("experiment_exposures", "capture_photos", "capture_sessions"):
        op.drop_table(name)
