"""Schemathesis over the service's own OpenAPI: whatever is sent, by the schema or against it, no answer is a 5xx.

In process, on PostgreSQL, which refuses more than SQLite does, and with real ids, tokens and photos in most
requests, so that they get past the first check. Nothing is drawn at random: the same requests every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode

from api.app import create_app
from idqc.access.keys import Scope
from idqc.settings import Settings
from idqc.store.house import open_house
from idqc.surfaces.capture_sessions import CaptureStep, Wishes
from idqc.surfaces.keys import create_key
from tests.databases import database
from tests.integration.conftest import StubInspector, encode, noisy
from tests.stub_house import put_case

EXAMPLES = 20
CALLS = (
    "POST /v1/inspections",
    "POST /v1/submissions",
    "GET /v1/submissions/{submission_id}",
    "POST /v1/submissions/{submission_id}/resubmissions",
    "POST /v1/submissions/{submission_id}/appeals",
    "DELETE /v1/customers",
    "POST /v1/capture-sessions",
    "GET /v1/capture-sessions/{session_id}",
    "POST /v1/capture-sessions/{session_id}/photos",
    "POST /v1/capture-sessions/{session_id}/bypass",
    "POST /v1/capture-sessions/{session_id}/submit",
    "GET /v1/criteria",
    "GET /v1/experiments/report",
    "GET /v1/reviews",
    "POST /v1/reviews/{submission_id}/claim",
    "GET /v1/reviews/{submission_id}/photo",
    "POST /v1/reviews/{submission_id}/decision",
    "GET /healthz",
    "GET /readyz",
)
REFUSED_AT_THE_DOOR = {400, 401, 403, 405, 415}
PHOTO = encode(noisy(), quality=85)
WRONG_PHOTOS = (b"", PHOTO[:400], PHOTO[:-2000], b"\xff\xd8\xff" + PHOTO[100:], encode(noisy(), "PNG"), b"GIF89a")

for kind in ("image/jpeg", "image/png", "image/webp"):
    schemathesis.openapi.media_type(
        kind, st.one_of(st.just(PHOTO), st.sampled_from(WRONG_PHOTOS), st.binary(max_size=200))
    )


@dataclass(frozen=True)
class Door:
    """What gets a request past the first check: a key, submissions in several states, sessions of the capture step."""

    key: str
    submissions: list[str]
    capture: CaptureStep

    def open(self, case: Any, data: st.DataObject) -> None:
        """Puts a right key or token into most requests, and a right id into three of four."""
        places, headers = case.path_parameters or {}, {"Authorization": f"Bearer {self.key}"}
        right_id = data.draw(st.integers(0, 3)) > 0
        if right_id and case.query:
            case.query.pop("document_type", None)  # a drawn text is never one that exists
        if "submission_id" in places and right_id:
            places["submission_id"] = data.draw(st.sampled_from(self.submissions))
        if "session_id" in places:
            session = self.capture.create("customer-1", Wishes())
            headers["Authorization"] = f"Bearer {session.token}"
            if right_id:
                places["session_id"] = session.session_id
        if data.draw(st.integers(0, 9)):
            case.headers.update(headers)


def always_on(app: Any) -> Any:
    """The app as it is between start and stop; the client of these tests would start and stop it for every request."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for stage in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{stage}.complete"})

    return answer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Door]]:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "experiment.toml").write_text(
        'name = "fuzz"\nsalt = "a salt of this test"\n[arms.control]\nact_at = "never"\n'
        '[arms.A]\nact_at = "reject_warning"\nbypass = true\n'
    )
    with database("postgresql", folder) as url:
        opened = Settings.model_validate({
            "data_dir": folder, "database_url": url, "threads": 1, "experiment": folder / "experiment.toml",
        })  # fmt: skip
        house = open_house(opened)
        app = create_app(opened, StubInspector(), house)  # type: ignore[arg-type]
        app.state.service.ready = True
        key = create_key(house.store, "fuzz", frozenset({Scope.ADMIN}), actor="test", per_minute=1_000_000)
        cases = [put_case(house, scores) for scores in ({}, {"quality.glare": 0.62}, {"quality.blur": 0.99}) * 4]
        yield always_on(app), Door(key.text, cases, app.state.service.capture)
        house.close()


@pytest.fixture(scope="module")
def described(running: tuple[Any, Door]) -> Any:
    """The service as its OpenAPI describes it."""
    return schemathesis.openapi.from_asgi("/openapi.json", running[0])


@pytest.mark.parametrize("label", CALLS)
def test_no_request_breaks_the_service(label: str, running: tuple[Any, Door], described: Any) -> None:
    operation = described.find_operation_by_label(label)
    assert operation is not None
    # Two thirds as described, one third not.
    modes = [operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, *GenerationMode)]

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=st.one_of(modes), data=st.data())
    def attempt(case: Any, data: st.DataObject) -> None:
        running[1].open(case, data)
        statuses.append(case.call_and_validate(checks=[not_a_server_error]).status_code)

    statuses: list[int] = []
    attempt()
    # Some got past key and form: they were served, or refused for their photo or for what they asked of.
    assert set(statuses) - REFUSED_AT_THE_DOOR, Counter(statuses)


def test_every_call_that_is_described_is_tried(described: Any) -> None:
    assert sorted(operation.ok().label for operation in described.get_all_operations()) == sorted(CALLS)
