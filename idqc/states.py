"""The states of a submission, and which may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a submission stands between arrival and the end of its retention."""

    QUEUED = "queued"
    INSPECTING = "inspecting"
    AUTO_REJECTED = "auto_rejected"
    AWAITING_REVIEW = "awaiting_review"
    SECOND_REVIEW = "second_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    DEAD = "dead"
    ERASED = "erased"


_DECIDED = {State.APPROVED, State.REJECTED}

NEXT: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.INSPECTING, State.DEAD, State.ERASED}),
        # Back to queued when the worker gives up or its lease ends.
        State.INSPECTING: frozenset(
            {State.AUTO_REJECTED, State.AWAITING_REVIEW, State.QUEUED, State.DEAD, State.ERASED}
        ),
        # A person looks at an automatic rejection when the customer appeals.
        State.AUTO_REJECTED: frozenset({State.AWAITING_REVIEW, State.SUPERSEDED, State.ERASED}),
        State.AWAITING_REVIEW: frozenset({*_DECIDED, State.SECOND_REVIEW, State.SUPERSEDED, State.ERASED}),
        State.SECOND_REVIEW: frozenset({*_DECIDED, State.SUPERSEDED, State.ERASED}),
        State.APPROVED: frozenset({State.ERASED}),
        # An appeal opens a rejected case again.
        State.REJECTED: frozenset({State.AWAITING_REVIEW, State.SUPERSEDED, State.ERASED}),
        State.SUPERSEDED: frozenset({State.ERASED}),
        State.DEAD: frozenset({State.QUEUED, State.SUPERSEDED, State.ERASED}),
        State.ERASED: frozenset(),
    }
)
"""What may follow each state; anything else is refused."""
