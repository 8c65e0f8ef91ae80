"""The console over HTTP: signing in, the queue, a case and its pictures, decisions, what each role may see."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import select

from api.app import create_app
from api.pages.texts import Texts
from idqc.access.accounts import Role
from idqc.models.fields import Box, FieldBoxes
from idqc.settings import Settings
from idqc.states import State
from idqc.store import audit, submissions
from idqc.store.house import House
from idqc.store.tables import audit_entries
from idqc.surfaces.sign_in import create_account
from tests.stub_house import FIELDS, card_photo, place, put_case

PASSWORD = "four unrelated words"
Browser = Callable[..., TestClient]
HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture
def app(stub: Any, house: House) -> Any:
    return create_app(Settings(threads=1, double_review_share=0.0), stub, house)


@pytest.fixture
def browse(app: Any) -> Iterator[Browser]:
    """Opens a browser; `browse("minjun")` has signed in."""
    opened: list[TestClient] = []

    def browse(name: str | None = None, role: Role = Role.REVIEWER) -> TestClient:
        client = TestClient(app, headers=HTML, raise_server_exceptions=False)
        opened.append(client)
        if name is not None:
            create_account(app.state.service.house.store, name, role, PASSWORD, actor="test")
            assert sign_in(client, name, PASSWORD).status_code == 200
        return client

    yield browse
    for client in opened:
        client.close()


def field(html: str, name: str = "csrf") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None
    return found[1]


def sign_in(client: TestClient, name: str, password: str) -> Any:
    form = {"csrf": field(client.get("/console").text), "name": name, "password": password}
    return client.post("/console/sign-in", data=form)


def state_of(house: House, submission_id: str) -> State:
    with house.store.reading() as connection:
        return State(submissions.read(connection, submission_id)["state"])


def audited(house: House, submission_id: str) -> list[tuple[str, str]]:
    with house.store.reading() as connection:
        rows = connection.execute(
            select(audit_entries).where(audit_entries.c.subject == submission_id).order_by(audit_entries.c.seq)
        )
        return [(row.action, row.details) for row in rows]


def test_without_a_session_the_console_is_the_sign_in_page(browse: Browser, house: House) -> None:
    case = put_case(house)
    client = browse()
    assert 'name="password"' in client.get("/console").text
    for path in (
        f"/console/cases/{case}",
        f"/console/cases/{case}/photo.jpg",
        "/console/agreement",
        "/console/operations",
    ):
        answer = client.get(path)
        assert (answer.status_code, 'name="password"' in answer.text) == (401, True)
    assert (
        client.get(f"/console/cases/{case}", headers={"Accept": "application/json"}).json()["code"] == "access.session"
    )
    assert client.post(f"/console/cases/{case}/decision", data={"choice": "approve"}).status_code == 401


def test_signing_in_and_out(browse: Browser, house: House) -> None:
    client = browse("minjun")
    cookie = next(one for one in client.cookies.jar if one.name == "idqc-session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    page = client.get("/console").text
    assert "Review queue" in page
    assert client.post("/console/sign-out", data={"csrf": field(page)}).status_code == 200
    # The cookie's old value is worth nothing either.
    client.cookies.set("idqc-session", str(cookie.value))
    assert 'name="password"' in client.get("/console").text


def test_wrong_passwords_lock_the_account_and_tell_nothing(browse: Browser, house: House) -> None:
    create_account(house.store, "jiwoo", Role.REVIEWER, PASSWORD, actor="test")
    client = browse()
    told = [
        sign_in(client, name, "wrong password!") for name in ("nobody", "jiwoo", "jiwoo", "jiwoo", "jiwoo", "jiwoo")
    ]
    assert {answer.status_code for answer in told} == {401}
    assert len({re.search(r'role="alert">([^<]*)<', answer.text)[1] for answer in told}) == 1  # type: ignore[index]
    locked = sign_in(client, "jiwoo", PASSWORD)
    assert locked.status_code == 429
    assert "Locked" in locked.text


def test_a_form_of_another_site_does_nothing(browse: Browser, house: House) -> None:
    case = put_case(house)
    client = browse("minjun")
    form = {"csrf": field(client.get(f"/console/cases/{case}").text), "choice": "approve"}
    path = f"/console/cases/{case}/decision"
    assert client.post(path, data={**form, "csrf": "guess"}).status_code == 403
    assert client.post(path, data={"choice": "approve"}).status_code == 403
    assert client.post(path, data=form, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert client.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert state_of(house, case) is State.AWAITING_REVIEW
    stranger = browse()
    assert (
        stranger.post("/console/sign-in", data={"csrf": "x", "name": "minjun", "password": PASSWORD}).status_code == 403
    )


def test_the_queue_shows_the_riskiest_first_with_badges(browse: Browser, house: House) -> None:
    calm = put_case(house)
    glare = put_case(house, {"quality.glare": 0.6})
    screen = put_case(house, {"fraud.screen": 0.9, "quality.glare": 0.6})
    page = browse("minjun").get("/console").text
    order = re.findall(r'href="/console/cases/([0-9a-f]+)"', page)
    assert order == [screen, glare, calm]
    assert "photographed from a display" in page
    assert page.index("photographed from a display") < page.index("a specular spot hides content")


def test_a_case_page_shows_the_evidence(browse: Browser, house: House) -> None:
    earlier = put_case(house, {"quality.blur": 0.7}, customer="customer-1")
    case = put_case(
        house, {"quality.glare": 0.62, "quality.dark": None}, customer="customer-1", flags=["capture.bypassed"]
    )
    client = browse("minjun")
    page = client.get(f"/console/cases/{case}").text
    for told in (
        'aria-label="score 0.62, warns from 0.40, rejects from 0.95"', "711231-*******", "not computed",
        f"/console/cases/{earlier}", "Does the problem keep happening?", 'value="quality.glare" data-reason="1"',
        'class="outline-warn"',
    ):  # fmt: skip
        assert told in page
    assert "customer-1" not in page
    sizes = {}
    for name in ("photo", "rectified", "portrait"):
        answer = client.get(f"/console/cases/{case}/{name}.jpg")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        with Image.open(io.BytesIO(answer.content)) as picture:
            sizes[name] = picture.size
    assert sizes["photo"] == (1280, 960)
    assert sizes["rectified"] == (1000, 631)
    assert sizes["portrait"][1] == 480
    assert [action for action, _ in audited(house, case)] == ["case.viewed", *["photo.viewed"] * 3]
    with house.store.reading() as connection:
        assert audit.verify(connection).fault is None


class Maps:
    """Stages whose quality and fraud models see the left half of a document only."""

    def __init__(self) -> None:
        half = np.zeros((14, 14), np.float32)
        half[:, :7] = 1.0
        quality = SimpleNamespace(maps=np.stack([half] * 4))
        fraud = SimpleNamespace(maps={"screen": np.where(half > 0, half, np.float32(np.nan)), "text_tamper": half})
        boxes = FieldBoxes({"name": Box("name", 0.9, 0.1, 0.1, 0.4, 0.2)}, ())
        self.fields_model = SimpleNamespace(run=lambda document_bgr, names: boxes)
        self.quality_model = SimpleNamespace(run=lambda document_bgr: quality)
        self.fraud_model = SimpleNamespace(run=lambda photo, quad, *places, with_maps: fraud)


def test_a_heat_map_lies_over_the_document_and_not_over_the_paint(browse: Browser, house: House, stub: Any) -> None:
    stub.stages = Maps()
    case = put_case(house, {"quality.glare": 0.62, "fraud.screen": 0.9, "fraud.text_tamper": 0.95, "quality.tilt": 0.5})
    client = browse("minjun")
    page = client.get(f"/console/cases/{case}").text
    mapped = {"quality.glare", "fraud.screen", "fraud.text_tamper"}
    assert set(re.findall(r'data-src="[^"]*/heatmaps/([a-z_.]+)\.png"', page)) == mapped
    assert page.count(Texts("console", "en")("case.spread")) == 1  # that of fraud.screen
    for criterion in mapped:
        answer = client.get(f"/console/cases/{case}/heatmaps/{criterion}.png")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert (picture.size, picture.mode) == ((800, 600), "RGBA")
            alpha = np.asarray(picture)[..., 3]
        # Places are pixels of the photo, 1.6 times those of the map.
        assert alpha[round(600 / 1.6), round(300 / 1.6)] > 150  # left half of the card
        assert alpha[round(600 / 1.6), round(900 / 1.6)] == 0  # right half
        assert alpha[round(60 / 1.6), round(300 / 1.6)] == 0  # the table
        left, right = place(FIELDS["id_number"][1])[0], place(FIELDS["id_number"][1])[2]
        painted = left[0] + 0.6 * (right[0] - left[0]), (left[1] + right[1]) / 2
        assert alpha[round(painted[1] / 1.6), round(painted[0] / 1.6)] == 0
    assert client.get(f"/console/cases/{case}/heatmaps/quality.tilt.png").status_code == 404
    assert ("photo.viewed", '{"picture":"heatmap fraud.screen"}') in audited(house, case)


def test_pages_are_strict_and_hold_no_script_of_their_own(browse: Browser, house: House) -> None:
    case = put_case(house, {"quality.glare": 0.62})
    client = browse("minjun", Role.LEAD)
    for path in ("/console", f"/console/cases/{case}", "/console/agreement"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:", answer.text)
        assert (answer.headers["X-Frame-Options"], answer.headers["Cache-Control"]) == ("DENY", "no-store")


@pytest.mark.parametrize(
    ("choice", "after"), [("approve", State.APPROVED), ("reject", State.REJECTED), ("refer", State.SECOND_REVIEW)]
)
def test_a_decision_moves_the_case(browse: Browser, house: House, choice: str, after: State) -> None:
    case = put_case(house, {"quality.glare": 0.62})
    client = browse("minjun")
    form = {"csrf": field(client.get(f"/console/cases/{case}").text), "choice": choice, "reasons": "quality.glare"}
    answer = client.post(f"/console/cases/{case}/decision", data=form)
    assert (answer.status_code, "Decided." in answer.text) == (200, True)
    assert state_of(house, case) is after
    # A second press of the button finds the claim gone.
    assert client.post(f"/console/cases/{case}/decision", data=form).status_code == 409
    assert state_of(house, case) is after
    assert case not in re.findall(r"/console/cases/([0-9a-f]+)", client.get("/console").text)


def test_a_rejection_without_a_reason_comes_back_with_the_note(browse: Browser, house: House) -> None:
    case = put_case(house)
    client = browse("minjun")
    form = {"csrf": field(client.get(f"/console/cases/{case}").text), "choice": "reject", "note": "blurred corner"}
    answer = client.post(f"/console/cases/{case}/decision", data=form)
    assert answer.status_code == 409
    assert "blurred corner" in answer.text
    assert state_of(house, case) is State.AWAITING_REVIEW


def test_a_claimed_case_is_shown_to_others_without_buttons(browse: Browser, house: House) -> None:
    case = put_case(house)
    browse("minjun").get(f"/console/cases/{case}")
    other = browse("seoyeon")
    page = other.get(f"/console/cases/{case}").text
    assert "Another reviewer has this case" in page
    assert 'value="approve"' not in page
    form = {"csrf": field(page), "choice": "approve"}
    assert other.post(f"/console/cases/{case}/decision", data=form).status_code == 409
    assert (
        other.post("/console/next", data={"csrf": field(page)}, follow_redirects=False).headers["Location"]
        == "/console"
    )


def test_the_next_case_is_claimed_ahead_and_shown_later(browse: Browser, house: House) -> None:
    second = put_case(house)
    first = put_case(house, {"fraud.screen": 0.9})
    client = browse("minjun")
    csrf = field(client.get("/console").text)
    taken = client.post("/console/next", data={"csrf": csrf}, follow_redirects=False)
    assert taken.headers["Location"] == f"/console/cases/{first}"
    ahead = client.post("/console/ahead", data={"csrf": csrf, "after": first})
    assert ahead.json() == {"case_id": second}
    assert client.get(f"/console/cases/{second}?ahead=1").status_code == 200
    assert client.post(f"/console/cases/{second}/shown", data={"csrf": csrf}).status_code == 204
    assert audited(house, second) == [("case.viewed", '{"ahead":true}'), ("case.viewed", "{}")]
    decision = {"csrf": csrf, "choice": "approve"}
    answer = client.post(f"/console/cases/{first}/decision", data=decision, headers={"Accept": "application/json"})
    assert answer.json() == {"step": "approved"}
    assert client.post("/console/ahead", data={"csrf": csrf, "after": second}).status_code == 204


def test_each_role_sees_its_own_pages(browse: Browser, house: House) -> None:
    case = put_case(house)
    reviewer, lead, operator = (browse(role.value, role) for role in Role)
    assert reviewer.get("/console/agreement").status_code == 403
    assert reviewer.get("/console/operations").status_code == 403
    assert lead.get("/console/agreement").status_code == 200
    assert "Dead letters" in operator.get("/console").text
    assert operator.get(f"/console/cases/{case}").status_code == 403
    assert operator.get(f"/console/cases/{case}/photo.jpg").status_code == 403


def test_both_languages(browse: Browser, house: House) -> None:
    put_case(house, {"quality.glare": 0.6})
    client = browse("minjun")
    assert '<html lang="en">' in client.get("/console").text
    korean = client.get("/console?lang=ko").text
    assert '<html lang="ko">' in korean
    assert "빛 반사가 내용을 가림" in korean
    assert '<html lang="ko">' in client.get("/console").text  # remembered
    assert client.get("/console/cases/00000000000000000000000000000000").status_code == 404
    assert card_photo(1) != card_photo(2)
