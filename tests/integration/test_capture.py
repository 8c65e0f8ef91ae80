"""The capture step over HTTP: keys and tokens, photos, the way through, the submission, the page's files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.capture_schemas import PhotoAnswer, SessionBody, SessionCreated, SubmitAnswer
from idqc.errors import SetupError
from idqc.settings import Settings
from idqc.store import submissions
from idqc.store.house import House

JPEG = {"Content-Type": "image/jpeg"}
CUSTOMER = {"Idqc-Customer-Ref": "customer-1"}
Photo = Callable[..., bytes]


@pytest.fixture
def made(client: TestClient) -> SessionCreated:
    answer = client.post("/v1/capture-sessions", headers=CUSTOMER, json={"language": "en", "device": "SM-S921N"})
    assert answer.status_code == 201
    return SessionCreated.model_validate(answer.json())


@pytest.fixture
def token(made: SessionCreated) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.token}"}


@pytest.fixture
def root(made: SessionCreated) -> str:
    return f"/v1/capture-sessions/{made.session_id}"


def test_a_session_is_made_with_a_key_alone(client: TestClient, make_key: Callable[..., dict[str, str]]) -> None:
    submit, inspect = make_key("submit"), make_key("inspect")
    assert client.post("/v1/capture-sessions", headers={**CUSTOMER, **submit}).status_code == 201
    refused = client.post("/v1/capture-sessions", headers={**CUSTOMER, **inspect})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.scope")
    assert client.post("/v1/capture-sessions", headers={**CUSTOMER, "Authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, {}, "request.customer_ref"),
        (CUSTOMER, {"language": "fr"}, "request.language"),
        (CUSTOMER, {"document_type": "library_card"}, "request.document_type"),
        (CUSTOMER, {"return_url": "http://bank.example"}, "request.return_url"),
        (CUSTOMER, {"threshold": 0.9}, "request.threshold"),
    ],
)
def test_wishes_are_checked(client: TestClient, headers: dict[str, str], body: dict[str, Any], code: str) -> None:
    answer = client.post("/v1/capture-sessions", headers=headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_the_page_gets_its_token_where_no_log_sees_it(made: SessionCreated) -> None:
    path, _, fragment = made.page.partition("#")
    assert path == "/capture"
    assert made.token in fragment


def test_a_photo_is_turned_back_until_the_way_through_opens(
    client: TestClient, root: str, token: dict[str, str], make_photo: Photo, house: House, stub: Any
) -> None:
    assert SessionBody.model_validate(client.get(root, headers=token).json()).state == "open"
    photos = [make_photo(quality=quality) for quality in (70, 75, 80)]
    for number, photo in enumerate(photos, 1):
        answer = client.post(f"{root}/photos", content=photo, headers={**token, **JPEG})
        said = PhotoAnswer.model_validate(answer.json())
        assert (said.photo, said.advice, said.reason) == (number, "retake", "quality.glare")
        assert said.bypass_offered is (number == 3)
        assert not {"score", "thresholds", "outcome"} & set(answer.json())
    early = client.post(f"{root}/submit", content=photos[-1], headers={**token, **JPEG})
    assert (early.status_code, early.json()["code"]) == (409, "capture.retake_needed")
    assert client.post(f"{root}/bypass", headers=token).json() == {"bypassed": True}
    sent = client.post(f"{root}/submit", content=photos[-1], headers={**token, **JPEG})
    assert sent.status_code == 202
    assert SubmitAnswer.model_validate(sent.json()).route == "bypassed"
    again = client.post(f"{root}/submit", content=photos[-1], headers={**token, **JPEG})
    assert again.json()["submission_id"] == sent.json()["submission_id"]
    with house.store.reading() as connection:
        row = submissions.read(connection, sent.json()["submission_id"])
    assert (row["flags"], row["language"], row["device"]) == (["capture.bypassed"], "en", "SM-S921N")
    assert [call["surface"] for call in stub.calls if call["surface"] == "capture"] == ["capture"] * 3
    numbers = client.get("/metrics").text
    assert 'idqc_capture_bypasses_total{reason="quality.glare"} 1.0' in numbers
    assert 'idqc_capture_photos_total{advice="retake",reason="quality.glare"} 3.0' in numbers
    assert 'idqc_capture_submissions_total{route="bypassed"} 1.0' in numbers
    over = client.post(f"{root}/photos", content=photos[0], headers={**token, **JPEG})
    assert (over.status_code, over.json()["code"]) == (410, "capture.session_over")


def test_the_queue_knows_the_customer_of_a_session(
    client: TestClient, root: str, token: dict[str, str], photo: bytes, house: House
) -> None:
    from idqc.surfaces.verification import customer_hmac

    sent = client.post(f"{root}/submit", content=photo, headers={**token, **JPEG}).json()
    assert sent["route"] == "unjudged"
    with house.store.reading() as connection:
        row = submissions.read(connection, sent["submission_id"])
    assert row["customer_hmac"] == customer_hmac(house, "customer-1")


def test_a_captured_photo_goes_through_the_queue(
    client: TestClient, root: str, token: dict[str, str], photo: bytes, stub: Any
) -> None:
    sent = client.post(f"{root}/submit", content=photo, headers={**token, **JPEG}).json()
    until = time.monotonic() + 8
    state = sent["state"]
    while state in ("queued", "inspecting") and time.monotonic() < until:
        time.sleep(0.05)
        state = client.get(f"/v1/submissions/{sent['submission_id']}").json()["state"]
    assert state == "awaiting_review"
    assert stub.calls[-1]["surface"] == "verification"


@pytest.mark.parametrize("call", ["GET ", "POST /photos", "POST /bypass", "POST /submit"])
def test_a_wrong_token_opens_nothing(client: TestClient, root: str, call: str, photo: bytes, stub: Any) -> None:
    method, _, path = call.partition(" ")
    for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": ""}, {}):
        content = photo if method == "POST" else None
        answer = client.request(method, root + path, content=content, headers={**JPEG, **headers})
        assert (answer.status_code, answer.json()["code"]) == (401, "capture.token")
    assert stub.calls == []


def test_a_bad_photo_is_a_problem_and_does_not_count(
    client: TestClient, root: str, token: dict[str, str], make_photo: Photo
) -> None:
    for content, kind, code in (
        (b"", "image/jpeg", "photo.empty"),
        (b"no photo", "image/jpeg", "photo.not_an_image"),
        (b"{}", "application/json", "request.content_type"),
        (make_photo(width=100, height=100), "image/jpeg", "photo.too_few_pixels"),
    ):
        for path in ("photos", "submit"):
            answer = client.post(f"{root}/{path}", content=content, headers={**token, "Content-Type": kind})
            assert answer.json()["code"] == code
    counted = client.post(f"{root}/photos", content=make_photo(), headers={**token, **JPEG})
    assert counted.json()["photo"] == 1


@pytest.fixture
def trial(stub: Any, house: House, key: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    """A service with an experiment whose only difference is that no model runs in one arm."""
    file = tmp_path / "experiment.toml"
    file.write_text(
        'name = "trial"\nsalt = "salt of these tests"\n'
        '[arms.control]\nact_at = "never"\n[arms.A]\nact_at = "reject_warning"\nbypass = true\n'
    )
    app = create_app(Settings(threads=2, waiting=2, experiment=file), stub, house)
    with TestClient(app, headers=key) as running:
        yield running


def test_an_experiment_decides_what_acts(trial: TestClient, photo: bytes, stub: Any) -> None:
    advice = set()
    for number in range(12):
        made = trial.post("/v1/capture-sessions", headers={"Idqc-Customer-Ref": f"customer-{number}"}).json()
        headers = {"Authorization": f"Bearer {made['token']}", **JPEG}
        said = trial.post(f"/v1/capture-sessions/{made['session_id']}/photos", content=photo, headers=headers).json()
        advice.add(said["advice"])
    assert advice == {"accept", "retake"}
    assert 0 < len(stub.calls) < 12


def test_the_report_is_for_operators(
    trial: TestClient, client: TestClient, make_key: Callable[..., dict[str, str]]
) -> None:
    for number in range(8):
        made = trial.post("/v1/capture-sessions", headers={"Idqc-Customer-Ref": f"customer-{number}"}).json()
        token = {"Authorization": f"Bearer {made['token']}"}
        trial.get(f"/v1/capture-sessions/{made['session_id']}", headers=token)
    said = trial.get("/v1/experiments/report").json()
    assert (said["experiment"], said["state"], said["winner"]) == ("trial", "early", None)
    assert sum(said["customers"].values()) == 8
    assert trial.get("/v1/experiments/report", headers=make_key("submit")).status_code == 403
    none = client.get("/v1/experiments/report")
    assert (none.status_code, none.json()["code"]) == (404, "experiment.none")


def test_a_broken_experiment_stops_the_service_before_it_listens(stub: Any, house: House, tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text('name = "trial"')
    with pytest.raises(SetupError) as refused:
        create_app(Settings(experiment=tmp_path / "experiment.toml"), stub, house)
    assert refused.value.code == "setup.experiment"


def test_the_page_is_served_under_a_strict_policy(client: TestClient) -> None:
    page = client.get("/capture", headers={"Authorization": ""})
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    assert "style=" not in page.text
    assert "<script>" not in page.text
    for name in ("app.js", "camera.js", "service.js", "shot.js", "words.js", "calm.js"):
        module = client.get(f"/capture/{name}", headers={"Authorization": ""})
        assert module.headers["Content-Type"].startswith("text/javascript")
        again = client.get(f"/capture/{name}", headers={"If-None-Match": module.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    for name in ("missing.js", "..%2Fconsole%2Fcase.js", ".."):
        assert client.get(f"/capture/{name}").status_code == 404
