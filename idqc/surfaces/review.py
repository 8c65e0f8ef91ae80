"""Review at work: the queue, claims, decisions and appeals; each change is one transaction with its audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from idqc.errors import Conflict, NotFound
from idqc.inspection import Quad
from idqc.review.agreement import Agreement, cohens_kappa
from idqc.review.rules import (
    APPEAL_DAYS,
    Choice,
    Opinion,
    Step,
    blind_pair,
    check_decision,
    next_step,
)
from idqc.states import State
from idqc.store import appeals, audit, inspections, reviews, submissions
from idqc.store.appeals import Appeal
from idqc.store.engine import Store
from idqc.store.house import House
from idqc.store.reviews import Claim, QueueRow

APPEAL_HEAD_START = timedelta(hours=12)
"""Where an appeal enters the queue: before cases that carry no heavy suspicion, since somebody was turned away."""

APPEALABLE = (State.AUTO_REJECTED, State.REJECTED)


@dataclass(frozen=True)
class Sampling:
    """Which cases two people judge without seeing each other: their share, and the secret that draws them."""

    share: float
    salt: bytes


@dataclass(frozen=True)
class ReviewerLine:
    """One reviewer's decisions over a period; `overturned` counts those that a third reviewer decided otherwise."""

    reviewer: str
    decisions: int
    rejections: int
    overturned: int


def open_queue(store: Store, reviewer: str, sampling: Sampling, limit: int = 100) -> list[QueueRow]:
    """The open cases, the most urgent first."""
    _open_cases(store, sampling)
    with store.reading() as connection:
        return reviews.list_cases(connection, reviewer, store.clock(), limit)


def claim(store: Store, submission_id: str, reviewer: str, sampling: Sampling) -> Claim:
    """Takes a case, or renews the claim on it.

    Raises:
        Conflict: another reviewer has it, it is decided, or this reviewer has had a say in it.
    """
    _open_cases(store, sampling)
    with store.unit_of_work() as connection:
        taken = reviews.claim_case(connection, submission_id, reviewer, store.clock())
    if taken is None:
        raise Conflict(
            "Another reviewer has this case, it is decided, or you have given your opinion on it.",
            "Take another one from GET /v1/reviews.",
            code="review.conflict",
        )
    return taken


def claim_next(store: Store, reviewer: str, sampling: Sampling, but_not: str = "") -> Claim | None:
    """Takes the most urgent case that is free or the reviewer's own, but not this one; None when there is none."""
    _open_cases(store, sampling)
    with store.unit_of_work() as connection:
        return reviews.claim_next(connection, reviewer, store.clock(), but_not)


def release(store: Store, submission_id: str, reviewer: str) -> None:
    """Gives a claim back; nothing happens when it was not the reviewer's."""
    with store.unit_of_work() as connection:
        if reviews.release_claim(connection, submission_id, reviewer):
            audit.append(connection, reviewer, "case.released", submission_id, {})


def release_all(store: Store, reviewer: str) -> None:
    """Gives back every claim of somebody who leaves, so that nobody waits for them to expire."""
    with store.unit_of_work() as connection:
        for submission_id in reviews.release_all(connection, reviewer):
            audit.append(connection, reviewer, "case.released", submission_id, {})


def note_view(store: Store, submission_id: str, viewer: str, what: str, **details: str | bool) -> None:
    """Writes that somebody was shown something of a case; called before it is sent."""
    with store.unit_of_work() as connection:
        audit.append(connection, viewer, f"{what}.viewed", submission_id, details)


def painted_over(house: House, submission_id: str) -> tuple[Quad, ...]:
    """What was painted over in a case's photo, in its pixels.

    Raises:
        NotFound: the inspection's retention has ended.
    """
    with house.store.reading() as connection:
        inspection_id = submissions.read(connection, submission_id)["inspection_id"]
        return inspections.read(connection, house.vault, inspection_id or "").redactions


