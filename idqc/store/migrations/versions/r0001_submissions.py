"""Submissions, blobs, secrets, the audit log and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from idqc.store.tables import columns

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", columns.Moment(), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    # The chain's head is there before the first entry: two writers of the first one wait for each other on it.
    op.execute(f"INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '{'0' * 64}')")
    op.create_table(
        "blobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
    )
    op.create_index("ix_blobs_key_id", "blobs", ["key_id"], unique=False)
    op.create_index("ix_blobs_kind_created_at", "blobs", ["kind", "created_at"], unique=False)
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("updated_at", columns.Moment(), nullable=False),
        sa.Column("customer_hmac", sa.String(64), nullable=True),
        sa.Column("submitter", sa.String(32), server_default="", nullable=False),
        sa.Column("idempotency_hmac", sa.String(64), nullable=True),
        sa.Column("request_hmac", sa.String(64), nullable=False),
        sa.Column("document_type", sa.String(40), nullable=True),
        sa.Column("language", sa.String(2), server_default="ko", nullable=False),
        sa.Column("device", sa.String(80), nullable=True),
        sa.Column("os", sa.String(80), nullable=True),
        sa.Column("app_version", sa.String(80), nullable=True),
        sa.Column("flags", columns.document(), nullable=False),
        sa.Column("replaces_id", sa.String(32), nullable=True),
        sa.Column("spool_id", sa.String(32), nullable=True),
        sa.Column("photo_id", sa.String(32), nullable=True),
        sa.Column("inspection_id", sa.String(32), nullable=True),
        sa.Column("verdict", sa.String(20), nullable=True),
        sa.Column("reasons", columns.document(), nullable=False),
        sa.Column("resubmit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", columns.Moment(), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("lease_until", columns.Moment(), nullable=True),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("error_code", sa.String(80), nullable=True),
        sa.Column("decided_at", columns.Moment(), nullable=True),
        sa.Column("decided_by", sa.String(80), nullable=True),
        sa.CheckConstraint("(state = 'inspecting') = (lease_token IS NOT NULL)", name=op.f("ck_submissions_lease")),
        sa.CheckConstraint(
            "state IN ('queued', 'inspecting', 'auto_rejected', 'awaiting_review', 'second_review', 'approved', "
            "'rejected', 'superseded', 'dead', 'erased')",
            name=op.f("ck_submissions_state"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["submissions.id"], name=op.f("fk_submissions_replaces_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index("ix_submissions_customer_hmac", "submissions", ["customer_hmac"], unique=False)
    op.create_index("ix_submissions_state_not_before", "submissions", ["state", "not_before"], unique=False)
    op.create_index("ix_submissions_state_updated_at", "submissions", ["state", "updated_at"], unique=False)
    op.create_index("uq_submissions_idempotency", "submissions", ["submitter", "idempotency_hmac"], unique=True)
    op.create_index("uq_submissions_replaces_id", "submissions", ["replaces_id"], unique=True)
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("removed_at", columns.Moment(), nullable=True),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "decision_times",
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("bucket_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("state", "bucket_s", name=op.f("pk_decision_times")),
    )
    op.create_table(
        "inspections",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("release", sa.String(80), nullable=False),
        sa.Column("policy", sa.String(80), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("document_type", sa.String(40), nullable=True),
        sa.Column("findings", columns.document(), nullable=False),
        sa.Column("redactions", columns.document(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_inspections_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    op.create_index("ix_inspections_submission_id", "inspections", ["submission_id"], unique=False)
    op.create_table(
        "state_changes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("at", columns.Moment(), nullable=False),
        sa.Column("before", sa.String(20), nullable=True),
        sa.Column("after", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_state_changes_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_changes")),
    )
    op.create_index("ix_state_changes_submission_id", "state_changes", ["submission_id"], unique=False)
    op.create_index(
        "uq_state_changes_concluded",
        "state_changes",
        ["submission_id"],
        unique=True,
        sqlite_where=sa.text("before = 'inspecting' AND after IN ('auto_rejected', 'awaiting_review')"),
        postgresql_where=sa.text("before = 'inspecting' AND after IN ('auto_rejected', 'awaiting_review')"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("endpoint_id", sa.String(32), nullable=False),
        sa.Column("submission_id", sa.String(32), nullable=False),
        sa.Column("created_at", columns.Moment(), nullable=False),
        sa.Column("payload", columns.document(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", columns.Moment(), nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("delivered_at", columns.Moment(), nullable=True),
        sa.Column("gave_up_at", columns.Moment(), nullable=True),
        sa.Column("last_error", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name=op.f("fk_webhook_deliveries_endpoint_id_webhook_endpoints")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_webhook_deliveries_submission_id_submissions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index("ix_webhook_deliveries_next_at", "webhook_deliveries", ["next_at"], unique=False)
    op.create_index("ix_webhook_deliveries_submission_id", "webhook_deliveries", ["submission_id"], unique=False)


def downgrade() -> None:
    """Drops them again; for development only."""
    op.drop_table("decision_times")
    op.drop_table("webhook_deliveries")
    op.drop_table("state_changes")
    op.drop_table("inspections")
    op.drop_table("webhook_endpoints")
    op.drop_table("submissions")
    op.drop_table("secrets")
    op.drop_table("blobs")
    op.drop_table("audit_head")
    op.drop_table("audit_entries")
