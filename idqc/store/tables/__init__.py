"""Every table, one file an aggregate. Importing this package fills `metadata`; migrations make the tables."""

from idqc.store.tables.audit import audit_entries, audit_head
from idqc.store.tables.blobs import blobs, secrets
from idqc.store.tables.columns import metadata
from idqc.store.tables.submissions import inspections, state_changes, submissions
from idqc.store.tables.webhooks import webhook_deliveries, webhook_endpoints

__all__ = [
    "audit_entries",
    "audit_head",
    "blobs",
    "inspections",
    "metadata",
    "secrets",
    "state_changes",
    "submissions",
    "webhook_deliveries",
    "webhook_endpoints",
]
