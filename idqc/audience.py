"""What each audience may see of an Inspection: the one place where an answer is cut to who asks."""

from __future__ import annotations

from typing import Any

from idqc.catalogue import ORIGINAL_ONLY, find
from idqc.decision import verdict
from idqc.inspection import Audience, Finding, Inspection, Outcome

ORIGINAL_ONLY_CODE = "document.original_only"
"""What a customer is shown in place of every fraud criterion that suspects a copy."""


def to_json(inspection: Inspection, audience: Audience) -> dict[str, Any]:
    """The Inspection as JSON for one audience.

    Customers see no score, no threshold, no reading, and no fraud criterion: a suspected copy becomes one request for
    the original, tampering is never shown, and their verdict is the worst of what they may see.
    """
    if audience is Audience.CUSTOMER:
        findings = _for_customer(inspection.findings)
        judged, fields = verdict(findings), []
    else:
        findings, judged = list(inspection.findings), inspection.verdict
        fields = [
            {
                "name": reading.name,
                "value": reading.value,
                "confidence": reading.confidence,
                "confidence_min": reading.confidence_min,
                "visible": reading.visible,
                "quad": reading.quad,
            }
            for reading in inspection.fields
        ]
    answer: dict[str, Any] = {
        "inspection_id": inspection.inspection_id,
        "surface": inspection.surface.value,
        "verdict": judged.value,
        "release": inspection.release,
        "policy": inspection.policy,
        "image": {"width": inspection.image_width_px, "height": inspection.image_height_px},
        "as_of": inspection.as_of.isoformat(),
        "document": None
        if inspection.document_quad is None
        else {
            "type": inspection.document_type,
            "confidence": inspection.document_confidence,
            "quad": inspection.document_quad,
        },
        "findings": [_finding_json(finding, audience) for finding in findings],
        "fields": fields,
        "timings_ms": dict(inspection.timings_ms),
    }
    if audience is Audience.CUSTOMER:
        del answer["timings_ms"]
        if answer["document"] is not None:
            del answer["document"]["confidence"]
    elif inspection.explanation:
        answer["explanation"] = dict(inspection.explanation)
    return answer


def _for_customer(findings: tuple[Finding, ...]) -> list[Finding]:
    shown = [f for f in findings if f.criterion.split(".")[0] != "fraud" and find(f.criterion).customer is not None]
    copies = [f for f in findings if f.criterion.split(".")[0] == "fraud" and find(f.criterion).customer is not None]
    worst = max(copies, key=lambda f: (f.outcome is Outcome.REJECT, f.outcome is Outcome.WARN), default=None)
    if worst is not None and worst.outcome in (Outcome.REJECT, Outcome.WARN):
        shown.append(Finding(ORIGINAL_ONLY_CODE, None, worst.outcome, worst.thresholds, (), ORIGINAL_ONLY))
    return shown


def _finding_json(finding: Finding, audience: Audience) -> dict[str, Any]:
    answer: dict[str, Any] = {"criterion": finding.criterion, "outcome": finding.outcome.value}
    if audience is not Audience.CUSTOMER:
        answer["score"] = finding.score
        answer["thresholds"] = {
            "reject": finding.thresholds.reject,
            "reject_warning": finding.thresholds.reject_warning,
        }
    answer["regions"] = [
        {"label": region.label, "quad": region.quad, "defect": region.defect} for region in finding.regions
    ]
    answer["message"] = dict(finding.message) or None
    if audience is not Audience.CUSTOMER:
        answer["advice"] = dict(finding.advice) or None
        answer["spread"] = find(finding.criterion).spread
    return answer
