"""What a customer is told of a submission: what to do next, in their language, never why fraud was suspected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from idqc.catalogue import ORIGINAL_ONLY, find
from idqc.inspection import Audience, Outcome
from idqc.states import State
from idqc.store import inspections, submissions
from idqc.store.house import House

SAID: Mapping[str, Mapping[State, str]] = {
    "ko": {
        State.QUEUED: "사진을 받았어요. 확인하고 있어요.",
        State.INSPECTING: "사진을 받았어요. 확인하고 있어요.",
        State.AWAITING_REVIEW: "담당자가 확인하고 있어요.",
        State.SECOND_REVIEW: "담당자가 확인하고 있어요.",
        State.APPROVED: "확인이 끝났어요.",
        State.AUTO_REJECTED: "사진을 다시 찍어 보내 주세요.",
        State.REJECTED: "사진을 다시 찍어 보내 주세요.",
        State.SUPERSEDED: "새로 보낸 사진으로 확인하고 있어요.",
        State.DEAD: "확인이 늦어지고 있어요. 사진을 다시 보내 주셔도 돼요.",
        State.ERASED: "보관 기간이 끝나 삭제되었어요.",
    },
    "en": {
        State.QUEUED: "We have your photo and are checking it.",
        State.INSPECTING: "We have your photo and are checking it.",
        State.AWAITING_REVIEW: "One of our staff is checking your photo.",
        State.SECOND_REVIEW: "One of our staff is checking your photo.",
        State.APPROVED: "Your document has been checked.",
        State.AUTO_REJECTED: "Please take the photo again and send it.",
        State.REJECTED: "Please take the photo again and send it.",
        State.SUPERSEDED: "We are checking the newer photo that you sent.",
        State.DEAD: "This is taking longer than usual. You may send the photo again.",
        State.ERASED: "The photo was deleted when its retention period ended.",
    },
}
NO_REASON: Mapping[str, str] = {
    "ko": "보내 주신 사진으로는 확인할 수 없었어요. 실물 신분증 원본을 다시 찍거나 고객센터에 문의해 주세요.",
    "en": "We could not verify this photo. Photograph the original card again, or contact customer service.",
}
"""Also what is said where only criteria fired that a customer is never shown: it must not tell them apart."""
BROKEN_FILE: Mapping[str, str] = {
    "ko": "사진 파일을 열 수 없어요. 다시 찍어 보내 주세요.",
    "en": "The photo's file cannot be opened. Take the photo again and send it.",
}
UNPLACED: Mapping[str, str] = {
    "ko": "사진에서 신분증을 찾지 못했어요. 화면 안에 신분증을 놓고 다시 찍어 주세요.",
    "en": "We could not find the document in the photo. Place it inside the frame and take the photo again.",
}
REJECTED = frozenset({State.AUTO_REJECTED, State.REJECTED})


def customer_answer(house: House, submission_id: str, language: str | None = None) -> dict[str, Any]:
    """What to show the customer.

    Args:
        language: `ko` or `en`; None takes the one that came with the submission.

    Returns:
        `language`, `message`, `resubmit` (whether another photo helps) and `fix`: sentences, each one thing to change,
        for a rejected one.

    Raises:
        NotFound: no such submission.
    """
    with house.store.reading() as connection:
        row = submissions.read(connection, submission_id)
        state, spoken = State(row["state"]), language or row["language"]
        found = None
        if state in REJECTED and row["inspection_id"] is not None:
            found = inspections.read(connection, house.vault, row["inspection_id"])
    fix: list[str] = []
    if state is State.REJECTED:
        fix = _of_codes(row["reasons"], spoken)
    elif state is State.AUTO_REJECTED:
        fix = _of_findings(found.for_audience(Audience.CUSTOMER)["findings"] if found else (), spoken)
        fix = fix or _of_codes(row["reasons"], spoken)
    return {
        "language": spoken,
        "message": SAID[spoken][state],
        "resubmit": bool(row["resubmit"]) and state in (*REJECTED, State.DEAD),
        "fix": fix,
    }


def _of_findings(findings: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    rejected = [f for f in findings if f["outcome"] == Outcome.REJECT.value and f["message"]]
    return list(dict.fromkeys(finding["message"][language] for finding in rejected))


def _of_codes(codes: Iterable[str], language: str) -> list[str]:
    """Sentences of the catalogue for codes that a person chose, or that no finding explains."""
    said = []
    for code in codes:
        if code.startswith("photo."):
            said.append(UNPLACED[language] if code == "photo.not_kept" else BROKEN_FILE[language])
            continue
        try:
            customer = find(code).customer
        except KeyError:
            customer = None
        if customer is None:
            said.append(NO_REASON[language])
        else:
            template = ORIGINAL_ONLY if code.startswith("fraud.") else customer
            said.append(template[language].replace("{field}", {"ko": "신분증", "en": "document"}[language]))
    return list(dict.fromkeys(said)) or [NO_REASON[language]]
