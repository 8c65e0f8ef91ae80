"""What the queue and a case's page show: rows, badges, bars and outlines, made from what the store holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from api.pages.texts import Texts
from idqc.catalogue import all_criteria, criteria, find
from idqc.chances import shown
from idqc.documents import PORTRAIT, DocumentType, document_types
from idqc.heatmaps import MAPPED
from idqc.inspection import Surface
from idqc.states import State
from idqc.store.reviews import QueueRow

BADGES_SHOWN = 4
TOLD = ("reject", "warn", "not_computed")
WORST_FIRST = {"reject": 0, "warn": 1, "not_computed": 2, "pass": 3, "not_applicable": 4}
KOREA = ZoneInfo("Asia/Seoul")
SHORT = 8
"""Characters of an id that people read out to each other."""


def short(submission_id: str) -> str:
    """The part of an id that people use."""
    return submission_id[:SHORT]


def lapse(t: Texts, length: timedelta) -> str:
    """A length of time in the largest unit that fits."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 60:
        return t("time.minutes", n=minutes)
    return t("time.hours", n=minutes // 60) if minutes < 48 * 60 else t("time.days", n=minutes // (24 * 60))


def moment(when: datetime) -> str:
    """A point in time as people in Korea read it."""
    return f"{when.astimezone(KOREA):%Y-%m-%d %H:%M} KST"


def document_name(t: Texts, document_type: str | None) -> str:
    """The document type's name in the reader's language."""
    kind = document_types().get(document_type or "")
    return kind.name[t.language] if kind is not None else t("queue.unknown_document")


def badges(t: Texts, findings: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The worst warnings as badges, fraud and rejects first, and how many more there are."""
    told = [one for one in findings if one["outcome"] in ("reject", "warn")]
    told.sort(
        key=lambda one: (not one["criterion"].startswith("fraud."), one["outcome"] != "reject", -(one["score"] or 0))
    )
    shown = [
        {"text": find(one["criterion"]).meaning[t.language], "kind": _kind(one["criterion"], one["outcome"])}
        for one in told[:BADGES_SHOWN]
    ]
    if len(told) > BADGES_SHOWN:
        shown.append({"text": f"+{len(told) - BADGES_SHOWN}", "kind": "neutral"})
    return shown


def queue_row(t: Texts, row: QueueRow, reviewer: str, now: datetime) -> dict[str, Any]:
    """One line of the queue."""
    marks = marks_of(t, row.state, row.appeal_due_at, now)
    if row.claimed_by is not None:
        mine = row.claimed_by == reviewer
        marks.append({"text": t("queue.claimed_by_me" if mine else "queue.claimed"), "kind": "neutral"})
    return {
        "id": row.submission_id,
        "short": short(row.submission_id),
        "document": document_name(t, row.document_type),
        "badges": badges(t, row.findings),
        "waiting": lapse(t, now - row.opened_at),
        "attempts": row.attempts,
        "marks": marks,
    }


def marks_of(t: Texts, state: State, appeal_due_at: datetime | None, now: datetime) -> list[dict[str, str]]:
    """Where a case stands, as badges."""
    if appeal_due_at is not None:
        days = max(0, (appeal_due_at - now).days)
        return [{"text": t("state.appeal", days=days), "kind": "reject-level" if days < 5 else "warned"}]
    return [{"text": t(f"state.{state.value}"), "kind": "neutral"}]


def case_view(
    t: Texts,
    submission: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Everything of a case that its page shows but the decision.

    Args:
        submission: its row.
        answer: the Inspection's JSON for reviewers; None when its retention has ended or none was made.
        history: the rows of the customer's other submissions, with their `findings`.
    """
    submission_id = submission["id"]
    has_photo = submission["photo_id"] is not None
    document = answer["document"] if answer else None
    kind = document_types().get((document or {}).get("type") or submission["document_type"] or "")
    base = f"/console/cases/{submission_id}"
    lines = [_finding(t, one) for one in (answer or {}).get("findings", ())]
    for line in lines:
        if line["told"] and has_photo and document and line["code"] in MAPPED:
            line["heatmap"] = f"{base}/heatmaps/{line['code']}.png"
    lines.sort(key=lambda line: (WORST_FIRST[line["outcome"]], -(line["score"] or 0.0)))
    told = [line for line in lines if line["told"]]
    codes = [line["code"] for line in told]
    reasons = [one for one in _reasons(t, kind.type if kind else None) if one["code"] not in codes]
    return {
        "id": submission_id,
        "short": short(submission_id),
        "document": document_name(t, kind.type if kind else None),
        "waiting": lapse(t, now - submission["created_at"]),
        "release": answer["release"] if answer else "–",
        "width": answer["image"]["width"] if answer else 4,
        "height": answer["image"]["height"] if answer else 3,
        "photo_url": f"{base}/photo.jpg" if has_photo else None,
        "rectified_url": f"{base}/rectified.jpg" if has_photo and document else None,
        "portrait_url": f"{base}/portrait.jpg" if has_photo and _portrait_quad(answer) else None,
        "document_points": _points(document["quad"]) if document else "",
        "findings": lines,
        "quiet_findings": [line for line in lines if not line["told"]],
        "has_heatmaps": any(line["heatmap"] for line in lines),
        "readings": [
            {
                "name": _field_name(t, kind, one["name"]),
                "value": one["value"],
                "confidence": "–" if one["confidence"] is None else f"{one['confidence']:.2f}",
            }
            for one in (answer or {}).get("fields", ())
            if one["name"] != PORTRAIT
        ],
        "badges": badges(t, (answer or {}).get("findings", ())),
        "likely_reasons": [{"code": line["code"], "name": line["name"]} for line in told],
        "other_reasons": reasons,
        "flags": [_flag(t, flag) for flag in submission["flags"] or ()],
        "history": [
            {
                "id": other["id"],
                "short": short(other["id"]),
                "when": moment(other["created_at"]),
                "state": t(f"state.{other['state']}"),
                "badges": badges(t, other["findings"] or ())[:2],
            }
            for other in history
        ],
    }


def _finding(t: Texts, one: Mapping[str, Any]) -> dict[str, Any]:
    code, score, limits = one["criterion"], one["score"], one["thresholds"]
    bar = None
    if score is not None:
        never = t("case.never")
        bar = {
            "fill": _percent(score),
            "warning": None if limits["reject_warning"] is None else _percent(limits["reject_warning"]),
            "reject": None if limits["reject"] is None else _percent(limits["reject"]),
            "label": t(
                "case.bar",
                score=shown(score),
                warning=shown(limits["reject_warning"], never),
                reject=shown(limits["reject"], never),
            ),
        }
    return {
        "code": code,
        "slug": code.replace(".", "-").replace("_", "-"),
        "name": find(code).meaning[t.language],
        "outcome": one["outcome"],
        "kind": _kind(code, one["outcome"]),
        "told": one["outcome"] in TOLD,
        "score": score,
        "score_text": shown(score),
        "bar": bar,
        "regions": [_points(region["quad"]) for region in one["regions"]],
        "outlined": bool(one["regions"]),
        "heatmap": None,
        "spread": find(code).spread,
        "advice": (one.get("advice") or {}).get(t.language),
    }


def _field_name(t: Texts, kind: DocumentType | None, name: str) -> str:
    return kind.fields[name].label[t.language] if kind is not None and name in kind.fields else name


def _reasons(t: Texts, document_type: str | None) -> list[dict[str, str]]:
    known = criteria(Surface.REVIEW, document_type) if document_type is not None else all_criteria()
    return [{"code": one.code, "name": one.meaning[t.language]} for one in known]


def _portrait_quad(answer: Mapping[str, Any] | None) -> Any:
    """Where the portrait lies, from its finding's region or its field; None when nobody knows."""
    for field in (answer or {}).get("fields", ()):
        if field["name"] == PORTRAIT and field["quad"]:
            return field["quad"]
    for one in (answer or {}).get("findings", ()):
        if one["criterion"].startswith("portrait.") and one["regions"]:
            return one["regions"][0]["quad"]
    return None


def portrait_quad(answer: Mapping[str, Any]) -> Sequence[Sequence[float]] | None:
    """Where the portrait lies in the photo, four (x, y) points in its pixels; None when it was not found."""
    found: Sequence[Sequence[float]] | None = _portrait_quad(answer)
    return found


def _flag(t: Texts, flag: str) -> str:
    key = flag.replace("capture.", "case.")
    return t(key) if t.has(key) else flag


def _kind(code: str, outcome: str) -> str:
    if outcome == "reject":
        return "reject-level"
    if outcome == "warn":
        return "fraud" if code.startswith("fraud.") else "warned"
    return "fine" if outcome == "pass" else "neutral"


def _percent(score: float) -> float:
    return round(100.0 * min(max(score, 0.0), 1.0), 1)


def _points(quad: Sequence[Sequence[float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in quad)
