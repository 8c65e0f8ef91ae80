"""Cases to look at: submissions put into an installation and inspected by rote, without any model."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import cv2
import numpy as np

from idqc.catalogue import criteria
from idqc.decision import decide, verdict
from idqc.inspection import FieldReading, Finding, Inspection, Outcome, Quad, Region, Surface, Thresholds
from idqc.store.house import House
from idqc.surfaces.verification import Intake, submit
from idqc.surfaces.worker import Worker

LIMITS = Thresholds(reject=0.95, reject_warning=0.4)
SIZE_PX = (1280, 960)
CARD: Quad = ((180.0, 200.0), (1110.0, 180.0), (1130.0, 770.0), (170.0, 790.0))
FIELDS: Mapping[str, tuple[str | None, tuple[float, float, float, float]]] = {
    "name": ("홍견본", (0.06, 0.22, 0.40, 0.36)),
    "id_number": ("711231-*******", (0.06, 0.40, 0.56, 0.52)),
    "address": ("서울특별시 견본구 예시로 1", (0.06, 0.56, 0.56, 0.70)),
    "issue_date": ("2019.03.02", (0.30, 0.78, 0.60, 0.86)),
    "issuer": ("견본구청장", (0.30, 0.88, 0.60, 0.97)),
    "portrait": (None, (0.66, 0.16, 0.94, 0.72)),
}


def place(share: tuple[float, float, float, float]) -> Quad:
    """A place on the card, given as left, top, right, bottom in shares of it, in pixels of the photo."""
    left, top, right, bottom = share
    card = np.array(CARD, np.float32)
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float32)
    moved = cv2.perspectiveTransform(corners, cv2.getPerspectiveTransform(flat, card))[0]
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in moved)


def card_photo(seed: int = 7) -> bytes:
    """A JPEG of something like a card on a table: shapes only, no person and no text but SPECIMEN."""
    rng = np.random.default_rng(seed)
    photo = np.full((SIZE_PX[1], SIZE_PX[0], 3), (96, 104, 118), np.uint8)
    photo = cv2.add(photo, rng.integers(0, 12, photo.shape, dtype=np.uint8))
    cv2.fillPoly(photo, [np.array(CARD, np.int32)], (225, 232, 226))
    for name, (_, share) in FIELDS.items():
        quad = np.array(place(share), np.int32)
        cv2.fillPoly(photo, [quad], (196, 186, 170) if name == "portrait" else (206, 216, 212))
        if name != "portrait":
            cv2.putText(photo, name.upper(), tuple(quad[3] + (6, -12)), cv2.FONT_HERSHEY_DUPLEX, 0.8, (60, 70, 60), 2)
    face = np.array(place(FIELDS["portrait"][1])).mean(axis=0).astype(int)
    cv2.ellipse(photo, tuple(face), (70, 95), 0, 0, 360, (150, 170, 205), -1, cv2.LINE_AA)
    cv2.putText(photo, "SPECIMEN", (430, 260), cv2.FONT_HERSHEY_DUPLEX, 1.4, (120, 90, 150), 3, cv2.LINE_AA)
    cv2.circle(photo, (520, 455), 60, (252, 254, 255), -1, cv2.LINE_AA)
    _, encoded = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return io.BytesIO(encoded.tobytes()).getvalue()


class RoteInspector:
    """Judges by what a test sets: `scores` by criterion; all else passes."""

    def __init__(self) -> None:
        self.scores: dict[str, float | None] = {}

    def inspect(self, data: bytes, surface: Surface, **_: Any) -> Inspection:
        """The inspection that was set."""
        findings = tuple(self._finding(line.code) for line in criteria(surface, "kr_resident"))
        fields = tuple(
            FieldReading(
                name, value, None if value is None else 0.97, None if value is None else 0.91, True, place(share)
            )
            for name, (value, share) in FIELDS.items()
        )
        return Inspection(
            inspection_id=uuid4().hex, surface=surface, verdict=verdict(findings), release="2026.11.1+0123456789ab",
            policy="default", image_width_px=SIZE_PX[0], image_height_px=SIZE_PX[1], as_of=date(2026, 11, 22),
            document_type="kr_resident", document_confidence=0.99, document_quad=CARD, findings=findings,
            fields=fields, timings_ms={"total": 40.0},
        )  # fmt: skip

    def _finding(self, code: str) -> Finding:
        score = self.scores.get(code, 0.03)
        outcome = decide(score, LIMITS)
        if outcome in (Outcome.PASS, Outcome.NOT_COMPUTED):
            return Finding(code, score, outcome, LIMITS)
        name = "portrait" if "portrait" in code else "id_number" if code == "quality.glare" else ""
        quad = place(FIELDS[name][1]) if name else CARD
        region = Region(name or "document", quad, code.rpartition(".")[2])
        return Finding(code, score, outcome, LIMITS, (region,), {"ko": f"{code}", "en": f"{code}"})


def put_case(house: House, scores: Mapping[str, float | None] | None = None, *, photo: bytes | None = None,
             customer: str | None = None, flags: Sequence[str] = ()) -> str:  # fmt: skip
    """Submits a photo and lets a worker inspect it; gives the submission's id."""
    inspector = RoteInspector()
    inspector.scores = dict(scores or {})
    sent = submit(house, photo or card_photo(), Intake(customer_ref=customer, flags=tuple(flags)), 10_000)
    Worker(house, inspector, lease_s=60.0).step()  # type: ignore[arg-type]
    return sent.submission_id
