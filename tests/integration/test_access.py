"""Keys on calls: none, wrong, of another scope, too often; what comes with every answer; limits on every body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import Caller
from api.app import create_app
from api.body_limits import SMALL_BODY_BYTES
from idqc.access.keys import Scope
from idqc.inspection import Audience
from idqc.settings import Mode, Settings
from idqc.states import State
from idqc.store import keys as key_rows
from idqc.store import submissions
from idqc.store.house import House
from idqc.surfaces.keys import Unauthorised, check_key, create_key, revoke_key
from tests.stub_house import put_case

JPEG = {"Content-Type": "image/jpeg"}
MakeKey = Callable[..., dict[str, str]]


@pytest.fixture
def bare(stub: Any, house: House) -> TestClient:
    """A client that sends no key of its own accord."""
    return TestClient(create_app(Settings(threads=1, double_review_share=0.0), stub, house))


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer x", "Basic aWRxYw==", "Bearer idqc_0123456789ab_" + "a" * 43, "Bearer " + "x" * 5000],
)
def test_without_a_right_key_there_is_no_answer(bare: TestClient, photo: bytes, header: str | None) -> None:
    headers = {**JPEG, **({} if header is None else {"Authorization": header})}
    answer = bare.post("/v1/inspections", content=photo, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "access.key")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_right_id_with_another_secret_is_told_like_any_wrong_key(house: House) -> None:
    key = create_key(house.store, "one", frozenset({Scope.INSPECT}), actor="test")
    other = create_key(house.store, "two", frozenset({Scope.INSPECT}), actor="test")
    mixed = f"idqc_{key.key_id}_{other.text.split('_', 2)[2]}"
    told = set()
    for text in (mixed, "idqc_0123456789ab_" + "a" * 43, "nonsense"):
        with pytest.raises(Unauthorised) as refused:
            check_key(house.store, text)
        told.add(refused.value.detail)
    assert len(told) == 1
    assert check_key(house.store, key.text).key_id == key.key_id


def test_the_database_holds_no_key(house: House) -> None:
    key = create_key(house.store, "one", frozenset({Scope.INSPECT}), actor="test")
    with house.store.reading() as connection:
        kept = key_rows.find_key(connection, key.key_id)
    assert kept is not None
    assert key.text.split("_", 2)[2] not in repr(kept)


@pytest.mark.parametrize(("scope", "status"), [("inspect", 200), ("admin", 200), ("submit", 403), ("review", 403)])
def test_a_key_does_what_its_scopes_say(
    bare: TestClient, make_key: MakeKey, photo: bytes, scope: str, status: int
) -> None:
    answer = bare.post("/v1/inspections", content=photo, headers={**JPEG, **make_key(scope)})
    assert answer.status_code == status
    if status == 403:
        assert (answer.json()["code"], answer.json()["hint"]) == (
            "access.scope",
            "Ask an operator for a key with that scope.",
        )


def test_a_revoked_key_ends_at_once_and_its_name_is_free(bare: TestClient, house: House, photo: bytes) -> None:
    key = create_key(house.store, "app", frozenset({Scope.INSPECT}), actor="test")
    headers = {**JPEG, "Authorization": f"Bearer {key.text}"}
    assert bare.post("/v1/inspections", content=photo, headers=headers).status_code == 200
    revoke_key(house.store, "app", actor="test")
    assert bare.post("/v1/inspections", content=photo, headers=headers).status_code == 401
    assert create_key(house.store, "app", frozenset({Scope.INSPECT}), actor="test").key_id != key.key_id


def test_a_key_that_calls_too_often_is_told_when_to_come_back(bare: TestClient, make_key: MakeKey) -> None:
    headers = make_key("inspect", per_minute=3)
    codes = [bare.get("/v1/criteria", headers=headers).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    refused = bare.get("/v1/criteria", headers=headers)
    assert refused.json()["code"] == "request.rate_limit"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert bare.get("/v1/criteria", headers=make_key("inspect", per_minute=3)).status_code == 200
    assert bare.get("/healthz").status_code == 200


def test_an_address_that_guesses_is_slowed_down(bare: TestClient) -> None:
    codes = [bare.get("/v1/criteria", headers={"Authorization": f"Bearer guess{n}"}).status_code for n in range(40)]
    assert (codes[0], codes[-1]) == (401, 429)


def test_who_a_caller_is() -> None:
    assert Caller("1", frozenset({Scope.ADMIN})).audience is Audience.OPERATOR
    assert Caller("1", frozenset({Scope.INSPECT})).audience is Audience.REVIEWER


def test_metrics_are_for_operators_in_production(stub: Any, house: House, make_key: MakeKey) -> None:
    production = TestClient(create_app(Settings(mode=Mode.PRODUCTION), stub, house))
    assert production.get("/metrics").status_code == 401
    assert production.get("/metrics", headers=make_key("inspect")).status_code == 403
    assert production.get("/metrics", headers=make_key("admin")).status_code == 200
    assert TestClient(create_app(Settings(mode=Mode.DEMO), stub, house)).get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/v1/criteria", "/console", "/static/console/console.css"])
def test_every_answer_has_the_security_headers(bare: TestClient, path: str) -> None:
    answer = bare.get(path, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"]
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "server" not in answer.headers


def test_cors_is_off_and_https_is_remembered(stub: Any, house: House) -> None:
    client = TestClient(create_app(Settings(mode=Mode.PRODUCTION), stub, house), base_url="https://idqc.example")
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/v1/inspections", headers=asked)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_small_bodies_stay_small(bare: TestClient, make_key: MakeKey) -> None:
    headers = {**make_key("review"), "Content-Type": "application/json"}
    path = f"/v1/reviews/{'0' * 32}/decision"
    announced = bare.post(path, content=b"x" * (SMALL_BODY_BYTES + 1), headers=headers)
    streamed = bare.post(path, content=iter([b"x" * 40_000] * 3), headers=headers)
    for refused in (announced, streamed):
        assert (refused.status_code, refused.json()["code"]) == (413, "request.body_too_large")
    whole = bare.post(path, content=iter([b'{"decision": ', b'"approve"}']), headers=headers)
    assert whole.status_code == 404  # it arrived, and there is no such case


def test_a_case_system_reviews_over_http(bare: TestClient, house: House, make_key: MakeKey) -> None:
    case = put_case(house, {"quality.glare": 0.62})
    mine, other = make_key("review"), make_key("review")
    listed = bare.get("/v1/reviews", headers=mine).json()["cases"]
    assert [(one["submission_id"], one["warnings"], one["claimed"]) for one in listed] == [
        (case, ["quality.glare"], False)
    ]
    claimed = bare.post(f"/v1/reviews/{case}/claim", headers=mine).json()
    assert claimed["inspection"]["fields"][1]["value"] == "711231-*******"
    assert bare.get(f"/v1/reviews/{case}/photo", headers=mine).headers["Content-Type"] == "image/jpeg"
    refused = bare.post(f"/v1/reviews/{case}/claim", headers=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "review.conflict")
    assert bare.get(f"/v1/reviews/{case}/photo", headers=other).status_code == 409
    for wrong in ({"decision": "perhaps"}, {"decision": "reject"}, {"decision": "approve", "by": "me"}):
        assert bare.post(f"/v1/reviews/{case}/decision", json=wrong, headers=mine).status_code == 400
    decision = {"decision": "reject", "reasons": ["quality.glare"]}
    done = bare.post(f"/v1/reviews/{case}/decision", json=decision, headers=mine)
    assert done.json() == {"submission_id": case, "state": "rejected"}
    assert bare.get("/v1/reviews", headers=mine).json() == {"cases": []}
    assert bare.get("/v1/reviews", headers=make_key("submit")).status_code == 403


def test_a_customer_appeals_against_an_automatic_rejection(bare: TestClient, house: House, make_key: MakeKey) -> None:
    case = put_case(house, {"quality.blur": 0.99})
    path, submit = f"/v1/submissions/{case}/appeals", make_key("submit")
    assert bare.post(path, headers=make_key("review")).status_code == 403
    made = bare.post(path, headers=submit)
    again = bare.post(path, headers=submit)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    with house.store.reading() as connection:
        assert submissions.read(connection, case)["state"] == State.AWAITING_REVIEW.value
    missing = bare.post(f"/v1/submissions/{'0' * 32}/appeals", headers=submit)
    assert (missing.status_code, missing.json()["code"]) == (404, "request.not_found")
    fresh = put_case(house)
    refused = bare.post(f"/v1/submissions/{fresh}/appeals", headers=submit)
    assert (refused.status_code, refused.json()["code"]) == (409, "appeal.state")
