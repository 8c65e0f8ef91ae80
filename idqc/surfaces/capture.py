"""The rules of the capture screen: what must be taken again, the sentence that says so, when the way through opens.

A customer is told one thing at a time: the gravest finding that their policy acts on. After TRIES_FOR_ONE_REASON photos
turned back for the same reason, or TRIES_IN_ALL for any, the way through is offered where the policy has one, whatever
the reason: to withhold it for some reasons would tell an attacker which of them fired. The queue judges what comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from idqc.audience import to_json
from idqc.errors import IdqcError
from idqc.experiments.arms import ActAt, Policy
from idqc.inspection import Audience, Inspection, Outcome
from idqc.routes import Advice, Route

TRIES_FOR_ONE_REASON = 3
TRIES_IN_ALL = 5
"""The bank's published rule, as issue 4 gives it: photos turned back before the way through is offered."""

MAX_REGIONS = 3
"""Places outlined in one shot: the gravest come first, and more of them would point at everything."""

MAX_PHOTOS = 30
"""Photos that one session may have judged. Beyond this nobody is helped, and the machine is for the others."""

SESSION_S = 30 * 60
"""A session's token is good for this long: time for a card to be fetched from another room, not for a link to roam."""

SUBMIT_GRACE_S = 2 * 60 * 60
"""A photo that could not be sent in time, because service or connection was away, is still taken for so long."""

_ACTING = {
    ActAt.NEVER: frozenset[Outcome](),
    ActAt.WARNING: frozenset({Outcome.REJECT, Outcome.WARN}),
    ActAt.REJECT: frozenset({Outcome.REJECT}),
}


class SessionOver(IdqcError):
    """The session's time is up, or its photo has been sent."""

    code = "capture.session_over"
    status = 410
    title = "The capture session is over"


class NotYet(IdqcError):
    """What was asked is not open to this session at this point."""

    code = "capture.not_offered"
    status = 409
    title = "Not at this point of the session"


class TooManyPhotos(IdqcError):
    """The session has had all the photos that it may have."""

    code = "capture.too_many_photos"
    status = 429
    title = "Too many photos in one session"


@dataclass(frozen=True)
class Judgement:
    """What the capture screen makes of one photo.

    `reason` is the code of the finding that is told: one that customers may see. `finding` is that finding as customers
    see it, with its message in each language and its regions; None where the photo is accepted.
    """

    advice: Advice
    reason: str | None
    finding: Mapping[str, Any] | None


ACCEPTED = Judgement(Advice.ACCEPT, None, None)
"""What every photo gets where no model runs."""


def judge(inspection: Inspection, policy: Policy) -> Judgement:
    """Whether a photo goes through under a policy, and the one finding to tell.

    A reject is told before a warning; among equals the catalogue's order decides: it begins with what hides the rest.
    """
    acting = _ACTING[policy.act_at]
    told = [line for line in to_json(inspection, Audience.CUSTOMER)["findings"] if Outcome(line["outcome"]) in acting]
    told = [line for line in told if line["message"]]
    if not told:
        return ACCEPTED
    worst = min(told, key=lambda line: line["outcome"] != Outcome.REJECT)
    return Judgement(Advice.RETAKE, worst["criterion"], worst)


def under(inspection: Inspection, policy: Policy) -> Inspection:
    """The inspection with the policy recorded that acted on it."""
    return replace(inspection, policy=policy.name)


def bypass_offered(reasons: Sequence[str], policy: Policy) -> bool:
    """Whether the way through is open, after photos that were turned back for these reasons."""
    if not policy.bypass:
        return False
    most = max(Counter(reasons).values(), default=0)
    return most >= TRIES_FOR_ONE_REASON or len(reasons) >= TRIES_IN_ALL


def main_reason(reasons: Sequence[str]) -> str | None:
    """The reason that a bypass is counted under: the most frequent one, of equals the last."""
    counts = Counter(reasons)
    return max(reversed(reasons), key=lambda reason: counts[reason], default=None)


def route(judged: Mapping[str, Advice], photo_sha256: str, *, bypassed: bool) -> Route:
    """How a photo that is being submitted came through.

    Args:
        judged: the advice on every photo of the session, by its SHA-256.
        photo_sha256: of the photo that is being submitted.
        bypassed: the customer took the way through.

    Raises:
        NotYet: the photo was turned back, and the way through was not taken.
    """
    advice = judged.get(photo_sha256)
    if advice is Advice.ACCEPT:
        return Route.ACCEPTED
    if bypassed:
        return Route.BYPASSED
    if advice is Advice.RETAKE:
        raise NotYet(
            "This photo was to be taken again, and the way through was not taken.",
            "Send another photo, or where `bypass_offered` is true call bypass first.",
            code="capture.retake_needed",
        )
    return Route.UNJUDGED


def customer_answer(inspection: Inspection | None, judgement: Judgement) -> dict[str, Any]:
    """What the page gets to know of one photo: the advice, one sentence, where to look. No score, no threshold."""
    answer: dict[str, Any] = {
        "advice": judgement.advice.value,
        "reason": judgement.reason,
        "message": None,
        "regions": [],
        "document": None,
        "image": None,
    }
    if inspection is not None:
        answer["image"] = {"width": inspection.image_width_px, "height": inspection.image_height_px}
        answer["document"] = inspection.document_quad
    if judgement.finding is not None:
        answer["message"] = judgement.finding["message"]
        answer["regions"] = judgement.finding["regions"][:MAX_REGIONS]
    return answer
