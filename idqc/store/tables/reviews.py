"""Review: one case for each submission that a person must look at, its claim, the opinions, and appeals."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from idqc.store.tables.columns import ID_CHARACTERS, Moment, document, metadata

review_cases = Table(
    "review_cases",
    metadata,
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("submissions.id"), primary_key=True),
    # Grows by one when an appeal opens the case again.
    Column("round", Integer, nullable=False, server_default="1"),
    Column("opened_at", Moment, nullable=False),
    Column("risk", Float, nullable=False),
    # The queue's order, the earliest first: when the case was opened, less the hours that its risk is worth.
    Column("rank_at", Moment, nullable=False),
    Column("sampled", Boolean, nullable=False),
    Column("claimed_by", String(80)),
    Column("claimed_until", Moment),
    Column("closed_at", Moment),
    CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
    Index("ix_review_cases_closed_at_rank_at", "closed_at", "rank_at"),
)

opinions = Table(
    "opinions",
    metadata,
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("review_cases.submission_id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("reviewer", String(80), nullable=False),
    Column("choice", String(20), nullable=False),
    Column("reasons", document(), nullable=False),
    Column("note", Text, nullable=False),
    Column("said_at", Moment, nullable=False),
    CheckConstraint("choice IN ('approve', 'reject', 'refer')", name="choice"),
    # Nobody is heard twice on one case, whatever the round.
    Index("uq_opinions_reviewer", "submission_id", "reviewer", unique=True),
    Index("ix_opinions_said_at", "said_at"),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("submission_id", String(ID_CHARACTERS), ForeignKey("submissions.id"), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("outcome", String(20)),
    # One appeal for a submission; a new photo is a new submission.
    Index("uq_appeals_submission_id", "submission_id", unique=True),
    Index("ix_appeals_decided_at_due_at", "decided_at", "due_at"),
)
