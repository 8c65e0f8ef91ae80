"""The capture page in Chromium: the customer's way through it, in good times and in bad."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.capture.conftest import Running

GLARE = "quality.glare"


def shoot(page: Page) -> None:
    page.click("#shutter")


def open_camera(page: Page, address: str) -> None:
    page.goto(address)
    page.click("#start-camera")
    expect(page.locator("#view-camera")).to_be_visible()


def choose(page: Page, file: Path) -> None:
    """Gives a file instead of the camera's photo, once the page asks for one."""
    expect(page.locator("#view-start")).to_be_visible()
    page.locator("#view-start input[type=file]").set_input_files(file)


def test_a_bad_photo_is_named_outlined_and_taken_again(page: Page, house: Running) -> None:
    house.inspector.script = [GLARE, None]
    open_camera(page, house.session())
    expect(page.locator("#camera-heading")).to_be_focused()
    shoot(page)
    expect(page.locator("#shot-heading")).to_have_text("다시 찍어 주세요")
    expect(page.locator("#shot-heading")).to_be_focused()
    expect(page.locator("#shot-text")).to_have_text("주민등록번호에 빛이 반사됐어요. 각도를 바꿔 다시 찍어 주세요.")
    expect(page.locator("#outlines polygon.place")).to_have_count(1)
    picture, drawing = page.locator("#photo").bounding_box(), page.locator("#outlines").bounding_box()
    assert picture is not None
    assert drawing is not None
    for side in ("x", "y", "width", "height"):
        assert abs(picture[side] - drawing[side]) < 1.5  # type: ignore[literal-required]
    expect(page.locator("#bypass")).to_be_hidden()
    page.click("#again")
    expect(page.locator("#view-camera")).to_be_visible()
    shoot(page)
    expect(page.locator("#shot-heading")).to_have_text("사진이 잘 나왔어요")
    page.click("#send")
    expect(page.locator("#done-heading")).to_be_visible()
    expect(page.locator("#done-heading")).to_have_text("제출했어요")
    assert [one.flags for one in house.queue] == [()]
    assert house.queue[0].photo[:2] == b"\xff\xd8"
    page.reload()
    expect(page.locator("#view-done")).to_be_visible()


def test_the_language_changes_everything_that_is_shown(page: Page, house: Running) -> None:
    house.inspector.script = [GLARE]
    open_camera(page, house.session())
    shoot(page)
    expect(page.locator("#shot-heading")).to_have_text("다시 찍어 주세요")
    page.click("#language")
    expect(page.locator("#shot-heading")).to_have_text("Please take it again")
    expect(page.locator("#shot-text")).to_have_text(
        "Light reflects on the resident number. Change the angle and take the photo again."
    )
    assert page.evaluate("document.documentElement.lang") == "en"
    left = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => !e.children.length).map(e => e.textContent).join(' ')"
    )
    assert not re.search("[가-힣]", left.replace("이 화면에는 자바스크립트가 필요해요.", ""))


def test_after_three_for_one_reason_there_is_a_way_through(page: Page, house: Running, photo_files: list[Path]) -> None:
    house.inspector.script = [GLARE, GLARE, GLARE]
    page.goto(house.session(language="en"))
    for number, file in enumerate(photo_files, 1):
        choose(page, file)
        expect(page.locator("#again")).to_be_visible()
        expect(page.locator("#shot-heading")).to_have_text("Please take it again")
        if number < 3:
            expect(page.locator("#bypass")).to_be_hidden()
            page.click("#again")
            expect(page.locator("#view-start")).to_be_visible()
    expect(page.locator("#bypass")).to_be_visible()
    expect(page.locator("#bypass")).to_have_text("Does the problem keep happening?")
    page.click("#bypass")
    expect(page.locator("#done-heading")).to_be_visible()
    assert [one.flags for one in house.queue] == [("capture.bypassed",)]
    assert house.queue[0].photo == photo_files[-1].read_bytes()


