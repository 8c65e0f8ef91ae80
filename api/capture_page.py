"""/capture: the page of the capture step and its modules, files as they are, under a strict content policy."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.headers import CAMERA_PAGE_HEADERS

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "static" / "capture"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    **CAMERA_PAGE_HEADERS,
    # The modules belong together: each is asked for again, and answered with 304 while it is the same.
    "Cache-Control": "no-cache",
}

FILES = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
"""What is served, listed once: a name in an address is looked up here and never joined to a path."""


@router.get("/capture")
def read_page(request: Request) -> Response:
    """The page."""
    return _file(request, "index.html")


@router.get("/capture/{name}")
def read_file(request: Request, name: str) -> Response:
    """A module, the style sheet or the icon."""
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    if name not in FILES:
        raise HTTPException(404)
    path = FILES[name]
    answer = FileResponse(path, headers=HEADERS, media_type=TYPES[path.suffix], stat_result=path.stat())
    if request.headers.get("if-none-match") == answer.headers["etag"]:
        return Response(status_code=304, headers={**HEADERS, "ETag": answer.headers["etag"]})
    return answer
