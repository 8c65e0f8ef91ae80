"""Capture sessions, the photos judged in them, and who was exposed to which arm of an experiment.

No photo is kept here: of each there is a hash, and the answer that the customer saw.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from idqc.store.tables.columns import ID_CHARACTERS, Moment, document, metadata

capture_sessions = Table(
    "capture_sessions",
    metadata,
    Column("id", String(ID_CHARACTERS), primary_key=True),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    # The customer's reference is never stored, only its HMAC; NULL once erased.
    Column("customer_hmac", String(64)),
    Column("submitter", String(ID_CHARACTERS), nullable=False, server_default=""),
    Column("document_type", String(40)),
    Column("language", String(2), nullable=False),
    Column("device", String(80)),
    Column("os", String(80)),
    Column("app_version", String(80)),
    Column("upload_allowed", Integer, nullable=False),
    Column("return_url", Text),
    Column("experiment", String(64)),
    Column("assigned_arm", String(64)),
    # Filled when the session is first opened: what acts in it from then on, whatever the experiment's file says later.
    Column("opened_at", Moment),
    Column("arm", String(64)),
    Column("policy", String(140)),
    Column("act_at", String(20)),
    Column("bypass_allowed", Integer),
    Column("bypassed_at", Moment),
    Column("bypass_reason", String(80)),
    Column("submitted_at", Moment),
    Column("submission_id", String(ID_CHARACTERS)),
    Column("submitted_sha256", String(64)),
    Column("route", String(20)),
    Index("ix_capture_sessions_customer_hmac", "customer_hmac"),
    Index("ix_capture_sessions_expires_at", "expires_at"),
    Index("uq_capture_sessions_submission_id", "submission_id", unique=True),
)

capture_photos = Table(
    "capture_photos",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", String(ID_CHARACTERS), ForeignKey("capture_sessions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("photo_sha256", String(64), nullable=False),
    Column("advice", String(20), nullable=False),
    Column("reason", String(80)),
    Column("release", String(80)),
    Column("answer", document(), nullable=False),
    # A photo that is sent twice is judged once.
    Index("uq_capture_photos_photo", "session_id", "photo_sha256", unique=True),
    Index("uq_capture_photos_number", "session_id", "number", unique=True),
)

exposures = Table(
    "experiment_exposures",
    metadata,
    Column("experiment", String(64), primary_key=True),
    Column("customer_hmac", String(64), primary_key=True),
    Column("arm", String(64), nullable=False),
    Column("exposed_at", Moment, nullable=False),
    # What became of the customer, kept once their window has passed: retention may then delete the rest.
    Column("outcome", document()),
    Index("ix_experiment_exposures_customer_hmac", "customer_hmac"),
)
