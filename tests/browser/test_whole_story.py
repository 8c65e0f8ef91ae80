"""The whole story in Chromium, with the release's own models: a bad photo, its cure, the queue, a reviewer, the bank.

Two mock photos of a resident card go through a camera: one with a glare, one without. Nothing is stood in for but the
camera and the bank's receiver of webhooks.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from api.app import create_app
from idqc.access.accounts import Role
from idqc.access.keys import Scope
from idqc.client import Client
from idqc.inspection import Inspection, Outcome, Surface
from idqc.inspector import Inspector, open_inspector
from idqc.release import load_release
from idqc.settings import Settings
from idqc.store import audit, webhooks
from idqc.store.house import open_house
from idqc.surfaces.keys import create_key
from idqc.surfaces.sign_in import create_account
from idqc.surfaces.webhook_sender import new_secret
from idqc.synth.assets import Assets
from idqc.synth.generator import make_photo
from idqc.synth.plan import Plan
from tests.browser.conftest import CHROMIUM, served
from tests.webhook_receiver import Receiver, running_receiver

SEED = 20261122
CANDIDATES = 12
"""Photos to look among for one that the release finds good, and one in which it finds the glare: how often it is right
is measured elsewhere."""
GLARE = "quality.glare"
PASSWORD = "four unrelated words"
LIMIT_S = 60.0


@dataclass
class Camera:
    """The file that Chromium's camera shows; it is read anew whenever a page opens the camera."""

    file: Path

    def show(self, photo: bytes) -> None:
        """Puts the camera in front of a photo. Motion JPEG: some frames, no two alike, repeated for ever."""
        picture = Image.open(io.BytesIO(photo)).convert("RGB")
        picture = picture.crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))
        frames = io.BytesIO()
        for quality in (93, 94, 95):
            picture.save(frames, "JPEG", quality=quality, subsampling="4:2:0")
        self.file.write_bytes(frames.getvalue())


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    opened = open_inspector(load_release())
    opened.warm()
    return opened


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    return Camera(tmp_path_factory.mktemp("story") / "camera.mjpeg")


@pytest.fixture(scope="module")
def browser(driver: Playwright, camera: Camera) -> Iterator[Browser]:
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    opened = driver.chromium.launch(
        executable_path=CHROMIUM, args=[*flags, *fake, f"--use-file-for-fake-video-capture={camera.file}"]
    )
    yield opened
    opened.close()


@dataclass
class Bank:
    """A running service with its worker, and what a bank has of it: a key, a reviewer, a receiver."""

    address: str
    client: Client
    receiver: Receiver
    secret: str

    def told(self) -> list[tuple[str, str]]:
        """What the receiver was told so far, each message verified: submission and state, in the order of the times."""
        messages = [Webhook(self.secret).verify(body, headers) for headers, body in self.receiver.arrived]
        messages.sort(key=lambda message: str(message["timestamp"]))
        return [(message["data"]["submission_id"], message["data"]["state"]) for message in messages]


@pytest.fixture
def bank(tmp_path: Path, inspector: Inspector) -> Iterator[Bank]:
    settings = Settings(data_dir=tmp_path, threads=1, webhook_private_hosts="localhost", double_review_share=0.0)
    house = open_house(settings)
    with running_receiver() as receiver:
        create_account(house.store, "minjun", Role.REVIEWER, PASSWORD, actor="test")
        key = create_key(house.store, "backend", frozenset({Scope.SUBMIT}), actor="test").text
        secret, shown = new_secret()
        with house.store.unit_of_work() as connection:
            webhooks.add_endpoint(connection, house.vault, receiver.url, secret, house.store.clock())
        with served(create_app(settings, inspector, house)) as address:
            yield Bank(address, Client(address, key), receiver, shown)
        with house.store.reading() as connection:
            assert audit.verify(connection).fault is None
    house.close()


def first(inspector: Inspector, defects: tuple[tuple[str, float], ...], fits: Callable[[Inspection], bool]) -> bytes:
    """The first mock photo of a resident card with these defects of which the release says what it should."""
    assets = Assets.load(None, None)
    for index in range(CANDIDATES):
        kind = "defect" if defects else "clean"
        photo, _ = make_photo(Plan(SEED, index, "calibrate", kind, "kr_resident", defects=defects), assets)
        if fits(inspector.inspect(photo, Surface.CAPTURE)):
            return photo
    raise AssertionError(f"none of {CANDIDATES} photos with {defects} is judged as it should be")


def is_good(found: Inspection) -> bool:
    return found.verdict is Outcome.PASS


def has_glare(found: Inspection) -> bool:
    acting = [one for one in found.findings if one.outcome in (Outcome.WARN, Outcome.REJECT)]
    return [one.criterion for one in acting] == [GLARE] and bool(acting[0].regions)


