"""A small typed client for a bank's backend, over the standard library alone.

    client = Client("https://idqc.bank.example", key)
    session = client.create_capture_session("customer-17", language="ko")
    ...                                  # hand session.page, or session_id and token, to the customer's phone
    print(client.submission(submission_id).state)

A call that meets a busy or absent service is tried again. Submissions carry an Idempotency-Key, so that none is made
twice; a capture session made twice is never opened, and ends by itself.
"""

from __future__ import annotations

import json
import random
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

Language = Literal["ko", "en"]

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that may be gone the next time."""

FIRST_WAIT_S = 0.5
MAX_WAIT_S = 30.0


class ClientError(Exception):
    """A call that did not succeed.

    `code` is the stable code of the problem document, or `service.unreachable` where there was no answer; `status` is 0
    then. `hint` says what to do.
    """

    def __init__(self, status: int, code: str, detail: str, hint: str, numbers: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.numbers = dict(numbers)


@dataclass(frozen=True)
class CaptureSession:
    """A capture session. Hand `page`, or id and token, to the customer; keep the token out of logs."""

    session_id: str
    token: str = field(repr=False)
    expires_at: str
    page: str = field(repr=False)


@dataclass(frozen=True)
class Finding:
    """One criterion that was judged; the score runs from 0 (normal) to 1 (turn it away)."""

    criterion: str
    outcome: str
    score: float | None
    message: Mapping[str, str] | None
    regions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Inspection:
    """The answer to a photo. `raw` is the whole JSON."""

    inspection_id: str
    verdict: str
    release: str
    document_type: str | None
    findings: tuple[Finding, ...]
    raw: Mapping[str, Any] = field(repr=False)

    def acting(self) -> tuple[Finding, ...]:
        """The findings that warn or reject."""
        return tuple(one for one in self.findings if one.outcome in ("reject", "warn"))


@dataclass(frozen=True)
class Submission:
    """A submission as it stands. `raw` is the whole JSON."""

    submission_id: str
    state: str
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Client:
    """Calls of one service with one key. Safe to share between threads.

    Args:
        url: the service's root, https, or http on this machine.
        key: an API key with the scopes that the calls need.
        timeout_s: for one try.
        tries: how often a call is made before its error is raised.
        sleep: waits between tries; a test hands in its own.
    """

    url: str
    key: str = field(repr=False)
    timeout_s: float = 30.0
    tries: int = 4
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (
            parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        ):
            raise ValueError("the key would travel in the clear: use https, or http on this machine")

    def inspect(self, photo: bytes, *, surface: str = "verification", document_type: str | None = None) -> Inspection:
        """Inspects one photo (JPEG, PNG or WebP). Needs the scope inspect."""
        query = {"surface": surface, **({"document_type": document_type} if document_type else {})}
        said = self._call("POST", f"/v1/inspections?{urlencode(query)}", photo, {"Content-Type": kind_of(photo)})
        findings = tuple(
            Finding(
                one["criterion"], one["outcome"], one.get("score"), one.get("message"), tuple(one.get("regions", ()))
            )
            for one in said["findings"]
        )
        document = said.get("document") or {}
        return Inspection(said["inspection_id"], said["verdict"], said["release"], document.get("type"), findings, said)

    def create_capture_session(
        self,
        customer_ref: str,
        *,
        language: Language = "ko",
        document_type: str | None = None,
        device: str | None = None,
        os: str | None = None,
        app_version: str | None = None,
        upload_allowed: bool = True,
        return_url: str | None = None,
    ) -> CaptureSession:
        """Makes a capture session for a customer. Needs the scope submit."""
        wishes = {
            "language": language,
            "document_type": document_type,
            "device": device,
            "os": os,
            "app_version": app_version,
            "upload_allowed": upload_allowed,
            "return_url": return_url,
        }
        headers = {"Content-Type": "application/json", "Idqc-Customer-Ref": customer_ref}
        said = self._call("POST", "/v1/capture-sessions", json.dumps(wishes).encode(), headers)
        return CaptureSession(said["session_id"], said["token"], said["expires_at"], self.url + said["page"])

    def submit(
        self,
        photo: bytes,
        customer_ref: str,
        *,
        idempotency_key: str | None = None,
        replaces: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Submission:
        """Puts a photo into the verification queue. Needs the scope submit.

        Args:
            photo: JPEG, PNG or WebP.
            customer_ref: the bank's own reference of the customer; stored as an HMAC only.
            idempotency_key: by default a new one; a repetition with the same key makes nothing new.
            replaces: the submission that this photo is sent for again.
            headers: more of them, such as the device.
        """
        path = "/v1/submissions" if replaces is None else f"/v1/submissions/{quote(replaces, safe='')}/resubmissions"
        sent = {
            **(headers or {}),
            "Content-Type": kind_of(photo),
            "Idqc-Customer-Ref": customer_ref,
            "Idempotency-Key": idempotency_key or uuid.uuid4().hex,
        }
        said = self._call("POST", path, photo, sent)
        return Submission(said["submission_id"], said["state"], said)

    def submission(self, submission_id: str) -> Submission:
        """How a submission stands. Needs the scope submit."""
        said = self._call("GET", f"/v1/submissions/{quote(submission_id, safe='')}")
        return Submission(said["submission_id"], said["state"], said)

    def _call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        for attempt in range(1, self.tries + 1):
            try:
                return self._once(method, path, body, headers or {})
            except ClientError as failed:
                passing = failed.status == 0 or failed.status in PASSING
                if not passing or attempt == self.tries:
                    raise
                asked = float(failed.numbers.get("retry_after_s", 0))
                backoff = FIRST_WAIT_S * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
                self.sleep(min(max(asked, backoff), MAX_WAIT_S))
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.url.rstrip("/") + path,
            body,
            {**headers, "Authorization": f"Bearer {self.key}", "Accept": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
                said: dict[str, Any] = json.load(answer)
                return said
        except urllib.error.HTTPError as refused:
            raise _problem(refused) from None
        except (OSError, HTTPException, ValueError) as lost:
            raise ClientError(
                0, "service.unreachable", f"no answer ({type(lost).__name__})", "Check the address and the network.", {}
            ) from None


def kind_of(photo: bytes) -> str:
    """The media type of a photo by its first bytes; whatever it is not, the service refuses."""
    if photo.startswith(b"\x89PNG"):
        return "image/png"
    if photo[:4] == b"RIFF" and photo[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg"


def _problem(refused: urllib.error.HTTPError) -> ClientError:
    try:
        said = json.load(refused)
        return ClientError(refused.code, said["code"], said["detail"], said["hint"], said["numbers"])
    except (OSError, ValueError, KeyError, TypeError):
        return ClientError(
            refused.code, "service.unreachable", f"status {refused.code}", "Check what stands in front.", {}
        )
