"""/v1/submissions: a photo goes into the verification queue, and what became of it can be asked."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.access import Caller, require
from api.deps import RunningService, Service
from api.paths import SubmissionId
from api.schemas import Answer, InspectionBody, Problem
from api.upload import media_type, photo_of, read_body
from idqc.access.keys import Scope
from idqc.documents import document_types
from idqc.errors import RequestError
from idqc.inspection import Audience
from idqc.states import State
from idqc.store import submissions
from idqc.surfaces.answers import customer_answer
from idqc.surfaces.verification import Accepted, Intake, inspection_of, submit

log = logging.getLogger("idqc.api")
router = APIRouter(prefix="/v1/submissions", tags=["submissions"])

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The photo's bytes. At most 15 MB, 40 megapixels.",
        "content": {"image/jpeg": _BYTES, "image/png": _BYTES, "image/webp": _BYTES},
    }
}
_PLAIN = re.compile(r"[\w .,:;/()+-]{1,80}")
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
}

CustomerRef = Annotated[
    str | None, Header(alias="Idqc-Customer-Ref", max_length=200, description="Yours; stored as an HMAC only.")
]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="The same key never submits twice.")
]
DeviceName = Annotated[str | None, Header(alias="Idqc-Device", max_length=80)]
OsName = Annotated[str | None, Header(alias="Idqc-Os", max_length=80)]
AppVersion = Annotated[str | None, Header(alias="Idqc-App-Version", max_length=80)]
DocumentTypeName = Annotated[str | None, Query(description="What the customer says the document is.")]
Language = Annotated[Literal["ko", "en"], Query(description="What the customer reads.")]
Submitter = Annotated[Caller, require(Scope.SUBMIT)]
Reader = Annotated[Caller, require(Scope.SUBMIT, Scope.REVIEW)]


class AcceptedBody(Answer):
    """A submission that is safely in the queue. Nothing was computed yet."""

    submission_id: str
    state: State


class CustomerBody(Answer):
    """What to show the customer, in their language. Never says that fraud was suspected."""

    language: Literal["ko", "en"]
    message: str
    resubmit: bool
    fix: list[str]


class StateBody(Answer):
    """One change of state."""

    state: State
    at: datetime


class SubmissionBody(Answer):
    """One submission: where it stands, what the customer is told, and what was found out."""

    submission_id: str
    state: State
    created_at: datetime
    updated_at: datetime
    verdict: str | None
    replaces: str | None
    replaced_by: str | None
    customer: CustomerBody
    history: list[StateBody]
    inspection: InspectionBody | None


async def intake(
    caller: Submitter,
    customer_ref: CustomerRef = None,
    idempotency_key: IdempotencyKey = None,
    device: DeviceName = None,
    os: OsName = None,
    app_version: AppVersion = None,
    document_type: DocumentTypeName = None,
    language: Language = "ko",
) -> Intake:
    """What a key with the scope submit says of the photo that it sends."""
    return Intake(
        customer_ref=customer_ref,
        idempotency_key=idempotency_key,
        submitter=caller.key_id,
        document_type=known_type(document_type),
        language=language,
        device=plain(device, "Idqc-Device"),
        os=plain(os, "Idqc-Os"),
        app_version=plain(app_version, "Idqc-App-Version"),
    )


SentWith = Annotated[Intake, Depends(intake)]


@router.post("", status_code=202, response_model=AcceptedBody, responses=_REFUSALS, openapi_extra=_BODY)
async def create(request: Request, response: Response, service: RunningService, sent: SentWith) -> AcceptedBody:
    """Takes a photo into the queue and answers at once; a worker inspects it."""
    return await _take_in(request, response, service, sent)


@router.post(
    "/{submission_id}/resubmissions",
    status_code=202,
    response_model=AcceptedBody,
    responses=_REFUSALS,
    openapi_extra=_BODY,
)
async def resubmit(
    request: Request, response: Response, service: RunningService, sent: SentWith, submission_id: SubmissionId
) -> AcceptedBody:
    """Takes another photo in place of one that was rejected, or that waits for review."""
    return await _take_in(request, response, service, replace(sent, replaces_id=submission_id))


@router.get("/{submission_id}", responses=_REFUSALS, response_model_exclude_unset=True)
def read(
    service: RunningService,
    caller: Reader,
    submission_id: SubmissionId,
    language: Annotated[Literal["ko", "en"] | None, Query(description="By default that of the submission.")] = None,
) -> SubmissionBody:
    """Where a submission stands, and what the customer is to be told."""
    house = service.house
    with house.store.reading() as connection:
        row = submissions.read(connection, submission_id)
        history = submissions.history(connection, submission_id)
        replaced_by = submissions.replacement(connection, submission_id)
    # A key for submitting alone is a backend that talks to customers: what they may not know stays here.
    audience = caller.audience if caller.scopes & {Scope.REVIEW, Scope.ADMIN} else Audience.CUSTOMER
    found = None if row["inspection_id"] is None else inspection_of(house, submission_id, audience)
    return SubmissionBody(
        submission_id=submission_id,
        state=State(row["state"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        verdict=row["verdict"] if audience is not Audience.CUSTOMER else found and found["verdict"],
        replaces=row["replaces_id"],
        replaced_by=replaced_by,
        customer=CustomerBody.model_validate(customer_answer(house, submission_id, language)),
        history=[StateBody(state=State(change["after"]), at=change["at"]) for change in history],
        inspection=None if found is None else InspectionBody.model_validate(found),
    )


def known_type(document_type: str | None) -> str | None:
    """A document type as it is. Raises RequestError for an unknown one."""
    if document_type is not None and document_type not in document_types():
        raise RequestError(
            "There is no such document type.",
            f"Known types: {', '.join(document_types())}.",
            code="request.document_type",
        )
    return document_type


def plain(text: str | None, header: str) -> str | None:
    """A dimension's text as it is. Raises RequestError for one with characters that no device or version has."""
    if text is not None and not _PLAIN.fullmatch(text):
        raise RequestError(
            f"{header} has {len(text)} characters, some of which are not letters, digits or plain punctuation.",
            "Send something like `iPhone 17` or `26.1.0`, at most 80 characters.",
            code="request.dimension",
        )
    return text


async def _take_in(request: Request, response: Response, service: Service, intake: Intake) -> AcceptedBody:
    kind = media_type(request)
    content_type = request.headers["content-type"]
    with service.admission.place():
        body = await read_body(request, kind, service.settings.upload_deadline_s)

        def keep() -> Accepted:
            return submit(service.house, photo_of(body, content_type), intake, service.settings.queue_limit)

        # Writing waits for a disk, not for a core: it needs no place among the inspections.
        accepted = await asyncio.to_thread(keep)
    log.info("submitted", extra={"submission_id": accepted.submission_id, "repeated": accepted.repeated})
    response.headers["Location"] = f"/v1/submissions/{accepted.submission_id}"
    return AcceptedBody(submission_id=accepted.submission_id, state=accepted.state)
