"""An Inspector without models: it decodes for real and judges by rote, for trials of the queue and of the service."""

from __future__ import annotations

import time
import uuid
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from idqc.catalogue import all_criteria, criteria
from idqc.decision import ThresholdTable, decide, verdict
from idqc.inspection import FieldReading, Finding, Inspection, Surface, Thresholds
from idqc.photo.decode import decode, read_header
from idqc.release import Release

LIMITS = Thresholds(reject=0.9, reject_warning=0.4)
CARD = ((20.0, 20.0), (620.0, 20.0), (620.0, 400.0), (20.0, 400.0))
REJECTED_EVERY = 4


class QuickInspector:
    """Takes `seconds` for a photo, and rejects about every fourth one as blurred, always the same ones."""

    def __init__(self, seconds: float = 0.0) -> None:
        table = ThresholdTable(MappingProxyType({line.threshold_key: LIMITS for line in all_criteria()}))
        self.release = Release("2026.11.1+0123456789ab", Path("weights"), MappingProxyType({}), table)
        self._seconds = seconds

    def warm(self) -> None:
        """Has nothing to warm."""

    def inspect(self, data: bytes, surface: Surface = Surface.VERIFICATION, **options: Any) -> Inspection:
        """Judges by the sum of the bytes."""
        header = read_header(data)
        decode(data, header)
        time.sleep(self._seconds)
        blurred = sum(data) % REJECTED_EVERY == 0
        scores = {"quality.blur": 0.97 if blurred else 0.02}
        findings = []
        for line in criteria(surface, "kr_resident"):
            score = scores.get(line.code, 0.02)
            findings.append(Finding(line.code, score, decide(score, LIMITS), LIMITS))
        return Inspection(
            inspection_id=uuid.uuid4().hex, surface=surface, verdict=verdict(tuple(findings)),
            release=self.release.id, policy="default", image_width_px=header.width_px,
            image_height_px=header.height_px, as_of=options.get("as_of") or date(2026, 11, 22),
            document_type="kr_resident", document_confidence=0.99, document_quad=CARD, findings=tuple(findings),
            fields=(FieldReading("id_number", "711231-*******", 0.97, 0.91, True, CARD),), timings_ms={"total": 1.0},
        )  # fmt: skip
