"""What each model's training gets unless the command line says otherwise."""

from __future__ import annotations

from idqc.train.loop import Budget

BUDGETS = {
    "document": Budget(epochs=40, batch=32, learning_rate=2e-3),
    "corners": Budget(epochs=30, batch=64, learning_rate=1e-3),
    "fields": Budget(epochs=40, batch=32, learning_rate=2e-3),
    "quality": Budget(epochs=20, batch=64, learning_rate=1e-3),
    "text": Budget(epochs=10, batch=64, learning_rate=5e-4),
    "portrait": Budget(epochs=30, batch=64, learning_rate=1e-3),
    "fraud": Budget(epochs=8, batch=32, learning_rate=3e-4),
}
"""By model. Epochs are full passes over the training split; `--minutes` ends a run on time instead."""
