"""An installation in a folder of the test: store, vault, blobs; and an Inspector that answers by rote."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from idqc.catalogue import criteria
from idqc.decision import decide, verdict
from idqc.inspection import FieldReading, Finding, Inspection, Outcome, Quad, Surface, Thresholds
from idqc.store import keyring
from idqc.store.blobs import LocalFolder
from idqc.store.engine import Store
from idqc.store.house import House
from idqc.store.vault import Vault
from idqc.surfaces.worker import Worker

LIMITS = Thresholds(reject=0.9, reject_warning=0.4)
CARD: Quad = ((20.0, 20.0), (620.0, 20.0), (620.0, 400.0), (20.0, 400.0))
NUMBER: Quad = ((100.0, 150.0), (380.0, 150.0), (380.0, 190.0), (100.0, 190.0))


class Clock:
    """A time that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **length: float) -> None:
        self.now += timedelta(**length)


class RoteInspector:
    """Judges by what a test sets. `scores` are by criterion; `during` runs inside an inspection."""

    def __init__(self) -> None:
        self.scores: dict[str, float] = {}
        self.document_type: str | None = "kr_resident"
        self.number: str | None = "711231-*******"
        self.during: Callable[[], None] = lambda: None
        self.calls = 0

    def inspect(self, data: bytes, surface: Surface, **_: Any) -> Inspection:
        self.calls += 1
        self.during()
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
        findings = tuple(self._finding(line.code) for line in criteria(surface, self.document_type))
        return Inspection(
            inspection_id=secrets.token_hex(16), surface=surface, verdict=verdict(findings), release="2026.11.1+0",
            policy="default", image_width_px=width, image_height_px=height, as_of=date(2026, 11, 22),
            document_type=self.document_type, document_confidence=0.99,
            document_quad=CARD if self.document_type else None, findings=findings,
            fields=(FieldReading("id_number", self.number, 0.97, 0.91, True, NUMBER),), timings_ms={"total": 40.0},
        )  # fmt: skip

    def _finding(self, code: str) -> Finding:
        score = self.scores.get(code, 0.02)
        outcome = decide(score, LIMITS)
        message = {"ko": f"{code} 고쳐 주세요.", "en": f"Mend {code}."} if outcome is not Outcome.PASS else {}
        return Finding(code, score, outcome, LIMITS, (), message)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(store: Store, tmp_path: Path, clock: Clock) -> House:
    timed = Store(store.engine, clock)
    vault = Vault.of(secrets.token_bytes(32))
    with timed.unit_of_work() as connection:
        key = keyring.secret(connection, vault, keyring.PSEUDONYMS, clock())
    return House(timed, vault, LocalFolder(tmp_path / "blobs"), key)


@pytest.fixture
def inspector() -> RoteInspector:
    return RoteInspector()


@pytest.fixture
def worker(house: House, inspector: RoteInspector) -> Worker:
    return Worker(house, inspector, lease_s=60.0)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def photo() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((640, 480), 60.0).convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
