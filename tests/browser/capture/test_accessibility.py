"""The capture page under axe-core, in every view, light and dark; large type; the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.capture.conftest import Running

GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, serious or critical."""
    found = Axe().run(page).response
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"] if one["impact"] in GRAVE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_serious_fault(page: Page, house: Running, photo_file: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    house.inspector.script = ["quality.glare", None]
    page.goto(house.session())
    expect(page.locator("#view-start")).to_be_visible()
    assert faults(page) == []
    page.click("#start-camera")
    expect(page.locator("#view-camera")).to_be_visible()
    assert faults(page) == []
    page.click("#shutter")
    expect(page.locator("#again")).to_be_visible()
    assert faults(page) == []
    page.click("#again")
    expect(page.locator("#view-camera")).to_be_visible()
    page.click("#shutter")
    expect(page.locator("#send")).to_be_visible()
    assert faults(page) == []
    page.click("#send")
    expect(page.locator("#view-done")).to_be_visible()
    assert faults(page) == []


def test_large_type_loses_nothing(page: Page, house: Running, photo_file: Path) -> None:
    """Type at twice its size on a narrow phone: no sideways scrolling, and every button can be reached and read."""
    page.set_viewport_size({"width": 320, "height": 640})
    house.inspector.script = ["quality.glare"]
    page.goto(house.session(language="en"))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    expect(page.locator("#view-start")).to_be_visible()
    page.locator("#view-start input[type=file]").set_input_files(photo_file)
    expect(page.locator("#again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("#again").scroll_into_view_if_needed()
    expect(page.locator("#again")).to_be_in_viewport()
    cut = page.evaluate(
        "[...document.querySelectorAll('button')]"
        ".filter(one => one.offsetParent && one.scrollWidth > one.clientWidth + 1).length"
    )
    assert cut == 0


def test_the_keyboard_is_enough(page: Page, house: Running) -> None:
    page.goto(house.session(language="en"))
    expect(page.locator("#start-heading")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#start-camera")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#camera-heading")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#shutter")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#shot-heading")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#done-heading")).to_be_focused()
    assert len(house.queue) == 1


def test_what_happens_is_announced(page: Page, house: Running) -> None:
    page.goto(house.session(language="en"))
    for region, role in {"#hint": "status", "#progress": "status", "#camera-problem": "alert"}.items():
        assert page.get_attribute(region, "role") == role
    page.click("#start-camera")
    page.click("#shutter")
    expect(page.locator("#photo")).to_have_attribute("alt", "The photo that you just took")
