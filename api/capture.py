"""The capture step over HTTP: a session by the bank's backend, photos and the submission by the customer's page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.access import Caller, require
from api.capture_schemas import BypassAnswer, PhotoAnswer, SessionBody, SessionCreated, SessionWishes, SubmitAnswer
from api.deps import RunningService, Service
from api.problems import internal
from api.schemas import Problem
from api.upload import media_type, photo_of, read_body
from idqc.access.keys import Scope
from idqc.errors import IdqcError
from idqc.inspection import Inspection
from idqc.surfaces.capture_sessions import CaptureStep, NoSuchSession, Wishes

log = logging.getLogger("idqc.api")
router = APIRouter(prefix="/v1/capture-sessions", tags=["capture"])
Result = TypeVar("Result")

_bearer = HTTPBearer(auto_error=False, scheme_name="capture token", description="The token of a capture session.")
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_PHOTO = {
    "requestBody": {
        "required": True,
        "description": "The photo's bytes. At most 15 MB, 40 megapixels.",
        "content": {"image/jpeg": _BYTES, "image/png": _BYTES, "image/webp": _BYTES},
    }
}
_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": said}
    for status, said in {
        400: "A wish, a header or a body that cannot be used",
        401: "No such session, or a token that is not its own",
        408: "The photo took too long to arrive",
        409: "Not open to the session at this point",
        410: "The session is over",
        413: "Too many bytes",
        415: "Not a photo",
        422: "A photo that cannot be judged",
        429: "The session has had all its photos",
        503: "Busy; Retry-After says when to come again",
    }.items()
}


def capture_step(service: RunningService) -> CaptureStep:
    """The capture step of the running service."""
    return service.capture


def token_of(presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The token that a page sends. Raises NoSuchSession for none."""
    if presented is None:
        raise NoSuchSession("The request has no token.", "Send `Authorization: Bearer TOKEN` of the session.")
    return presented.credentials


Step = Annotated[CaptureStep, Depends(capture_step)]
Token = Annotated[str, Depends(token_of)]


@router.post("", status_code=201, responses={key: _REFUSED[key] for key in (400, 401)})
def create_session(
    step: Step,
    caller: Annotated[Caller, require(Scope.SUBMIT)],
    wishes: SessionWishes | None = None,
    idqc_customer_ref: Annotated[str, Header(description="The bank's own reference of the customer.")] = "",
) -> SessionCreated:
    """Makes a session for one customer; the backend hands session_id and token to the page or the app."""
    asked = wishes or SessionWishes()
    made = step.create(idqc_customer_ref, Wishes(**asked.model_dump()), caller.key_id)
    return SessionCreated(
        session_id=made.session_id,
        token=made.token,
        expires_at=made.expires_at,
        page=f"/capture#session={made.session_id}&token={made.token}&lang={asked.language}",
    )


@router.get("/{session_id}", responses={key: _REFUSED[key] for key in (401, 410)})
def read_session(session_id: str, step: Step, token: Token) -> SessionBody:
    """How the session stands. The first call opens it, and records which arm of an experiment the customer meets."""
    return SessionBody(**step.look(session_id, token))


@router.post("/{session_id}/photos", openapi_extra=_PHOTO, responses=_REFUSED)
async def judge_photo(
    session_id: str, request: Request, service: RunningService, step: Step, token: Token
) -> PhotoAnswer:
    """Judges one photo: accept, or take it again and why. The photo is not kept; sent twice it counts once."""

    def work(photo: bytes) -> tuple[dict[str, Any], Inspection | None]:
        return step.judge(session_id, token, photo)

    answer, inspection = await _with_photo(request, service, work)
    if inspection is not None:
        service.metrics.count(inspection)
        service.metrics.count_capture_photo(answer["advice"], answer["reason"])
        log.info(
            "photo judged",
            extra={
                "inspection_id": inspection.inspection_id,
                "policy": inspection.policy,
                "advice": answer["advice"],
                "timings_ms": dict(inspection.timings_ms),
            },
        )
    return PhotoAnswer(**answer)


@router.post("/{session_id}/bypass", responses={key: _REFUSED[key] for key in (401, 409, 410)})
def take_bypass(session_id: str, service: RunningService, step: Step, token: Token) -> BypassAnswer:
    """The customer goes on with a photo that was turned back; open after an answer with `bypass_offered`."""
    reason, new = step.bypass(session_id, token)
    if new:
        service.metrics.count_bypass(reason)
    return BypassAnswer(bypassed=True)


@router.post("/{session_id}/submit", status_code=202, openapi_extra=_PHOTO, responses=_REFUSED)
async def submit_photo(
    session_id: str, request: Request, service: RunningService, step: Step, token: Token
) -> SubmitAnswer:
    """Hands the photo to the verification queue. One that was never judged is taken too: the queue judges it."""

    def work(photo: bytes) -> dict[str, Any]:
        answer, new = step.submit(session_id, token, photo)
        if new:
            service.metrics.count_captured(answer["route"])
        return answer

    return SubmitAnswer(**await _with_photo(request, service, work))


async def _with_photo(request: Request, service: Service, work: Callable[[bytes], Result]) -> Result:
    """Reads the photo and works on it in the pool, inside one of its places."""
    kind = media_type(request)
    content_type = request.headers["content-type"]
    with service.admission.place():
        body = await read_body(request, kind, service.settings.upload_deadline_s)
        try:
            return await service.admission.run(lambda: work(photo_of(body, content_type)))
        except IdqcError:
            raise
        except Exception as unexpected:
            raise internal(unexpected) from None
