"""The words of the capture step: what a photo is told, and by which way a submitted one came through."""

from __future__ import annotations

from enum import StrEnum


class Advice(StrEnum):
    """What the capture screen says to a photo."""

    ACCEPT = "accept"
    RETAKE = "retake"


class Route(StrEnum):
    """How a submitted photo came through the capture step; reviewers see it."""

    ACCEPTED = "accepted"
    BYPASSED = "bypassed"
    """The customer took the way through: the check had asked for another photo."""
    UNJUDGED = "unjudged"
    """The service was too slow or away, so that the page sent the photo without an answer."""
