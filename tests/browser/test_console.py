"""The console in a real browser: everything by keyboard, the next case without a page load, no accessibility fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from api.app import create_app
from idqc.access.accounts import Role
from idqc.settings import Settings
from idqc.states import State
from idqc.store import submissions
from idqc.store.house import House, open_house
from idqc.surfaces.sign_in import create_account
from tests.browser.conftest import served
from tests.databases import database
from tests.exposed_customers import fill
from tests.integration.conftest import StubInspector
from tests.stub_house import put_case

PASSWORD = "four unrelated words"


@dataclass
class Console:
    """A running console with three cases, the riskiest first."""

    address: str
    house: House
    cases: list[str]

    def state(self, number: int) -> State:
        with self.house.store.reading() as connection:
            return State(submissions.read(connection, self.cases[number])["state"])


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("console")
    with database("sqlite", folder) as url:
        house = open_house(Settings(data_dir=folder, database_url=url))
        for role in Role:
            create_account(house.store, role.value, role, PASSWORD, actor="test")
        calm = put_case(house, customer="customer-1")
        glare = put_case(house, {"quality.glare": 0.62}, customer="customer-1", flags=["capture.bypassed"])
        copy = put_case(
            house, {"fraud.screen": 0.9, "quality.glare": 0.62, "quality.dark": None}, customer="customer-1"
        )
        settings = Settings(threads=1, double_review_share=0.0, experiment=fill(house.store, folder, 3000))
        app = create_app(settings, StubInspector(), house)  # type: ignore[arg-type]
        with served(app) as address:
            yield Console(address, house, [copy, glare, calm])
        house.close()


def open_page(browser: Browser, width: int = 1280, language: str = "en", scheme: Any = "light") -> Page:
    height = 844 if width < 500 else 900
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="ko-KR" if language == "ko" else "en-GB",
        color_scheme=scheme,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def sign_in(page: Page, console: Console, name: str) -> None:
    page.goto(f"{console.address}/console")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav, [role=alert]")).to_have_count(1, timeout=20_000)
    assert page.locator("[role=alert]").all_inner_texts() == []


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
    look("queue")
    page.goto(f"{console.address}/console/cases/{console.cases[-1]}")
    page.wait_for_load_state("networkidle")
    look("case")
    page.get_by_role("button", name="목록으로 돌려놓기" if language == "ko" else "Put back").click()
    page.goto(f"{console.address}/console/agreement")
    look("agreement")
    page.goto(f"{console.address}/console/experiment")
    expect(page.locator("svg.plot[role=img]")).to_have_count(3)
    look("experiment")
    page.get_by_role("button", name="로그아웃" if language == "ko" else "Sign out").click()
    sign_in(page, console, "operator")
    look("operations")
    assert broken == []
    page.context.close()


def test_a_reviewer_decides_by_keyboard_and_the_next_case_is_there_at_once(browser: Browser, console: Console) -> None:
    page = open_page(browser)
    sign_in(page, console, "reviewer")
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{console.cases[0]}")
    expect(page.get_by_text("The next case is ready.")).to_be_visible()

    outline = page.locator("[data-outline-of=fraud-screen]")
    expect(outline).to_be_visible()
    page.keyboard.press("o")
    expect(outline).to_be_hidden()
    page.keyboard.press("o")
    expect(outline).to_be_visible()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert "scale(1.5625)" in str(page.locator(".stage").get_attribute("style"))
    page.keyboard.press("0")
    page.keyboard.press("]")
    expect(page.locator(".finding.current")).to_contain_text("photographed from a display")

    # A letter typed into the note is a letter.
    page.keyboard.press("m")
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
    expect(page.get_by_text("The next case is ready.")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{console.cases[2]}")
    assert console.state(1) is State.APPROVED
    assert loads == []

    # The last case has nothing after it: the plain form takes over, and the queue comes back empty.
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console?done=decided")
    expect(page.get_by_text("Nothing is waiting.")).to_be_visible()
    assert console.state(2) is State.SECOND_REVIEW
    page.context.close()