def test_a_file_may_stand_for_the_camera_where_the_bank_allows_it(page: Page, house: Running, photo_file: Path) -> None:
    page.goto(house.session(language="en", return_url="https://bank.example/done"))
    choose(page, photo_file)
    expect(page.locator("#shot-heading")).to_have_text("That is a good photo")
    page.click("#send")
    expect(page.locator("#back")).to_have_attribute("href", "https://bank.example/done")
    assert house.queue[0].photo == photo_file.read_bytes()
    page.goto("about:blank")
    page.goto(house.session(upload_allowed=False))
    expect(page.locator("#start-camera")).to_be_visible()
    for one in page.locator("[data-upload]").all():
        expect(one).to_be_hidden()


def test_a_file_that_is_no_photo_is_told(page: Page, house: Running, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_bytes(b"no photo at all")
    page.goto(house.session(language="en"))
    choose(page, tmp_path / "text.jpg")
    expect(page.locator("#camera-problem")).to_contain_text("not a photo")
    assert house.inspector.calls == 0


def test_a_slow_check_can_be_left_out(page: Page, house: Running, photo_file: Path) -> None:
    house.inspector.wait.clear()
    page.goto(house.session(language="en"))
    choose(page, photo_file)
    expect(page.locator("#shot-heading")).to_have_text("Checking the photo")
    expect(page.locator("#unjudged")).to_be_visible()
    expect(page.locator("#progress")).to_contain_text("taking long")
    page.click("#unjudged")
    expect(page.locator("#done-heading")).to_be_visible()
    assert [one.flags for one in house.queue] == [("capture.unjudged",)]


def test_while_the_service_is_away_the_photo_waits(page: Page, house: Running, photo_file: Path) -> None:
    page.goto(house.session(language="en"))
    expect(page.locator("#start-camera")).to_be_visible()
    house.stop()
    choose(page, photo_file)
    page.click("#unjudged")
    expect(page.locator("#progress")).to_contain_text("Not sent yet")
    assert house.queue == []
    house.start()
    expect(page.locator("#done-heading")).to_be_visible()
    assert [one.flags for one in house.queue] == [("capture.unjudged",)]
    assert house.queue[0].photo == photo_file.read_bytes()


def test_a_link_that_is_over_says_so(page: Page, house: Running) -> None:
    page.goto(f"{house.url}/capture")
    expect(page.locator("#over-heading")).to_have_text("촬영 링크가 올바르지 않아요")
    page.goto("about:blank")
    page.goto(f"{house.url}/capture#session={'0' * 32}&token=wrong&lang=en")
    expect(page.locator("#over-heading")).to_have_text("This link does not work")


def test_without_a_camera_the_page_says_what_to_do(page: Page, house: Running) -> None:
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    page.goto(house.session(language="en"))
    page.click("#start-camera")
    expect(page.locator("#camera-problem")).to_contain_text("Allow it in your browser's settings")
    expect(page.locator("#start-camera")).to_be_visible()


def test_guidance_does_not_flicker(page: Page, house: Running) -> None:
    """A hint every 50 ms for ten seconds of made-up time, changing all the time: shown ones last 1.5 s or longer."""
    page.goto(f"{house.url}/capture")
    shown = page.evaluate(
        """async () => {
          const { Calm } = await import("/capture/calm.js");
          const shown = [];
          let now = 0;
          const calm = new Calm((hint) => shown.push([hint, now]));
          for (; now < 4000; now += 50) calm.offer(["dark", "glare", "moving"][(now / 50) % 3], now);
          for (; now < 10000; now += 50) calm.offer(now % 4000 < 2000 ? "dark" : "ready", now);
          return shown;
        }"""
    )
    times = [at for _, at in shown]
    assert len(shown) >= 3
    assert all(later - earlier >= 1500 for earlier, later in pairwise(times))
    assert [hint for hint, at in shown if at < 4000] == ["dark"]


def test_hints_come_from_the_pixels(page: Page, house: Running) -> None:
    page.goto(f"{house.url}/capture")
    hints = page.evaluate(
        """async () => {
          const { hintOf } = await import("/capture/camera.js");
          const flat = (value) => new Uint8Array(400).fill(value);
          const burnt = flat(120).fill(255, 0, 20);
          return [hintOf(flat(20), null), hintOf(burnt, burnt), hintOf(flat(120), flat(150)),
            hintOf(flat(120), flat(121))];
        }"""
    )
    assert hints == ["dark", "glare", "moving", "ready"]
