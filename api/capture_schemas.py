"""What the capture calls take and answer, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Answer, Quad, Size, Spot
from idqc.routes import Advice, Route


class SessionWishes(BaseModel):
    """What the bank's backend may say about a session; all of it may be left out."""

    model_config = ConfigDict(extra="forbid")

    document_type: str | None = Field(default=None, description="What the customer says the document is.")
    language: Literal["ko", "en"] = "ko"
    device: str | None = Field(default=None, max_length=80, examples=["SM-S921N"])
    os: str | None = Field(default=None, max_length=80, examples=["Android 16"])
    app_version: str | None = Field(default=None, max_length=80, examples=["5.4.0"])
    upload_allowed: bool = Field(default=True, description="Whether a photo from a file may stand for the camera.")
    return_url: str | None = Field(default=None, description="https address that the customer returns to at the end.")


class SessionCreated(Answer):
    """A new session. The token is told once; `page` is this service's own page with both in its fragment."""

    session_id: str
    token: str
    expires_at: datetime
    page: str


class SessionBody(Answer):
    """How a session stands."""

    state: Literal["open", "submitted"]
    expires_at: datetime
    document_type: str | None
    language: Literal["ko", "en"]
    upload_allowed: bool
    return_url: str | None
    submission_id: str | None


class PhotoAnswer(Answer):
    """What is to be done about a photo: one sentence that names field and cure, and where to look."""

    photo: int = Field(description="The photo's number in the session, from 1.")
    advice: Advice
    reason: str | None = Field(description="The code of the finding that is told; null when the photo is accepted.")
    message: dict[Literal["ko", "en"], str] | None
    regions: list[Spot]
    document: Quad | None
    image: Size | None = Field(description="The photo's size after its EXIF turn; quads are in its pixels.")
    bypass_offered: bool = Field(description="Whether POST …/bypass is open now.")


class BypassAnswer(Answer):
    """The way through was taken: any photo of the session may be submitted now."""

    bypassed: Literal[True]


class SubmitAnswer(Answer):
    """The photo is in the queue; GET /v1/submissions/{submission_id} tells the bank's backend how it goes on."""

    submission_id: str
    state: str
    route: Route
