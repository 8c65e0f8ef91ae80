"""Every table, one file an aggregate. Importing this package fills `metadata`; migrations make the tables."""

from idqc.store.tables.accounts import accounts, sessions
from idqc.store.tables.audit import audit_entries, audit_head
from idqc.store.tables.blobs import blobs, secrets
from idqc.store.tables.capture import capture_photos, capture_sessions, exposures
from idqc.store.tables.columns import metadata
from idqc.store.tables.keys import api_keys
from idqc.store.tables.reviews import appeals, opinions, review_cases
from idqc.store.tables.submissions import decision_times, inspections, state_changes, submissions
from idqc.store.tables.webhooks import webhook_deliveries, webhook_endpoints

__all__ = [
    "accounts",
    "api_keys",
    "appeals",
    "audit_entries",
    "audit_head",
    "blobs",
    "capture_photos",
    "capture_sessions",
    "decision_times",
    "exposures",
    "inspections",
    "metadata",
    "opinions",
    "review_cases",
    "secrets",
    "sessions",
    "state_changes",
    "submissions",
    "webhook_deliveries",
    "webhook_endpoints",
]
