"""No answer of the console, page or JSON, holds a resident number, even where the models' own masking had failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from idqc.access.accounts import Role
from idqc.inspection import FieldReading, Inspection, Surface
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.sign_in import create_account
from idqc.surfaces.verification import Intake, submit
from idqc.surfaces.worker import Worker
from tests.stub_house import CARD, RoteInspector, card_photo

PASSWORD = "four unrelated words"
NUMBERS = ("900101-1234568", "8502282345671", "010203 – 3956781", "991231.4567890")
"""Made up, in the spellings that a reader of cards comes up with."""
BACKS = ("1234568", "2345671", "3956781", "4567890")


class Careless(RoteInspector):
    """Reads resident numbers and masks none of them."""

    def inspect(self, data: bytes, surface: Surface, **options: Any) -> Inspection:
        done = super().inspect(data, surface, **options)
        names = ("id_number", "name", "address", "issuer")
        read = zip(names, NUMBERS, strict=True)
        fields = tuple(FieldReading(name, f"가 {text}", 0.97, 0.91, True, CARD) for name, text in read)
        return replace(done, fields=fields)


@pytest.fixture
def case(house: House) -> str:
    inspector = Careless()
    inspector.scores = {"quality.glare": 0.62, "fraud.text_tamper": 0.7}
    sent = submit(house, card_photo(), Intake(customer_ref=NUMBERS[0]), 100)
    Worker(house, inspector, lease_s=60.0).step()  # type: ignore[arg-type]
    return sent.submission_id


@pytest.fixture
def app(stub: Any, house: House) -> Any:
    return create_app(Settings(threads=1, double_review_share=0.0), stub, house)


def answers_of(app: Any, case: str, headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every text that the console or a case system is answered about a case, with what was asked."""
    for role in (Role.LEAD, Role.OPERATOR):
        browser = TestClient(app, headers={"Accept": "text/html"})
        create_account(app.state.service.house.store, role.value, role, PASSWORD, actor="test")
        page = browser.get("/console").text
        browser.post("/console/sign-in", data={"csrf": csrf_of(page), "name": role.value, "password": PASSWORD})
        for path in ("", f"/cases/{case}", f"/cases/{case}?ahead=1", "/agreement", "/experiment", "/operations"):
            for language in ("ko", "en"):
                asked = f"/console{path}{'&' if '?' in path else '?'}lang={language}"
                yield f"{role.value} {asked}", browser.get(asked).text
        if role is Role.LEAD:
            form = {"csrf": csrf_of(browser.get("/console").text), "choice": "reject", "note": "again"}
            for kind in ("text/html", "application/json"):
                refused = browser.post(f"/console/cases/{case}/decision", data=form, headers={"Accept": kind})
                yield f"decision as {kind}", refused.text
            browser.post(f"/console/cases/{case}/release", data=form)
    caller = TestClient(app, headers=headers)
    for method, path in (
        ("GET", "/v1/reviews"), ("POST", f"/v1/reviews/{case}/claim"), ("GET", f"/v1/submissions/{case}"),
        ("GET", f"/v1/submissions/{case}?language=en"), ("GET", "/metrics"),
    ):  # fmt: skip
        yield f"{method} {path}", caller.request(method, path).text


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def hits(text: str) -> list[str]:
    """The back digits in a text, in whatever spelling."""
    digits = re.sub(r"[\s\-–.]", "", text)
    return [back for back in BACKS if back in digits]


def test_no_answer_of_the_console_holds_a_resident_number(
    app: Any, house: House, case: str, make_key: Callable[..., dict[str, str]]
) -> None:
    answers = dict(answers_of(app, case, make_key("review")))
    assert len(answers) == 31
    assert {asked: hits(text) for asked, text in answers.items() if hits(text)} == {}
    # The readings are there to be seen, starred.
    for front in ("900101", "850228", "010203", "991231"):
        assert f"{front}-*******" in answers[f"lead /console/cases/{case}?lang=ko"]
        assert f"{front}-*******" in answers[f"POST /v1/reviews/{case}/claim"]


def test_the_search_finds_what_it_looks_for() -> None:
    assert [hits(f"<td>가 {number}</td>") for number in NUMBERS] == [[back] for back in BACKS]