def decide(
    store: Store, submission_id: str, reviewer: str, choice: Choice, reasons: Sequence[str] = (), note: str = ""
) -> Step:
    """Gives an opinion on a claimed case, and ends the case when it was the last one needed.

    Raises:
        RequestError: a rejection without a reason, an unknown reason, a note that is too long.
        Conflict: the claim is not, or no longer, the reviewer's, or the submission has moved on.
    """
    kept = check_decision(choice, reasons, note)
    now = store.clock()
    with store.unit_of_work() as connection:
        spent = reviews.spend_claim(connection, submission_id, reviewer, now)
        state = State(submissions.lock(connection, submission_id)["state"])
        if spent is None or state.value not in reviews.REVIEWED:
            raise Conflict(
                "The claim on this case has expired, or the case is decided.",
                "Claim the case again, then decide.",
                code="review.conflict",
            )
        opinion = Opinion(reviewer, choice, kept, note, now)
        said = reviews.add_opinion(connection, spent, opinion, now)
        step = next_step(said, sampled=spent.sampled)
        if step is Step.SECOND_REVIEW:
            if state is not State.SECOND_REVIEW:
                submissions.move(connection, submission_id, State.SECOND_REVIEW, reviewer, now)
        else:
            submissions.move(
                connection, submission_id, State(step.value), reviewer, now, values={"reasons": list(kept)}
            )
            reviews.close_case(connection, submission_id, now)
            appeals.decide_appeal(connection, submission_id, step.value, now)
        details = {"choice": choice.value, "reasons": list(kept), "step": step.value, "opinion": len(said)}
        audit.append(connection, reviewer, "case.decided", submission_id, details)
    return step


def make_appeal(store: Store, submission_id: str, actor: str) -> tuple[Appeal, bool]:
    """Opens a human review of a rejection, with a clock of 30 days. A second call gives the first one's appeal.

    Returns:
        The appeal, and whether it is new.

    Raises:
        NotFound: no such submission.
        Conflict: it is not rejected.
    """
    now = store.clock()
    with store.unit_of_work() as connection:
        state = State(submissions.lock(connection, submission_id)["state"])
        if state is State.ERASED:
            raise NotFound("There is no such submission.", "Use the id that POST /v1/submissions answered.")
        earlier = appeals.find_appeal(connection, submission_id)
        if earlier is not None:
            return earlier, False
        if state not in APPEALABLE:
            raise Conflict(
                "The submission is not rejected.", "Appeal against auto_rejected or rejected.", code="appeal.state"
            )
        appeal = appeals.add_appeal(connection, submission_id, now, now + timedelta(days=APPEAL_DAYS))
        submissions.move(connection, submission_id, State.AWAITING_REVIEW, actor, now)
        reviews.reopen_case(connection, submission_id, head_start=APPEAL_HEAD_START, now=now)
        audit.append(connection, actor, "appeal.made", submission_id, {"due_at": appeal.due_at.isoformat()})
    return appeal, True


def measure_agreement(store: Store, days: int) -> tuple[Agreement, list[ReviewerLine]]:
    """Agreement over the blind sample of the last days, and what each reviewer decided."""
    since = store.clock() - timedelta(days=days)
    with store.reading() as connection:
        sampled = reviews.sampled_opinions(connection, since)
        choices = reviews.count_choices(connection, since)
    pairs = [pair for said in sampled.values() if (pair := blind_pair(said)) is not None]
    overturned: dict[str, int] = {}
    for said in sampled.values():
        decided = [opinion for opinion in said if opinion.choice is not Choice.REFER]
        if len(decided) > 2:
            for opinion in decided[:2]:
                if opinion.choice is not decided[2].choice:
                    overturned[opinion.reviewer] = overturned.get(opinion.reviewer, 0) + 1
    lines = [
        ReviewerLine(
            reviewer,
            decisions=counted.get(Choice.APPROVE, 0) + counted.get(Choice.REJECT, 0),
            rejections=counted.get(Choice.REJECT, 0),
            overturned=overturned.get(reviewer, 0),
        )
        for reviewer, counted in sorted(choices.items())
    ]
    return cohens_kappa([(first.value, second.value) for first, second in pairs]), lines


def _open_cases(store: Store, sampling: Sampling) -> None:
    with store.reading() as connection:
        if not reviews.is_any_unopened(connection):
            return
    with store.unit_of_work() as connection:
        reviews.open_cases(connection, share=sampling.share, salt=sampling.salt, now=store.clock())
