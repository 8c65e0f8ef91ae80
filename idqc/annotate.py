"""The picture that explains an Inspection: quad, fields, regions and badges, resident numbers painted over."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.chances import shown
from idqc.inspection import Image, Inspection, Outcome, Photo, Points, Quad
from idqc.redaction import redactions

LONG_SIDE_PX = 1600
PANEL_PX = 520
LINE_PX = 34
BLOCK_SHARE = 1 / 24
"""Without a known document nobody knows where a number stands: blocks of a 24th of the width leave no text readable."""

COLOURS_BGR = {
    Outcome.REJECT: (60, 60, 220),
    Outcome.WARN: (20, 150, 240),
    Outcome.PASS: (90, 160, 70),
    Outcome.NOT_COMPUTED: (150, 150, 150),
    Outcome.NOT_APPLICABLE: (150, 150, 150),
}
DOCUMENT_BGR = (200, 120, 30)
FIELD_BGR = (170, 170, 60)
INK_BGR = (40, 40, 40)
PAPER_BGR = (250, 250, 250)


def annotate(photo: Photo, inspection: Inspection) -> Image:
    """Draws an Inspection.

    Returns:
        (height, width, 3) uint8 BGR; the photo at no more than 1600 px a side, with a panel of badges on its right.
    """
    ratio = min(1.0, LONG_SIDE_PX / max(photo.width_px, photo.height_px))
    size = round(photo.width_px * ratio), round(photo.height_px * ratio)
    canvas = np.asarray(cv2.resize(photo.bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    _paint_over(canvas, inspection, ratio)
    if inspection.document_quad is not None:
        _outline(canvas, inspection.document_quad, ratio, DOCUMENT_BGR, inspection.document_type or "document", 3)
    for reading in inspection.fields:
        if reading.quad is not None:
            _outline(canvas, reading.quad, ratio, FIELD_BGR, reading.name, 1)
    for finding in inspection.findings:
        for region in finding.regions:
            _outline(canvas, region.quad, ratio, COLOURS_BGR[finding.outcome], region.defect, 3)
    return np.hstack([canvas, _panel(inspection, canvas.shape[0])])


def _paint_over(canvas: Image, inspection: Inspection, ratio: float) -> None:
    hidden = redactions(inspection)
    if hidden is None:
        height, width = canvas.shape[:2]
        block = max(round(width * BLOCK_SHARE), 1)
        small = cv2.resize(canvas, (max(width // block, 1), max(height // block, 1)), interpolation=cv2.INTER_AREA)
        canvas[:] = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
        return
    for quad in hidden:
        cv2.fillPoly(canvas, [_pixels(quad * np.float32(ratio))], INK_BGR)


def _points(quad: Quad, ratio: float) -> Points:
    return np.array(quad, np.float32) * np.float32(ratio)


def _pixels(points_xy: Points) -> NDArray[np.int32]:
    return np.round(points_xy).astype(np.int32)


def _outline(canvas: Image, quad: Quad, ratio: float, colour: tuple[int, int, int], label: str, width_px: int) -> None:
    points = _pixels(_points(quad, ratio))
    cv2.polylines(canvas, [points], True, colour, width_px, cv2.LINE_AA)
    (text_width, text_height), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    x = int(np.clip(points[:, 0].min(), 0, max(canvas.shape[1] - text_width - 6, 0)))
    y = int(np.clip(points[:, 1].min(), text_height + 8, canvas.shape[0] - 2))
    cv2.rectangle(canvas, (x, y - text_height - 8), (x + text_width + 6, y), colour, cv2.FILLED)
    cv2.putText(canvas, label, (x + 3, y - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.5, PAPER_BGR, 1, cv2.LINE_AA)


def _panel(inspection: Inspection, height_px: int) -> Image:
    panel = np.full((height_px, PANEL_PX, 3), PAPER_BGR, np.uint8)
    told = [f for f in inspection.findings if f.outcome in (Outcome.REJECT, Outcome.WARN)]
    told.sort(key=lambda finding: (finding.outcome is not Outcome.REJECT, -(finding.score or 0.0)))
    cv2.rectangle(panel, (0, 0), (PANEL_PX, 2 * LINE_PX), COLOURS_BGR[inspection.verdict], cv2.FILLED)
    cv2.putText(
        panel, inspection.verdict.value.upper(), (16, 46), cv2.FONT_HERSHEY_DUPLEX, 1.1, PAPER_BGR, 2, cv2.LINE_AA
    )
    lines = [
        (f"{inspection.document_type or 'no document'}", INK_BGR),
        (f"surface {inspection.surface.value}", INK_BGR),
    ]
    lines += [(f"{f.criterion}  {shown(f.score, '-')}", COLOURS_BGR[f.outcome]) for f in told]
    passed = sum(f.outcome is Outcome.PASS for f in inspection.findings)
    skipped = sum(f.outcome is Outcome.NOT_COMPUTED for f in inspection.findings)
    lines.append((f"{passed} passed, {skipped} not computed", INK_BGR))
    for row, (text, colour) in enumerate(lines, start=3):
        cv2.putText(panel, text, (16, row * LINE_PX), cv2.FONT_HERSHEY_SIMPLEX, 0.62, colour, 1, cv2.LINE_AA)
    return panel