def until(happened: Callable[[], bool]) -> None:
    """Waits for what happens on other threads."""
    deadline = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < deadline, f"nothing after {LIMIT_S} s"
        time.sleep(0.05)


def listening(page: Page) -> list[str]:
    """What goes wrong in a page from here on: errors of scripts, breaches of the content policy."""
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda told: broken.append(told.text) if told.type == "error" else None)
    page.set_default_timeout(LIMIT_S * 1000)
    return broken


def take_photos(browser: Browser, bank: Bank, camera: Camera, bad: bytes, good: bytes, shots: Path) -> None:
    """A customer's part: the bad photo is named and outlined, the good one is sent."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True, permissions=["camera"],
        locale="ko-KR",
    )  # fmt: skip
    page = context.new_page()
    broken = listening(page)
    camera.show(bad)
    page.goto(bank.client.create_capture_session("customer-17", language="ko").page)
    page.click("#start-camera")
    expect(page.locator("#view-camera")).to_be_visible()
    page.click("#shutter")
    expect(page.locator("#shot-heading")).to_have_text("다시 찍어 주세요", timeout=LIMIT_S * 1000)
    expect(page.locator("#shot-text")).to_contain_text("빛이 반사")
    places = page.locator("#outlines polygon.place")
    expect(places.first).to_be_visible()
    shot, outline = page.locator("#photo").bounding_box(), places.first.bounding_box()
    assert shot is not None
    assert outline is not None
    assert outline["width"] > 4
    assert shot["x"] - 4 <= outline["x"] <= shot["x"] + shot["width"]
    assert shot["y"] - 4 <= outline["y"] <= shot["y"] + shot["height"]
    page.screenshot(path=shots / "story-1-retake.png", full_page=True)

    camera.show(good)
    page.click("#again")
    expect(page.locator("#view-camera")).to_be_visible()
    page.click("#shutter")
    expect(page.locator("#shot-heading")).to_have_text("사진이 잘 나왔어요", timeout=LIMIT_S * 1000)
    page.screenshot(path=shots / "story-2-good.png", full_page=True)
    page.click("#send")
    expect(page.locator("#done-heading")).to_have_text("제출했어요")
    assert broken == []
    context.close()


def decide(browser: Browser, bank: Bank, submission_id: str, shots: Path) -> None:
    """A reviewer's part: sign in, open the only case, look at its photo, approve."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ko-KR")
    page = context.new_page()
    broken = listening(page)
    page.goto(f"{bank.address}/console")
    page.fill("#name", "minjun")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="다음 건 심사").click()
    page.wait_for_url(f"**/cases/{submission_id}")
    # The only case: looking for another one has come to its end.
    expect(page.locator("button[data-key='?']")).to_be_visible()
    expect(page.locator("#next-state")).to_have_text("")
    assert page.evaluate("document.querySelector('.stage > img').naturalWidth") > 600
    expect(page.locator(".stage polygon.outline-document")).to_be_attached()
    page.screenshot(path=shots / "story-3-case.png", full_page=True)
    page.locator("button.approve").click()
    page.wait_for_url("**/console?done=decided")
    expect(page.get_by_text("심사할 건이 없습니다.")).to_be_visible()
    assert broken == []
    context.close()


def test_from_a_bad_photo_to_the_webhook(
    browser: Browser, bank: Bank, camera: Camera, inspector: Inspector, shots: Path
) -> None:
    bad, good = first(inspector, ((GLARE, 0.9),), has_glare), first(inspector, (), is_good)
    take_photos(browser, bank, camera, bad, good, shots)

    # The queue: the worker inside the service inspects, and the bank hears of each step.
    until(lambda: len(bank.receiver.arrived) >= 3)
    submission_id = bank.told()[0][0]
    steps = ["queued", "inspecting", "awaiting_review"]
    assert bank.told() == [(submission_id, state) for state in steps]
    assert bank.client.submission(submission_id).state == "awaiting_review"

    decide(browser, bank, submission_id, shots)
    until(lambda: len(bank.receiver.arrived) >= 4)
    assert bank.told() == [(submission_id, state) for state in (*steps, "approved")]
    assert bank.client.submission(submission_id).state == "approved"

    # Every message was signed; one that somebody changed on its way is none of ours.
    headers, body = next(one for one in bank.receiver.arrived if json.loads(one[1])["data"]["state"] == "approved")
    with pytest.raises(WebhookVerificationError):
        Webhook(bank.secret).verify(body.replace(b"approved", b"rejected"), headers)
    assert not [body for _, body in bank.receiver.arrived if b"customer-17" in body]
