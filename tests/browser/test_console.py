"""The console in a real browser: everything by keyboard, the next case without a page load, no accessibility fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from idqc.states import State
from tests.browser.reviewing import Console, open_page, running_console, sign_in, take_next, wait_for_keys

NEXT_READY = {"ko": "다음 건이 준비되었습니다.", "en": "The next case is ready."}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with running_console(tmp_path_factory.mktemp("console"), customers=3000) as running:
        yield running


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:120]}" for one in found]


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [(1280, "ko", "light"), (1280, "en", "dark"), (390, "ko", "dark"), (390, "en", "light")],
)
def test_no_page_has_an_accessibility_fault(
    browser: Browser, console: Console, shots: Path, width: int, language: str, scheme: str
) -> None:
    page = open_page(browser, width, language, scheme)
    broken: list[str] = []
    page.on("console", lambda told: broken.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: broken.append(str(error)))

    def look(name: str) -> None:
        page.screenshot(path=shots / f"console-{name}-{width}-{language}-{scheme}.png", full_page=True)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.goto(f"{console.address}/console")
    look("sign-in")
    sign_in(page, console, "lead")
    # A narrow screen has no keyboard, and no hint of one.
    if width > 500:
        wait_for_keys(page)
    look("queue")
    page.goto(f"{console.address}/console/cases/{console.cases[-1]}")
    expect(page.get_by_text(NEXT_READY[language])).to_be_visible()
    look("case")
    page.get_by_role("button", name="목록으로 돌려놓기" if language == "ko" else "Put back").click()
    page.wait_for_url("**/console")
    page.goto(f"{console.address}/console/agreement")
    look("agreement")
    page.goto(f"{console.address}/console/experiment")
    expect(page.locator("svg.plot[role=img]")).to_have_count(3)
    look("experiment")
    page.get_by_role("button", name="로그아웃" if language == "ko" else "Sign out").click()
    expect(page.locator("#name")).to_be_focused()
    sign_in(page, console, "operator")
    look("operations")
    assert broken == []
    page.context.close()


def test_a_reviewer_decides_by_keyboard_and_the_next_case_is_there_at_once(browser: Browser, console: Console) -> None:
    page = open_page(browser)
    sign_in(page, console, "reviewer")
    take_next(page, console)
    expect(page.get_by_text(NEXT_READY["en"])).to_be_visible()

    outline = page.locator("[data-outline-of=fraud-screen]")
    expect(outline).to_be_visible()
    page.keyboard.press("o")
    expect(outline).to_be_hidden()
    page.keyboard.press("o")
    expect(outline).to_be_visible()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(page.locator(".stage")).to_have_attribute("style", re.compile(r"scale\(1\.5625\)"))
    page.keyboard.press("0")
    page.keyboard.press("]")
    expect(page.locator(".finding.current")).to_contain_text("photographed from a display")

    # A letter typed into the note is a letter.
    page.keyboard.press("m")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("a screen")
    expect(page.locator("#note")).to_have_value("a screen")
    page.keyboard.press("Escape")

    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    page.keyboard.press("1")
    expect(page.locator("[data-reason='1']")).to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{console.cases[1]}")
    expect(page.locator("main")).to_contain_text("Does the problem keep happening?")
    assert console.state(0) is State.REJECTED
    page.keyboard.press("a")
    expect(page.get_by_text("Press Enter to decide")).to_be_visible()
    assert console.state(1) is State.AWAITING_REVIEW
    expect(page.get_by_text(NEXT_READY["en"])).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{console.cases[2]}")
    assert console.state(1) is State.APPROVED
    assert loads == []

    # The last case has nothing after it: the queue comes back empty.
    page.keyboard.press("s")
    expect(page.get_by_text("Press Enter to decide")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console?done=decided")
    expect(page.get_by_text("Nothing is waiting.")).to_be_visible()
    assert console.state(2) is State.SECOND_REVIEW
    page.context.close()
