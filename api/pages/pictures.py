"""The pictures of a case: masked photo, rectified document, portrait. Each is written down before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.deps import RunningService, Service
from api.pages.case_view import portrait_quad
from api.pages.session import Visitor, allow
from api.paths import SubmissionId
from idqc.access.accounts import Permission
from idqc.errors import NotFound
from idqc.heatmaps import MAPPED, draw_heatmap
from idqc.inspection import Audience
from idqc.review.pictures import portrait, rectified_document
from idqc.surfaces import review, verification

router = APIRouter(prefix="/console/cases/{submission_id}", include_in_schema=False)

Reviewer = Annotated[Visitor, allow(Permission.DECIDE)]


@router.get("/photo.jpg")
async def read_photo(submission_id: SubmissionId, service: RunningService, visitor: Reviewer) -> Response:
    """The photo as it is kept: every place that can hold a resident number is painted over in its pixels."""
    return await _picture(service, visitor, submission_id, "whole", lambda photo, _: photo)


@router.get("/rectified.jpg")
async def read_rectified(submission_id: SubmissionId, service: RunningService, visitor: Reviewer) -> Response:
    """The document laid flat."""

    def cut(photo: bytes, answer: dict[str, Any]) -> bytes:
        document = answer["document"] or _missing()
        return rectified_document(photo, document["quad"], document["type"])

    return await _picture(service, visitor, submission_id, "document", cut)


@router.get("/portrait.jpg")
async def read_portrait(submission_id: SubmissionId, service: RunningService, visitor: Reviewer) -> Response:
    """The portrait, upright."""

    def cut(photo: bytes, answer: dict[str, Any]) -> bytes:
        return portrait(photo, portrait_quad(answer) or _missing())

    return await _picture(service, visitor, submission_id, "portrait", cut)


@router.get("/heatmaps/{criterion}.png")
async def read_heatmap(
    submission_id: SubmissionId,
    criterion: Annotated[str, Path(max_length=80)],
    service: RunningService,
    visitor: Reviewer,
) -> Response:
    """Where on the document a criterion shows, as a layer over the photo."""
    if criterion not in MAPPED:
        _missing()

    def draw(photo: bytes, answer: dict[str, Any]) -> bytes:
        document = answer["document"] or _missing()
        painted = review.painted_over(service.house, submission_id)
        return draw_heatmap(service.inspector.stages, photo, criterion, document["quad"], document["type"], painted)

    return await _picture(service, visitor, submission_id, f"heatmap {criterion}", draw, "image/png")


async def _picture(
    service: Service,
    visitor: Visitor,
    submission_id: str,
    what: str,
    make: Callable[[bytes, dict[str, Any]], bytes],
    media_type: str = "image/jpeg",
) -> Response:
    def work() -> bytes:
        answer = verification.inspection_of(service.house, submission_id, Audience.REVIEWER) or _missing()
        photo = verification.masked_photo(service.house, submission_id)
        made = make(photo, answer)
        review.note_view(service.house.store, submission_id, visitor.actor, "photo", picture=what)
        return made

    return Response(await service.admission.run(work), media_type=media_type)


def _missing() -> Any:
    raise NotFound("There is no such picture.", "It was not found in the photo, or its retention has ended.")
