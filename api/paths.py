"""The parameters that several resources have in their paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

SubmissionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="What POST /v1/submissions answered.")]
