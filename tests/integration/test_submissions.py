"""Submissions over HTTP: taken in at once, worked on by the service's own worker, answered to each in their words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from idqc.store.house import House
from tests.integration.conftest import StubInspector

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture
def headers(make_key: Callable[..., dict[str, str]]) -> dict[str, str]:
    return {**JPEG, **make_key("submit"), "Idqc-Customer-Ref": "customer-1"}


def wait(client: TestClient, submission_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer: dict[str, Any] = client.get(f"/v1/submissions/{submission_id}", headers=headers).json()
        if answer["state"] not in ("queued", "inspecting"):
            return answer
        time.sleep(0.05)
    raise AssertionError(f"still {answer['state']}")


def test_a_submission_goes_from_202_to_awaiting_review(
    client: TestClient, headers: dict[str, str], photo: bytes
) -> None:
    sent = client.post("/v1/submissions", content=photo, headers=headers)
    assert sent.status_code == 202, sent.text
    assert sent.json()["state"] == "queued"
    assert sent.headers["Location"] == f"/v1/submissions/{sent.json()['submission_id']}"
    done = wait(client, sent.json()["submission_id"])
    assert done["state"] == "awaiting_review"
    assert [change["state"] for change in done["history"]] == ["queued", "inspecting", "awaiting_review"]
    assert done["customer"] == {
        "language": "ko", "message": "담당자가 확인하고 있어요.", "resubmit": False, "fix": [],
    }  # fmt: skip
    # The client's own key is an admin's: scores and readings, masked.
    assert done["inspection"]["fields"][0]["value"] == "711231-*******"


def test_a_submitters_key_sees_what_a_customer_may(
    client: TestClient, headers: dict[str, str], photo: bytes, stub: StubInspector
) -> None:
    sent = client.post("/v1/submissions", content=photo, headers=headers).json()["submission_id"]
    done = wait(client, sent, headers)
    assert done["inspection"]["fields"] == []
    assert all("score" not in finding for finding in done["inspection"]["findings"])


def test_the_same_idempotency_key_answers_the_same(client: TestClient, headers: dict[str, str], photo: bytes) -> None:
    keyed = {**headers, "Idempotency-Key": "order 1"}
    first = client.post("/v1/submissions", content=photo, headers=keyed)
    again = client.post("/v1/submissions", content=photo, headers=keyed)
    assert (again.status_code, again.json()["submission_id"]) == (202, first.json()["submission_id"])
    other = client.post("/v1/submissions?language=en", content=photo, headers=keyed)
    assert (other.status_code, other.json()["code"]) == (409, "request.idempotency_key")


def test_what_cannot_be_taken_in_is_a_problem(client: TestClient, headers: dict[str, str], photo: bytes) -> None:
    def code(path: str = "/v1/submissions", body: bytes = photo, **more: str) -> tuple[int, str]:
        answer = client.post(path, content=body, headers={**headers, **more})
        return answer.status_code, answer.json()["code"]

    assert code(body=b"") == (400, "photo.empty")
    assert code(body=b"hello") == (415, "photo.not_an_image")
    assert code("/v1/submissions?document_type=ticket") == (400, "request.document_type")
    assert code("/v1/submissions?language=fr") == (400, "request.language")
    assert code(**{"Idqc-Device": "<script>"}) == (400, "request.dimension")
    assert code(f"/v1/submissions/{'0' * 32}/resubmissions") == (404, "request.not_found")
    assert client.get(f"/v1/submissions/{'0' * 32}").status_code == 404
    assert client.get("/v1/submissions/hello").status_code == 400


def test_a_key_without_the_scope_is_refused(
    client: TestClient, make_key: Callable[..., dict[str, str]], photo: bytes
) -> None:
    answer = client.post("/v1/submissions", content=photo, headers={**JPEG, **make_key("inspect")})
    assert answer.status_code == 403


def test_metrics_tell_depth_and_time_to_decision(
    client: TestClient, headers: dict[str, str], photo: bytes, house: House, stub: StubInspector
) -> None:
    broken = client.post("/v1/submissions", content=photo[: len(photo) // 2], headers=headers).json()["submission_id"]
    assert wait(client, broken)["customer"]["fix"] == ["사진 파일을 열 수 없어요. 다시 찍어 보내 주세요."]
    said = client.get("/metrics").text
    assert 'idqc_submissions{state="auto_rejected"} 1.0' in said
    assert 'idqc_decision_seconds_count{state="auto_rejected"} 1.0' in said
    assert "idqc_queue_oldest_seconds 0.0" in said


def test_another_photo_takes_the_place_of_a_rejected_one(
    client: TestClient, headers: dict[str, str], photo: bytes
) -> None:
    broken = client.post("/v1/submissions", content=photo[: len(photo) // 2], headers=headers).json()["submission_id"]
    assert wait(client, broken)["customer"]["resubmit"] is True
    again = client.post(f"/v1/submissions/{broken}/resubmissions", content=photo, headers=headers)
    assert again.status_code == 202
    replaced = client.get(f"/v1/submissions/{broken}?language=en").json()
    assert (replaced["state"], replaced["replaced_by"]) == ("superseded", again.json()["submission_id"])
    assert replaced["customer"]["message"] == "We are checking the newer photo that you sent."
    twice = client.post(f"/v1/submissions/{broken}/resubmissions", content=photo, headers=headers)
    assert (twice.status_code, twice.json()["code"]) == (409, "request.replaced")


def test_a_customer_is_erased_by_an_admin_alone(
    client: TestClient, headers: dict[str, str], photo: bytes, house: House
) -> None:
    sent = client.post("/v1/submissions", content=photo, headers=headers).json()["submission_id"]
    wait(client, sent)
    assert client.delete("/v1/customers", headers=headers).status_code == 403
    erased = client.delete("/v1/customers", headers={"Idqc-Customer-Ref": "customer-1"})
    assert (erased.status_code, erased.json()) == (200, {"submissions": 1})
    answer = client.get(f"/v1/submissions/{sent}").json()
    assert (answer["state"], answer["inspection"]) == ("erased", None)
    assert not [file for file in house.folder.path.rglob("*") if file.is_file()]  # type: ignore[attr-defined]
    assert client.delete("/v1/customers", headers={"Idqc-Customer-Ref": "nobody"}).json() == {"submissions": 0}
    assert client.delete("/v1/customers").status_code == 400
