"""A running console for a browser, and a reviewer who signs in and waits for what a person would wait for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as Late

from api.app import create_app
from idqc.access.accounts import Role
from idqc.settings import Settings
from idqc.states import State
from idqc.store import submissions
from idqc.store.house import House, open_house
from idqc.surfaces.sign_in import create_account
from tests.browser.conftest import PATIENCE_MS, served
from tests.databases import database
from tests.exposed_customers import fill
from tests.integration.conftest import StubInspector
from tests.stub_house import put_case

PASSWORD = "four unrelated words"
PAINTED = "() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"


@dataclass
class Console:
    """A running console with three cases, the riskiest first."""

    address: str
    house: House
    cases: list[str]

    def state(self, number: int) -> State:
        """Where a case stands in the database."""
        with self.house.store.reading() as connection:
            return State(submissions.read(connection, self.cases[number])["state"])


@contextmanager
def running_console(folder: Path, roles: Sequence[Role] = tuple(Role), customers: int = 0) -> Iterator[Console]:
    """A console with an account for each role, named like it; with an experiment when it has customers."""
    with database("sqlite", folder) as url:
        house = open_house(Settings(data_dir=folder, database_url=url))
        for role in roles:
            create_account(house.store, role.value, role, PASSWORD, actor="test")
        calm = put_case(house, customer="customer-1")
        glare = put_case(house, {"quality.glare": 0.62}, customer="customer-1", flags=["capture.bypassed"])
        copy = put_case(
            house, {"fraud.screen": 0.9, "quality.glare": 0.62, "quality.dark": None}, customer="customer-1"
        )
        experiment = fill(house.store, folder, customers) if customers else None
        settings = Settings(threads=1, double_review_share=0.0, experiment=experiment)
        app = create_app(settings, StubInspector(), house)  # type: ignore[arg-type]
        with served(app) as address:
            yield Console(address, house, [copy, glare, calm])
        house.close()


def open_page(browser: Browser, width: int = 1280, language: str = "en", scheme: Any = "light") -> Page:
    """A page of a fresh browser session."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 500 else 900},
        locale="ko-KR" if language == "ko" else "en-GB",
        color_scheme=scheme,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def sign_in(page: Page, console: Console, name: str) -> None:
    """Signs in by keyboard."""
    page.goto(f"{console.address}/console")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("nav, [role=alert]")).to_have_count(1)
    assert page.locator("[role=alert]").all_inner_texts() == []


def wait_for_keys(page: Page) -> None:
    """Waits until a person sees that the page listens to keys: its hints appear with its listener, and are painted."""
    expect(page.locator("button[data-key='?']")).to_be_visible()
    page.evaluate(PAINTED)


def take_next(page: Page, console: Console, number: int = 0) -> None:
    """Takes the most urgent case by its key, which is this one, and waits until keys act on it.

    A browser drops keys that come while it puts a new page up, and a person presses again: so does this.
    """
    for patience in (PATIENCE_MS // 6, PATIENCE_MS // 6, PATIENCE_MS):
        wait_for_keys(page)
        page.keyboard.press("n")
        try:
            page.wait_for_url(f"**/cases/{console.cases[number]}", timeout=patience)
        except Late:
            if patience == PATIENCE_MS:
                raise
        else:
            break
    wait_for_keys(page)
