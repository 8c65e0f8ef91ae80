"""The examples of the OpenAPI document: fictional values only."""

from __future__ import annotations

from typing import Any

_QUAD = [[212.0, 188.5], [1705.3, 201.0], [1690.8, 1144.2], [205.4, 1130.9]]

INSPECTION: dict[str, Any] = {
    "inspection_id": "5b0f6c1e9d7a4a53a3a7f3f2a8d0c4e1",
    "surface": "verification",
    "verdict": "warn",
    "release": "2026.12.1+3f9c0d2a71be",
    "policy": "default",
    "image": {"width": 1920, "height": 1440},
    "as_of": "2026-12-01",
    "document": {"type": "kr_resident", "confidence": 0.99, "quad": _QUAD},
    "findings": [
        {
            "criterion": "quality.glare",
            "score": 0.62,
            "outcome": "warn",
            "thresholds": {"reject": 0.93, "reject_warning": 0.41},
            "regions": [
                {
                    "label": "id_number",
                    "quad": [[301.0, 512.4], [905.2, 518.0], [904.1, 577.7], [300.2, 572.1]],
                    "defect": "glare",
                }
            ],
            "message": {
                "ko": "주민등록번호에 빛이 반사됐어요. 각도를 바꿔 다시 찍어 주세요.",
                "en": "Light reflects on the resident number. Change the angle and take the photo again.",
            },
            "advice": {
                "ko": "주민등록번호에 빛이 반사되어 내용이 가려졌습니다. 다른 각도에서 찍은 사진을 요청하세요.",
                "en": "A reflection hides part of the resident number. Ask for a photo from another angle.",
            },
            "spread": False,
        },
        {
            "criterion": "quality.blur",
            "score": 0.03,
            "outcome": "pass",
            "thresholds": {"reject": 0.9, "reject_warning": 0.5},
            "regions": [],
            "message": None,
            "advice": None,
            "spread": True,
        },
    ],
    "fields": [
        {
            "name": "id_number",
            "value": "711231-*******",
            "confidence": 0.97,
            "confidence_min": 0.91,
            "visible": True,
            "quad": [[301.0, 512.4], [905.2, 518.0], [904.1, 577.7], [300.2, 572.1]],
        }
    ],
    "timings_ms": {"decode": 21.0, "document": 11.2},
}


def _problem(status: int, code: str, title: str, detail: str, hint: str, **numbers: float) -> dict[str, Any]:
    return {
        "type": f"urn:idqc:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "hint": hint,
        "numbers": numbers,
    }


_PHOTO = "The photo cannot be inspected"
_REQUEST = "The request cannot be served"

PROBLEMS: dict[int, dict[str, Any]] = {
    400: _problem(400, "photo.empty", _PHOTO, "The body is empty: 0 bytes.", "Send the photo's bytes as the body."),
    408: _problem(
        408,
        "request.upload_too_slow",
        _REQUEST,
        "81920 bytes arrived in 30 seconds, and not the whole photo.",
        "Send a smaller photo, or over a faster connection.",
        bytes=81920,
        deadline_s=30,
    ),
    413: _problem(
        413,
        "photo.too_many_bytes",
        _PHOTO,
        "The body has 15728641 bytes or more; the limit is 15728640.",
        "Send a JPEG of at most 15 MB; quality 90 at 12 megapixels is about 4 MB.",
        bytes=15728641,
        limit=15728640,
    ),
    415: _problem(
        415,
        "photo.heic",
        _PHOTO,
        "The photo is HEIC/HEIF or AVIF.",
        "Convert to JPEG before sending; on iOS choose 'Most Compatible', or export as JPEG.",
    ),
    422: _problem(
        422,
        "photo.too_few_pixels",
        _PHOTO,
        "The photo is 240 x 160 pixels; its shorter side must have at least 320.",
        "Send the camera's photo, not a thumbnail.",
        width=240,
        height=160,
        limit=320,
    ),
    503: _problem(
        503,
        "service.busy",
        "The service is busy",
        "All 18 places for photos are taken.",
        "Send the photo again in 2 seconds.",
        places=18,
        retry_after_s=2,
    ),
}
