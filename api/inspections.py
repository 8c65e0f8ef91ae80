"""POST /v1/inspections: one photo in, the Inspection out."""

from __future__ import annotations

import json
import logging
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api.access import Caller, require
from api.deps import RunningService
from api.examples import INSPECTION, PROBLEMS
from api.problems import MEDIA_TYPE, internal
from api.schemas import InspectionBody, Problem
from api.upload import media_type, photo_of, read_body
from idqc.access.keys import Scope
from idqc.audience import to_json
from idqc.documents import document_types
from idqc.errors import IdqcError, RequestError
from idqc.inspection import Inspection, Surface

log = logging.getLogger("idqc.api")
router = APIRouter(prefix="/v1", tags=["inspections"])

_EXPLAIN = (
    "`regions` runs every stage. `heatmaps` adds pictures of where the criteria of quality and forgery show: "
    "transparent PNGs as data URLs, 800 px on their longer side, to lay over the photo."
)
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"photo": _BYTES["schema"]}, "required": ["photo"]}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The photo's bytes, or a form with one file named photo. At most 15 MB, 40 megapixels.",
        "content": {"image/jpeg": _BYTES, "image/png": _BYTES, "image/webp": _BYTES, "multipart/form-data": _FORM},
    }
}


def _documented() -> dict[int | str, dict[str, Any]]:
    refused: dict[int | str, dict[str, Any]] = {
        status: {
            "description": example["title"],
            "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema(), "example": example}},
        }
        for status, example in PROBLEMS.items()
    }
    answered = {"model": InspectionBody, "content": {"application/json": {"example": INSPECTION}}}
    return {200: answered, **refused}


@router.post("/inspections", responses=_documented(), openapi_extra=_BODY)
async def inspect(
    request: Request,
    service: RunningService,
    caller: Annotated[Caller, require(Scope.INSPECT)],
    surface: Annotated[Surface, Query(description="Decides which criteria count.")] = Surface.VERIFICATION,
    explain: Annotated[Literal["", "regions", "heatmaps"], Query(description=_EXPLAIN)] = "",
    document_type: Annotated[str | None, Query(description="What the customer says the document is.")] = None,
) -> Response:
    """Inspects one photo: a score for every criterion of the surface, the regions, the readings and a verdict."""
    if document_type is not None and document_type not in document_types():
        raise RequestError(
            "There is no such document type.",
            f"Known types: {', '.join(document_types())}.",
            code="request.document_type",
        )
    kind = media_type(request)
    content_type = request.headers["content-type"]

    def work(body: bytes) -> tuple[Inspection, bytes]:
        done = service.inspector.inspect(
            photo_of(body, content_type), surface, explain=explain or None, document_type=document_type
        )
        return done, json.dumps(to_json(done, caller.audience), ensure_ascii=False).encode()

    with service.admission.place():
        body = await read_body(request, kind, service.settings.upload_deadline_s)
        try:
            done, answer = await service.admission.run(lambda: work(body))
        except IdqcError:
            raise
        except Exception as unexpected:
            raise internal(unexpected) from None
    service.metrics.count(done)
    log.info(
        "inspected",
        extra={
            "inspection_id": done.inspection_id,
            "surface": done.surface.value,
            "verdict": done.verdict.value,
            "width_px": done.image_width_px,
            "height_px": done.image_height_px,
            "bytes": len(body),
            "timings_ms": dict(done.timings_ms),
        },
    )
    timing = ", ".join(f"{stage};dur={milliseconds:.1f}" for stage, milliseconds in done.timings_ms.items())
    return Response(answer, media_type="application/json", headers={"Server-Timing": timing})
