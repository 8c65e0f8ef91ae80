"""The rules of human review: what comes first, who may decide, what goes to a second pair of eyes, how it ends."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from idqc.catalogue import find
from idqc.errors import RequestError
from idqc.inspection import Outcome

CLAIM_LIFE = timedelta(minutes=10)
"""A reviewer who leaves keeps nobody waiting for longer; the page renews its claim while somebody works on it."""

APPEAL_DAYS = 30
"""Days within which a person must have looked at an automatic rejection that was appealed against."""

FRAUD_WEIGHT = 2.0
"""A suspicion of fraud weighs as much as two of quality: what it lets through costs more than a retake."""
FURTHER_SHARE = 0.05
"""What each further warning of one family adds."""
AGE_WEIGHT_PER_HOUR = 0.25
"""After four hours a case without a warning stands level with a fresh one that has a certain quality warning."""

MAX_NOTE_CHARACTERS = 500


class Choice(StrEnum):
    """What a reviewer can say of a case. Referring it leaves the decision to the next one."""

    APPROVE = "approve"
    REJECT = "reject"
    REFER = "refer"


class Step(StrEnum):
    """What becomes of a case after an opinion."""

    APPROVED = "approved"
    REJECTED = "rejected"
    SECOND_REVIEW = "second_review"


@dataclass(frozen=True)
class Opinion:
    """What one reviewer said of one case."""

    reviewer: str
    choice: Choice
    reasons: tuple[str, ...] = ()
    note: str = ""
    said_at: datetime | None = None


LEAST_STRENGTH = {Outcome.REJECT: 0.75, Outcome.WARN: 0.5, Outcome.NOT_COMPUTED: 0.5}
"""What a finding counts at least, 0..1."""


@dataclass(frozen=True)
class Signal:
    """What the order of the queue looks at in one finding: which family warned, and how strongly."""

    criterion: str
    outcome: Outcome
    score: float | None = field(default=None)


def risk(signals: Sequence[Signal]) -> float:
    """How much is at stake in a case: 0 without a warning, growing with kind and strength of the warnings.

    Of each family the strongest counts in full and the others a little: a photo on which twelve fields cannot be read
    has one fault, not twelve. Scores are chances, and a chance of a tenth may be enough to warn: a rejection and a
    warning count for something whatever their score. What was not computed counts like a warning: nobody knows.
    """
    families: dict[str, list[float]] = {}
    for signal in signals:
        if signal.outcome in (Outcome.REJECT, Outcome.WARN, Outcome.NOT_COMPUTED):
            strength = max(signal.score or 0.0, LEAST_STRENGTH[signal.outcome])
            families.setdefault(signal.criterion.split(".")[0], []).append(strength)
    total = 0.0
    for family, points in families.items():
        strongest = max(points)
        share = strongest + FURTHER_SHARE * (sum(points) - strongest)
        total += share * (FRAUD_WEIGHT if family == "fraud" else 1.0)
    return round(total, 4)


def urgency(risk_points: float, waiting: timedelta) -> float:
    """What the queue is ordered by, the greatest first: risk, and a quarter of a point for every hour of waiting."""
    return risk_points + AGE_WEIGHT_PER_HOUR * waiting.total_seconds() / 3600.0


def is_sampled(submission_id: str, share: float, salt: bytes) -> bool:
    """Whether a case is in the blind double-review sample; the same answer every time, and nobody can foretell it.

    Args:
        share: of all cases, 0 to 1.
        salt: a secret of the installation.
    """
    drawn = hmac.new(salt, b"double-review:" + submission_id.encode(), hashlib.sha256).digest()
    return int.from_bytes(drawn[:8]) < share * 2**64


def next_step(opinions: Sequence[Opinion], *, sampled: bool) -> Step:
    """What becomes of a case, from all opinions in the order in which they were given.

    One opinion decides, unless the case was referred, or is in the blind sample: there two must say the same, and
    where they differ a third decides.
    """
    decided = [opinion.choice for opinion in opinions if opinion.choice is not Choice.REFER]
    if not decided or opinions[-1].choice is Choice.REFER:
        return Step.SECOND_REVIEW
    if sampled and (len(decided) == 1 or (len(decided) == 2 and decided[0] is not decided[1])):
        return Step.SECOND_REVIEW
    return Step.APPROVED if decided[-1] is Choice.APPROVE else Step.REJECTED


def blind_pair(opinions: Sequence[Opinion]) -> tuple[Choice, Choice] | None:
    """The first two decisions of a sampled case, which agreement is measured on; None while there are not two."""
    decided = [opinion.choice for opinion in opinions if opinion.choice is not Choice.REFER]
    return (decided[0], decided[1]) if len(decided) > 1 else None


def check_decision(choice: Choice, reasons: Sequence[str], note: str) -> tuple[str, ...]:
    """The reasons, each once.

    Raises:
        RequestError: a rejection without a reason, a reason that is no criterion, or a note that is too long.
    """
    kept = tuple(dict.fromkeys(reasons))
    if choice is Choice.REJECT and not kept:
        raise RequestError(
            "A rejection needs at least 1 reason.", "Name criteria of GET /v1/criteria.", code="request.reasons"
        )
    if choice is Choice.APPROVE and kept:
        raise RequestError("An approval has no reasons.", "Leave `reasons` out.", code="request.reasons")
    for reason in kept:
        try:
            find(reason)
        except KeyError:
            raise RequestError(
                "A reason is no criterion of the catalogue.",
                "Name criteria of GET /v1/criteria.",
                code="request.reasons",
                reasons=len(kept),
            ) from None
    odd = sum(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t" for character in note)
    if odd:
        raise RequestError(
            f"The note has {odd} control characters.", "Send plain text.", code="request.note", characters=odd
        )
    if len(note) > MAX_NOTE_CHARACTERS:
        raise RequestError(
            f"The note has {len(note)} characters; the limit is {MAX_NOTE_CHARACTERS}.",
            "Say it shorter; personal data belong in no note.",
            code="request.note",
            characters=len(note),
            limit=MAX_NOTE_CHARACTERS,
        )
    return kept
