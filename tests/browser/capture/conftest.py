"""A service on a free port with a scripted Inspector, and Chromium with a fake camera that shows a mock card."""

from __future__ import annotations

import io
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import uvicorn
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Playwright

from api.app import create_app
from idqc.catalogue import all_criteria, criteria, find
from idqc.decision import ThresholdTable, decide, verdict
from idqc.experiments.arms import Experiment
from idqc.inspection import Finding, Inspection, Region, Surface, Thresholds
from idqc.photo.decode import read_header
from idqc.release import Release
from idqc.settings import Settings
from idqc.store.house import House, open_house
from idqc.surfaces.capture_sessions import CaptureStep, Handover, Wishes, open_capture
from idqc.surfaces.verification import Accepted
from tests.browser.conftest import CHROMIUM, PATIENCE_MS

LIMITS = Thresholds(reject=0.9, reject_warning=0.4)
CAMERA_PX = (1280, 720)
CARD_SHARE = 0.62


def mock_card() -> Image.Image:
    """A picture of a made-up card on a table, marked as a specimen."""
    picture = Image.new("RGB", CAMERA_PX, (92, 84, 76))
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = card_box(*CAMERA_PX)
    draw.rounded_rectangle((left, top, right, bottom), 24, (226, 236, 244), (120, 140, 160), 3)
    draw.rectangle((left + 40, top + 130, left + 240, top + 390), (176, 190, 202))
    for row, text in enumerate(("SPECIMEN", "HONG GILDONG", "711231-*******", "SEOUL")):
        draw.text((left + 290, top + 80 + 80 * row), text, (20, 30, 50), font_size=44)
    return picture


def card_box(width: int, height: int) -> tuple[int, int, int, int]:
    """Where the card lies in a picture of the camera."""
    card_width = int(width * CARD_SHARE)
    card_height = int(card_width * 54 / 85.6)
    return (
        (width - card_width) // 2,
        (height - card_height) // 2,
        (width + card_width) // 2,
        (height + card_height) // 2,
    )


@dataclass
class ScriptedInspector:
    """Says to each photo the next of `script`: a criterion's code to fault, or None for good; in the end all are."""

    script: list[str | None] = field(default_factory=list)
    release: Release = field(
        default_factory=lambda: Release(
            "2026.11.1+0123456789ab",
            Path("weights"),
            MappingProxyType({}),
            ThresholdTable(MappingProxyType({line.threshold_key: LIMITS for line in all_criteria()})),
        )
    )
    calls: int = 0
    wait: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.wait.set()

    def warm(self) -> None:
        """Nothing to warm."""

    def inspect(self, data: bytes, surface: Surface = Surface.VERIFICATION, **_: Any) -> Inspection:
        header = read_header(data)
        self.calls += 1
        fault = self.script.pop(0) if self.script else None
        self.wait.wait(PATIENCE_MS / 1000)
        left, top, right, bottom = map(float, card_box(header.width_px, header.height_px))
        spot = (
            (left + 280.0, top + 230.0),
            (right - 60.0, top + 230.0),
            (right - 60.0, top + 310.0),
            (left + 280.0, top + 310.0),
        )
        findings = []
        for line in criteria(surface, "kr_resident"):
            bad = line.code == fault
            said = find(line.code).customer or find(line.code).meaning
            message = {
                key: text.replace("{field}", {"ko": "주민등록번호", "en": "resident number"}[key])
                for key, text in said.items()
            }
            regions = (Region("id_number", spot, line.code.split(".")[1]),) if bad else ()
            score = 0.62 if bad else 0.02
            findings.append(Finding(line.code, score, decide(score, LIMITS), LIMITS, regions, message if bad else {}))
        return Inspection(
            inspection_id=uuid.uuid4().hex,
            surface=surface,
            verdict=verdict(findings),
            release=self.release.id,
            policy="default",
            image_width_px=header.width_px,
            image_height_px=header.height_px,
            as_of=date(2026, 11, 22),
            document_type="kr_resident",
            document_confidence=0.99,
            document_quad=((left, top), (right, top), (right, bottom), (left, bottom)),
            findings=tuple(findings),
            fields=(),
            timings_ms={"total": 1.0},
        )


@dataclass
class Running:
    """A running service, its inspector, and what reached the queue."""

    url: str
    inspector: ScriptedInspector
    step: CaptureStep
    installation: House
    queue: list[Handover]
    stop: Callable[[], None]
    start: Callable[[], None]

    def session(self, **wishes: Any) -> str:
        """The address of the page for a new session."""
        made = self.step.create(f"customer-{uuid.uuid4().hex}", Wishes(**wishes))
        language = wishes.get("language", "ko")
        return f"{self.url}/capture#session={made.session_id}&token={made.token}&lang={language}"


@pytest.fixture
def experiment() -> Experiment | None:
    """The experiment that runs; a test module may say another."""
    return None


@pytest.fixture
def house(tmp_path: Path, experiment: Experiment | None) -> Iterator[Running]:
    settings = Settings(data_dir=tmp_path, threads=2, waiting=8, workers=0)
    opened = open_house(settings)
    inspector = ScriptedInspector()
    queue: list[Handover] = []
    real = open_capture(opened, inspector.inspect, experiment, settings.queue_limit)

    def hand_over(one: Handover) -> Accepted:
        queue.append(one)
        return real.hand_over(one)

    step = replace(real, hand_over=hand_over)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start() -> None:
        app = create_app(settings, inspector, opened)  # type: ignore[arg-type]
        app.state.service.capture = step
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        running.append((server, thread))

    def stop() -> None:
        server, thread = running.pop()
        server.should_exit = True
        thread.join(10)

    start()
    yield Running(f"http://127.0.0.1:{port}", inspector, step, opened, queue, stop, start)
    inspector.wait.set()
    if running:
        stop()
    opened.close()


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of the mock card as motion JPEG, which Chromium repeats; noise keeps the frames apart."""
    file = tmp_path_factory.mktemp("camera") / "card.mjpeg"
    frames = io.BytesIO()
    for quality in (88, 90, 92):
        mock_card().save(frames, "JPEG", quality=quality)
    file.write_bytes(frames.getvalue())
    return file


@pytest.fixture(scope="session")
def browser(driver: Playwright, camera_file: Path) -> Iterator[Browser]:
    """Chromium of the system, without a window; its camera shows the mock card."""
    opened = driver.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera_file}",
        ],
    )
    yield opened
    opened.close()


GRAIN = """
let shots = 0;
const keep = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (...how) {
  const context = this.getContext("2d");
  context.fillStyle = `rgb(${(shots += 40) % 256}, 0, 0)`;
  context.fillRect(0, 0, 16, 16);
  return keep.apply(this, how);
};
"""
"""The fake camera repeats its frames to the bit, and the same photo counts once; a sensor never repeats itself."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's page. Any error of a script, and any breach of the content policy, fails the test."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
        permissions=["camera"],
        locale="ko-KR",
    )
    context.add_init_script(GRAIN)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None,
    )
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def photo_files(tmp_path: Path) -> list[Path]:
    """Three photos to upload, no two alike."""
    files = []
    for quality in (86, 88, 90):
        files.append(tmp_path / f"card-{quality}.jpg")
        mock_card().save(files[-1], "JPEG", quality=quality)
    return files


@pytest.fixture
def photo_file(photo_files: list[Path]) -> Path:
    """A photo to upload."""
    return photo_files[0]
