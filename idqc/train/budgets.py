"""What each model's training gets unless the command line says otherwise."""

from __future__ import annotations

from idqc.train.loop import Budget

UNTIL_TIME = 1_000_000
"""Epochs of a run that ends by its minutes."""
BUDGETS = {
    "document": Budget(UNTIL_TIME, batch=32, learning_rate=1.5e-3, minutes=120),
    "corners": Budget(UNTIL_TIME, batch=32, learning_rate=1e-3, minutes=130),
    "fields": Budget(UNTIL_TIME, batch=16, learning_rate=2e-3, minutes=110),
    "quality": Budget(epochs=20, batch=64, learning_rate=1e-3),
    "text": Budget(epochs=10, batch=64, learning_rate=5e-4),
    "portrait": Budget(epochs=30, batch=64, learning_rate=1e-3),
    "fraud": Budget(UNTIL_TIME, batch=32, learning_rate=3e-4, minutes=75),
}
"""By model; `--epochs` and `--minutes` of the command line replace these, and whichever is reached first ends a run."""
