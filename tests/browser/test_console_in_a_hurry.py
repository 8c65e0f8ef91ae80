"""A reviewer who is quicker than the network: no key is lost, none does what was not meant, no page is left hanging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from idqc.access.accounts import Role
from idqc.states import State
from tests.browser.conftest import PATIENCE_MS
from tests.browser.reviewing import Console, open_page, running_console, sign_in, take_next, wait_for_keys

ARMED = "Press Enter to decide"
READY = "The next case is ready."


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with running_console(tmp_path, [Role.REVIEWER]) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = open_page(browser)
    yield opened
    opened.context.close()


def hold(page: Page, pattern: str) -> list[Route]:
    """Keeps the requests to these addresses from the server until a test lets them go on."""
    held: list[Route] = []
    page.context.route(pattern, lambda route: held.append(route))
    return held


def until_held(page: Page, held: list[Route], number: int = 1) -> Route:
    """The request of this number, once the page has made it."""
    for _ in range(PATIENCE_MS // 50):
        if len(held) >= number:
            break
        page.wait_for_timeout(50)
    return held[number - 1]


def decide(page: Page, key: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_text(ARMED)).to_be_visible()
    page.keyboard.press("Enter")


def test_keys_are_offered_once_they_act(page: Page, console: Console) -> None:
    held = hold(page, "**/keyboard.js")
    sign_in(page, console, "reviewer")
    script = until_held(page, held)
    expect(page.locator("button[data-key=n]")).to_be_visible()
    for hint in page.locator("kbd, button[data-key='?']").all():
        expect(hint).to_be_hidden()
    script.continue_()
    wait_for_keys(page)
    page.context.unroute_all()
    take_next(page, console)


def test_a_decision_waits_for_the_case_that_is_on_its_way(page: Page, console: Console) -> None:
    held = hold(page, "**/cases/*?ahead=1")
    sign_in(page, console, "reviewer")
    take_next(page, console)
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    coming = until_held(page, held)
    page.keyboard.press("a")
    expect(page.get_by_text(ARMED)).to_be_visible()
    with page.expect_response("**/decision") as answer:
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    assert answer.value.status == 200
    coming.continue_()
    page.wait_for_url(f"**/cases/{console.cases[1]}")
    assert loads == []
    assert [console.state(0), console.state(1)] == [State.APPROVED, State.AWAITING_REVIEW]


def test_a_decision_does_not_wait_for_ever(page: Page, console: Console) -> None:
    held = hold(page, "**/cases/*?ahead=1")
    sign_in(page, console, "reviewer")
    take_next(page, console)
    until_held(page, held)
    decide(page, "a")
    page.wait_for_url("**/console?done=decided")
    expect(page.get_by_text("Decided.")).to_be_visible()
    assert console.state(0) is State.APPROVED
    page.context.unroute_all()
    take_next(page, console, 1)


def test_a_next_case_that_cannot_be_had_is_not_promised(page: Page, console: Console) -> None:
    page.context.route("**/cases/*?ahead=1", lambda route: route.fulfill(status=503))
    sign_in(page, console, "reviewer")
    with page.expect_response("**/cases/*?ahead=1"):
        take_next(page, console)
    expect(page.locator("#next-state")).to_have_text("")


def test_an_answer_that_comes_late_loses_nothing(page: Page, console: Console) -> None:
    """The server hears that a case is shown after it was decided, and refuses: the next case stays as it is."""
    held = hold(page, "**/shown")
    sign_in(page, console, "reviewer")
    take_next(page, console)
    for number in (0, 1):
        expect(page.get_by_text(READY)).to_be_visible()
        decide(page, "a")
        page.wait_for_url(f"**/cases/{console.cases[number + 1]}")
    page.keyboard.press("m")
    page.keyboard.type("a note")
    late = until_held(page, held)
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
    with page.expect_response("**/shown") as answer:
        late.continue_()
    assert answer.value.status == 409
    page.keyboard.type(" goes on")
    expect(page.locator("#note")).to_have_value("a note goes on")
    page.keyboard.press("Escape")
    decide(page, "a")
    page.wait_for_url("**/console?done=decided")
    assert [url for url in loads if "/cases/" in url] == []
    assert console.state(2) is State.APPROVED


def test_enter_in_the_box_of_a_reason_asks_for_a_rejection(page: Page, console: Console) -> None:
    sign_in(page, console, "reviewer")
    take_next(page, console)
    page.keyboard.press("r")
    expect(page.locator("[data-reason='1']")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("[data-reason='1']")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("button.reject")).to_be_focused()
    expect(page.get_by_text(ARMED)).to_be_visible()
    assert console.state(0) is State.AWAITING_REVIEW
    with page.expect_response("**/decision"):
        page.keyboard.press("Enter")
    assert console.state(0) is State.REJECTED


def test_enter_in_the_box_of_a_reason_decides_nothing_without_script(browser: Browser, console: Console) -> None:
    page = browser.new_context(java_script_enabled=False, locale="en-GB").new_page()
    sign_in(page, console, "reviewer")
    page.locator("form[action='/console/next'] button").click()
    expect(page.locator("#decision button[value='']")).to_be_hidden()
    page.locator("[data-reason='1']").press("Enter")
    expect(page.locator("[role=alert]")).to_contain_text("Not decided")
    assert console.state(0) is State.AWAITING_REVIEW
    page.context.close()


def test_a_decision_that_was_not_sent_is_told_and_sent_again(page: Page, console: Console) -> None:
    sign_in(page, console, "reviewer")
    take_next(page, console)
    expect(page.get_by_text(READY)).to_be_visible()
    page.context.route("**/decision", lambda route: route.abort())
    decide(page, "a")
    expect(page.locator("[role=alert]")).to_have_text("The decision was not sent. Try again.")
    assert console.state(0) is State.AWAITING_REVIEW
    page.context.unroute_all()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{console.cases[1]}")
    assert console.state(0) is State.APPROVED
