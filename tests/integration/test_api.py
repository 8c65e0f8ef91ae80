"""The HTTP surface: answers, problem documents, metrics, admission, logs."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import app as application
from api.app import create_app
from api.examples import INSPECTION, PROBLEMS
from api.schemas import CatalogueBody, InspectionBody, Problem
from idqc.logs import JsonLines
from idqc.settings import Mode, Settings
from idqc.store.house import House

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


def test_a_photo_gets_an_inspection(client: TestClient, photo: bytes) -> None:
    answer = client.post("/v1/inspections", content=photo, headers=JPEG)
    assert answer.status_code == 200
    body = InspectionBody.model_validate(answer.json())
    assert body.verdict == "warn"
    assert body.image.width == 640
    assert {finding.criterion for finding in body.findings} >= {"quality.glare", "fraud.screen", "field.name.hidden"}
    assert answer.json()["fields"][0]["value"] == "711231-*******"
    assert answer.headers["Server-Timing"] == "decode;dur=21.0, document;dur=11.2, total;dur=40.0"


def test_parameters_reach_the_inspector(client: TestClient, stub: Any, photo: bytes) -> None:
    query = "surface=capture&explain=regions&document_type=passport"
    assert client.post(f"/v1/inspections?{query}", content=photo, headers=JPEG).status_code == 200
    assert stub.calls == [{"surface": "capture", "explain": "regions", "document_type": "passport"}]


def test_a_form_with_a_photo_is_the_same(client: TestClient, photo: bytes) -> None:
    form = {"photo": ("a.jpg", photo, "image/jpeg")}
    answer = client.post("/v1/inspections", data={"note": "x"}, files=form)
    assert answer.status_code == 200
    assert answer.json()["image"] == {"width": 640, "height": 480}


@pytest.mark.parametrize("name", ["file", "photos", ""])
def test_a_form_without_a_photo_is_refused(client: TestClient, photo: bytes, name: str) -> None:
    answer = client.post("/v1/inspections", files={name or "x": ("a.jpg", photo, "image/jpeg")})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.multipart")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="photo"\r\n\r\nhalf'),
    ],
)
def test_a_broken_form_is_refused(client: TestClient, content_type: str, body: bytes) -> None:
    answer = client.post("/v1/inspections", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.multipart")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "request.not_found"),
        ("GET", "/docs", 404, "request.not_found"),
        ("DELETE", "/v1/criteria", 405, "request.method"),
        ("POST", "/v1/inspections?surface=moon", 400, "request.surface"),
        ("POST", "/v1/inspections?explain=all", 400, "request.explain"),
        ("POST", "/v1/inspections?document_type=library_card", 400, "request.document_type"),
    ],
)
def test_errors_are_problem_documents(
    client: TestClient, photo: bytes, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, content=photo if method == "POST" else None, headers=JPEG)
    body = Problem.model_validate(answer.json())
    assert (answer.status_code, body.status, body.code) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body.type == f"urn:idqc:problem:{code}"
    assert body.hint
    if status == 405:
        assert answer.headers["Allow"] == "GET"


def test_an_unmeant_error_tells_nothing_but_its_type(
    client: TestClient, stub: Any, photo: bytes, log_lines: io.StringIO
) -> None:
    def fail() -> None:
        raise RuntimeError("711231-1234567 in /srv/secret/photo.jpg")

    stub.during = fail
    answer = client.post("/v1/inspections", content=photo, headers=JPEG)
    assert (answer.status_code, answer.json()["code"]) == (500, "service.internal")
    for text in (answer.text, log_lines.getvalue()):
        assert "711231" not in text
        assert "secret" not in text
    logged = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    failure = next(line for line in logged if line["event"] == "unexpected error")
    assert failure["error"] == "RuntimeError"
    assert any(place.startswith("test_api.py:") for place in failure["places"])


def test_an_error_outside_of_the_pool_is_a_problem_document_too(client: TestClient, stub: Any) -> None:
    stub.release = None
    answer = client.get("/v1/criteria")
    assert (answer.status_code, answer.json()["code"]) == (500, "service.internal")


def test_logs_hold_no_personal_data(client: TestClient, photo: bytes, log_lines: io.StringIO) -> None:
    form = {"photo": ("hong-gildong-711231.jpg", photo, "image/jpeg")}
    headers = {"User-Agent": "Hong's phone", "Idqc-Customer-Ref": "customer-4711"}
    answer = client.post("/v1/inspections", files=form, headers=headers)
    assert answer.status_code == 200
    assert client.post("/v1/inspections", content=b"hong", headers={**JPEG, **headers}).status_code == 415
    written = [json.loads(line) for line in log_lines.getvalue().splitlines() if '"idqc' in line or "inspect" in line]
    line = next(line for line in written if line["event"] == "inspected")
    assert (line["inspection_id"], line["verdict"], line["width_px"]) == (answer.json()["inspection_id"], "warn", 640)
    for secret in ("711231", "gildong", "4711", "phone", "127.0.0.1"):
        assert secret not in "\n".join(map(json.dumps, written))


def test_health_tells_alive_from_ready(stub: Any, house: House, key: dict[str, str]) -> None:
    warm = threading.Event()
    stub.warming = warm.wait
    with TestClient(create_app(Settings(threads=1), stub, house), headers=key) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        cold = client.get("/readyz")
        assert (cold.status_code, cold.json()["code"], cold.headers["Retry-After"]) == (503, "service.warming", "1")
        warm.set()
        pause = threading.Event()
        while client.get("/readyz").status_code != 200:
            pause.wait(0.01)
        assert client.get("/readyz").json() == {"status": "ready", "release": stub.release.id}


def test_a_failed_warm_run_never_gets_ready(
    stub: Any, house: House, key: dict[str, str], log_lines: io.StringIO
) -> None:
    ran = threading.Event()

    def fail() -> None:
        ran.set()
        raise RuntimeError("no")

    stub.warming = fail
    with TestClient(create_app(Settings(threads=1), stub, house), headers=key) as client:
        assert ran.wait(5)
        assert client.get("/readyz").status_code == 503
    assert "unexpected error" in log_lines.getvalue()


def test_a_full_house_says_busy_and_when_to_come_back(
    stub: Any, house: House, key: dict[str, str], photo: bytes
) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def block() -> None:
        inside.release()
        leave.wait(10)

    stub.during = block
    app = create_app(Settings(threads=1, waiting=1), stub, house)
    with TestClient(app, headers=key) as client, ThreadPoolExecutor(2) as callers:

        def send() -> int:
            return int(client.post("/v1/inspections", content=photo, headers=JPEG).status_code)

        first = callers.submit(send)
        assert inside.acquire(timeout=5)
        second = callers.submit(send)
        pause = threading.Event()
        while "idqc_places_taken 2.0" not in client.get("/metrics").text:
            pause.wait(0.01)
        refused = client.post("/v1/inspections", content=photo, headers=JPEG)
        assert (refused.status_code, refused.json()["code"]) == (503, "service.busy")
        assert refused.json()["numbers"]["places"] == 2
        assert int(refused.headers["Retry-After"]) >= 1
        assert client.get("/healthz").status_code == 200
        leave.set()
        assert [first.result(), second.result()] == [200, 200]
        assert "idqc_places_taken 0.0" in client.get("/metrics").text


def test_metrics_count_verdicts_criteria_errors_and_stages(client: TestClient, photo: bytes) -> None:
    client.post("/v1/inspections", content=photo, headers=JPEG)
    client.post("/v1/inspections", content=b"", headers=JPEG)
    text = client.get("/metrics").text
    assert 'idqc_inspections_total{surface="verification",verdict="warn"} 1.0' in text
    assert 'idqc_findings_total{criterion="quality.glare",outcome="warn"} 1.0' in text
    assert 'idqc_errors_total{code="photo.empty"} 1.0' in text
    assert 'idqc_stage_seconds_bucket{le="0.02",stage="document"} 1.0' in text


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("scope", ["admin", "inspect", None])
def test_the_catalogue_shows_thresholds_to_operators_only(
    stub: Any, house: House, make_key: Callable[..., dict[str, str]], mode: Mode, scope: str | None
) -> None:
    headers = make_key(scope) if scope else {}
    with TestClient(create_app(Settings(mode=mode), stub, house), headers=headers) as client:
        lines = client.get("/v1/criteria").json()
    body = CatalogueBody.model_validate(lines)
    by_code = {line["code"]: line for line in lines["criteria"]}
    assert by_code["quality.glare"]["message"]["en"]
    assert len(by_code) == len(body.criteria)
    if scope == "admin":
        assert by_code["quality.glare"]["thresholds"] == {"reject": 0.9, "reject_warning": 0.4}
        assert (by_code["quality.glare"]["prior"], by_code["quality.tilt"]["prior"]) == (0.034, None)
    else:
        assert all({"thresholds", "prior"}.isdisjoint(line) for line in by_code.values())
    assert ("fraud.text_tamper" in by_code) is (scope is not None)


def test_openapi_carries_examples_that_are_true(client: TestClient) -> None:
    call = client.get("/openapi.json").json()["paths"]["/v1/inspections"]["post"]
    assert set(call["requestBody"]["content"]) == {"image/jpeg", "image/png", "image/webp", "multipart/form-data"}
    assert call["responses"]["200"]["content"]["application/json"]["example"]["fields"] == INSPECTION["fields"]
    InspectionBody.model_validate(INSPECTION)
    for status, example in PROBLEMS.items():
        assert Problem.model_validate(example).status == status
        assert call["responses"][str(status)]["content"]["application/problem+json"]["example"] == example


def test_the_server_logs_lines_of_json_and_no_addresses(
    monkeypatch: pytest.MonkeyPatch, stub: Any, house: House
) -> None:
    started: dict[str, Any] = {}
    monkeypatch.setattr(application.uvicorn, "run", lambda app, **options: started.update(options, app=app))
    application.serve(Settings(port=8123), stub, house)
    assert (started["host"], started["port"], started["access_log"]) == ("127.0.0.1", 8123, False)
    assert started["log_config"]["formatters"]["json"]["()"] is JsonLines
    assert (started["ssl_certfile"], started["ssl_keyfile"]) == (None, None)
