"""A service over a stub Inspector: it decodes for real and judges by rote, so that HTTP and files are the subject."""

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.app import create_app
from idqc.access.keys import Scope
from idqc.catalogue import all_criteria, criteria
from idqc.chances import Chance
from idqc.decision import ThresholdTable, decide, verdict
from idqc.inspection import FieldReading, Finding, Inspection, Region, Surface, Thresholds
from idqc.photo.decode import decode, read_header
from idqc.release import Release
from idqc.settings import Settings
from idqc.store.house import House, open_house
from idqc.surfaces.keys import create_key
from tests.databases import database

LIMITS = Thresholds(reject=0.9, reject_warning=0.4)
CHANCE = Chance(prior=0.034, low=1.7, high=0.1, offset=5.5)
QUAD = ((20.0, 20.0), (620.0, 20.0), (620.0, 400.0), (20.0, 400.0))


def noisy(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """A picture with texture, the same every time."""
    return Image.effect_noise((width, height), 60.0).convert(mode)


def encode(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The file that Pillow writes."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


class StubInspector:
    """Decodes for real; `during` runs inside an inspection, to block it or to raise."""

    def __init__(self) -> None:
        limits = {line.threshold_key: LIMITS for line in all_criteria()}
        table = ThresholdTable(MappingProxyType(limits), MappingProxyType({"quality.glare": CHANCE}))
        self.release = Release("2026.11.1+0123456789ab", Path("weights"), MappingProxyType({}), table)
        self.during: Callable[[], None] = lambda: None
        self.warming: Callable[[], None] = lambda: None
        self.calls: list[dict[str, Any]] = []

    def warm(self) -> None:
        self.warming()

    def inspect(self, data: bytes, surface: Surface = Surface.VERIFICATION, **options: Any) -> Inspection:
        header = read_header(data)
        decode(data, header)
        self.during()
        self.calls.append({"surface": surface, **options})
        findings = tuple(self._finding(line.code, surface) for line in criteria(surface, "kr_resident"))
        return Inspection(
            inspection_id=uuid.uuid4().hex,
            surface=surface,
            verdict=verdict(findings),
            release=self.release.id,
            policy="default",
            image_width_px=header.width_px,
            image_height_px=header.height_px,
            as_of=options.get("as_of") or date(2026, 11, 21),
            document_type="kr_resident",
            document_confidence=0.99,
            document_quad=QUAD,
            findings=findings,
            fields=(FieldReading("id_number", "711231-*******", 0.97, 0.91, True, QUAD),),
            timings_ms={"decode": 21.0, "document": 11.2, "total": 40.0},
        )

    def _finding(self, code: str, surface: Surface) -> Finding:
        score = 0.62 if code == "quality.glare" else 0.02
        regions = (Region("id_number", QUAD, "glare"),) if score > 0.4 else ()
        message = {"ko": "빛이 반사됐어요.", "en": "Light reflects."} if regions else {}
        return Finding(code, score, decide(score, LIMITS), LIMITS, regions, message)


@pytest.fixture
def stub() -> StubInspector:
    return StubInspector()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An open installation without anything in it."""
    with database("sqlite", tmp_path) as url:
        opened = open_house(Settings(data_dir=tmp_path, database_url=url))
        yield opened
        opened.close()


@pytest.fixture
def make_key(house: House) -> Callable[..., dict[str, str]]:
    """The headers of a new key: `make_key("inspect", per_minute=3)`."""

    def make(*scopes: str, per_minute: int = 100_000) -> dict[str, str]:
        wanted = frozenset(Scope(scope) for scope in scopes)
        name = f"key {uuid.uuid4().hex[:8]}"
        key = create_key(house.store, name, wanted, actor="test", per_minute=per_minute)
        return {"Authorization": f"Bearer {key.text}"}

    return make


@pytest.fixture
def key(make_key: Callable[..., dict[str, str]]) -> dict[str, str]:
    """The headers of a key that may do everything."""
    return make_key("admin")


@pytest.fixture
def client(stub: StubInspector, house: House, key: dict[str, str]) -> Iterator[TestClient]:
    app = create_app(Settings(threads=2, waiting=2), stub, house)  # type: ignore[arg-type]
    with TestClient(app, raise_server_exceptions=False, headers=key) as running:
        deadline = threading.Event()
        while running.get("/readyz").status_code != 200:
            deadline.wait(0.01)
        yield running


@pytest.fixture(scope="session")
def photo() -> bytes:
    return encode(noisy(), quality=85)


@pytest.fixture
def make_photo() -> Callable[..., bytes]:
    """encode(noisy(...)): `make_photo("PNG", mode="L", width=…, height=…, **options of the encoder)`."""

    def make(kind: str = "JPEG", *, width: int = 640, height: int = 480, mode: str = "RGB", **options: Any) -> bytes:
        return encode(noisy(width, height, mode), kind, **options)

    return make
