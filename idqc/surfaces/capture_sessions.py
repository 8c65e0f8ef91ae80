"""The capture step of one customer: a session is created, opened, given photos, and handed to the queue.

Photos are judged and forgotten: only their SHA-256 and what the customer was told are kept. The photo that is submitted
comes once more with the submission; by its hash it is known whether it had been accepted.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from idqc.documents import document_types
from idqc.errors import IdqcError, RequestError
from idqc.experiments.arms import ActAt, Experiment
from idqc.inspection import Inspection, Surface
from idqc.photo.decode import read_header
from idqc.routes import Advice, Route
from idqc.store import capture_sessions
from idqc.store.capture_sessions import CaptureSession, JudgedPhoto
from idqc.store.engine import Store
from idqc.store.house import House
from idqc.surfaces.capture import (
    ACCEPTED,
    MAX_PHOTOS,
    SESSION_S,
    SUBMIT_GRACE_S,
    NotYet,
    SessionOver,
    TooManyPhotos,
    bypass_offered,
    customer_answer,
    judge,
    main_reason,
    route,
    under,
)
from idqc.surfaces.verification import Accepted, Intake, customer_hmac, submit

TOKEN_BYTES = 32
MAX_URL_CHARS = 2000
MAX_REF_CHARS = 200
LANGUAGES = ("ko", "en")


class NoSuchSession(IdqcError):
    """There is no such session, or the token is not its own; which of the two is not told."""

    code = "capture.token"
    status = 401
    title = "No such capture session"


class Sent(Protocol):
    """What the queue answers to a photo."""

    @property
    def submission_id(self) -> str: ...
    @property
    def state(self) -> str: ...


@dataclass(frozen=True)
class Handover:
    """A photo on its way to the queue. `flags` tell the reviewer how it came; the key makes a repetition harmless."""

    photo: bytes
    customer_hmac: str
    submitter: str
    idempotency_key: str
    document_type: str | None
    language: str
    device: str | None
    os: str | None
    app_version: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Wishes:
    """What the bank's backend may say about a session."""

    document_type: str | None = None
    language: str = "ko"
    device: str | None = None
    os: str | None = None
    app_version: str | None = None
    upload_allowed: bool = True
    return_url: str | None = None


@dataclass(frozen=True)
class Created:
    """A new session. The token is told once, here."""

    session_id: str
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class CaptureStep:
    """The capture step of an installation.

    Args:
        store: where sessions are kept.
        inspect: an Inspector's `inspect`.
        hand_over: takes a photo into the queue, in transactions of its own.
        customer_hmac: what is stored in place of a customer's reference.
        experiment: the one that runs, if any.
    """

    store: Store
    inspect: Callable[..., Inspection]
    hand_over: Callable[[Handover], Sent]
    customer_hmac: Callable[[str], str]
    experiment: Experiment | None = None

    def create(self, customer_ref: str, wishes: Wishes, submitter: str = "") -> Created:
        """Makes a session for a customer. The arm is worked out here and counts from the first look on.

        Raises:
            RequestError: no reference of a customer, or a wish that cannot be granted.
        """
        if not 1 <= len(customer_ref) <= MAX_REF_CHARS:
            raise RequestError(
                f"The customer's reference has {len(customer_ref)} characters.",
                f"Send the header Idqc-Customer-Ref with 1 to {MAX_REF_CHARS} characters.",
                code="request.customer_ref",
                characters=len(customer_ref),
            )
        _check(wishes)
        now = self.store.clock()
        made = Created(uuid.uuid4().hex, secrets.token_urlsafe(TOKEN_BYTES), now + timedelta(seconds=SESSION_S))
        running = self.experiment
        with self.store.unit_of_work() as connection:
            capture_sessions.create(
                connection,
                session_id=made.session_id,
                token_hash=token_hash(made.token),
                created_at=now,
                expires_at=made.expires_at,
                customer_hmac=self.customer_hmac(customer_ref),
                submitter=submitter,
                experiment=None if running is None else running.name,
                assigned_arm=None if running is None else running.assign(customer_ref).name,
                **vars(wishes),
            )
        return made

    def look(self, session_id: str, token: str) -> dict[str, Any]:
        """How the session stands. The first look opens it: the exposure to an arm is recorded before anything else."""
        session = self._session(session_id, token, submitted_too=True)
        return {
            "state": "open" if session.submission_id is None else "submitted",
            "expires_at": session.expires_at.isoformat(),
            "document_type": session.document_type,
            "language": session.language,
            "upload_allowed": session.upload_allowed,
            "return_url": session.return_url,
            "submission_id": session.submission_id,
        }

    def judge(self, session_id: str, token: str, photo: bytes) -> tuple[dict[str, Any], Inspection | None]:
        """What is to be done about a photo, and the inspection behind it where one was made now.

        The same photo sent twice is judged and counted once. Costs an inspection on the capture surface, except where
        the session's policy runs no model.

        Raises:
            NoSuchSession, SessionOver, TooManyPhotos: the session takes no photo.
            PhotoError: the bytes are no photo that can be judged; it does not count.
        """
        session = self._session(session_id, token)
        policy = session.policy
        if policy is None:
            raise AssertionError("an open session has a policy")
        with self.store.reading() as connection:
            before = capture_sessions.photos(connection, session_id)
        sha256 = hashlib.sha256(photo).hexdigest()
        if any(one.photo_sha256 == sha256 for one in before):
            return _answer(sha256, before, session), None
        if len(before) >= MAX_PHOTOS:
            raise TooManyPhotos(
                f"The session has had its {MAX_PHOTOS} photos.",
                "Create a new session, or let a person look at the document.",
                photos=MAX_PHOTOS,
            )
        inspection = None
        if policy.act_at is ActAt.NEVER:
            read_header(photo)
            judgement = ACCEPTED
        else:
            inspection = under(self.inspect(photo, Surface.CAPTURE, document_type=session.document_type), policy)
            judgement = judge(inspection, policy)
        judged = JudgedPhoto(sha256, judgement.advice, judgement.reason, customer_answer(inspection, judgement))
        release = None if inspection is None else inspection.release
        with self.store.unit_of_work() as connection:
            after = capture_sessions.add_photo(connection, session_id, judged, release, self.store.clock())
        return _answer(sha256, after, session), inspection

    def bypass(self, session_id: str, token: str) -> tuple[str | None, bool]:
        """The customer goes on with a photo that was turned back. Returns the reason it counts under, and whether new.

        Raises:
            NotYet: the way through is not open to this session at this point.
        """
        session = self._session(session_id, token)
        if session.bypassed_at is not None:
            return session.bypass_reason, False
        with self.store.unit_of_work() as connection:
            reasons = _reasons(capture_sessions.photos(connection, session_id))
            if session.policy is None or not bypass_offered(reasons, session.policy):
                raise NotYet(
                    "The way through is not open at this point of the session.",
                    "Call it only after an answer with `bypass_offered` true.",
                    photos=len(reasons),
                )
            new = capture_sessions.take_bypass(connection, session_id, main_reason(reasons), self.store.clock())
        return main_reason(reasons), new

    def submit(self, session_id: str, token: str, photo: bytes) -> tuple[dict[str, Any], bool]:
        """Hands a photo to the queue; True with the answer when that was new.

        Sent again after a lost answer, the same photo gets the same answer.

        Raises:
            NotYet: the photo was turned back, and the way through was not taken.
            SessionOver: the time is up, or another photo has been submitted.
        """
        session = self._session(session_id, token, submitted_too=True, grace_s=SUBMIT_GRACE_S)
        read_header(photo)
        sha256 = hashlib.sha256(photo).hexdigest()
        if session.submission_id is not None and session.submitted_sha256 != sha256:
            raise _over("another photo of it has been submitted")
        with self.store.reading() as connection:
            judged = capture_sessions.photos(connection, session_id)
        bypassed = session.bypassed_at is not None
        if session.customer_hmac is None:
            raise _over("the customer's data has been erased")
        came = route({one.photo_sha256: one.advice for one in judged}, sha256, bypassed=bypassed)
        with self.store.unit_of_work() as connection:
            came = capture_sessions.reserve(connection, session_id, sha256, came)
        sent = self.hand_over(
            Handover(
                photo=photo,
                customer_hmac=session.customer_hmac,
                submitter=session.submitter,
                idempotency_key=f"capture:{session_id}",
                document_type=session.document_type,
                language=session.language,
                device=session.device,
                os=session.os,
                app_version=session.app_version,
                flags=() if came is Route.ACCEPTED else (f"capture.{came.value}",),
            )
        )
        with self.store.unit_of_work() as connection:
            new = capture_sessions.submitted(connection, session_id, sent.submission_id, self.store.clock())
        return {"submission_id": sent.submission_id, "state": sent.state, "route": came.value}, new

    def _session(
        self, session_id: str, token: str, *, submitted_too: bool = False, grace_s: float = 0.0
    ) -> CaptureSession:
        now = self.store.clock()
        with self.store.reading() as connection:
            session = capture_sessions.find(connection, session_id, token_hash(token))
        if session is None:
            raise NoSuchSession(
                "There is no such session, or the token is not its own.",
                "Create a session with POST /v1/capture-sessions and use the token of its answer.",
            )
        if session.submission_id is not None and not submitted_too:
            raise _over("its photo has been submitted")
        if session.submission_id is None and now > session.expires_at + timedelta(seconds=grace_s):
            raise _over(f"its {SESSION_S // 60} minutes have passed")
        if session.policy is None:
            with self.store.unit_of_work() as connection:
                session = capture_sessions.open_session(connection, session, self.experiment, now)
        return session


def open_capture(
    house: House, inspect: Callable[..., Inspection], experiment: Experiment | None, queue_limit: int
) -> CaptureStep:
    """The capture step of an open installation, which hands its photos to the installation's own queue."""

    def hand_over(one: Handover) -> Accepted:
        intake = Intake(**{key: value for key, value in vars(one).items() if key != "photo"})
        return submit(house, one.photo, intake, queue_limit)

    return CaptureStep(house.store, inspect, hand_over, partial(customer_hmac, house), experiment)


def token_hash(token: str) -> str:
    """What is kept of a token: it has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _reasons(photos: list[JudgedPhoto]) -> list[str]:
    return [one.reason for one in photos if one.advice is Advice.RETAKE and one.reason is not None]


def _answer(sha256: str, photos: Any, session: CaptureSession) -> dict[str, Any]:
    if session.policy is None:
        raise AssertionError("an open session has a policy")
    number, judged = next((n, one) for n, one in enumerate(photos, 1) if one.photo_sha256 == sha256)
    offered = bypass_offered(_reasons(photos[:number]), session.policy) and judged.advice is Advice.RETAKE
    return {"photo": number, **judged.answer, "bypass_offered": offered}


def _over(why: str) -> SessionOver:
    return SessionOver(f"The capture session is over: {why}.", "Create a new session with POST /v1/capture-sessions.")


def _check(wishes: Wishes) -> None:
    if wishes.document_type is not None and wishes.document_type not in document_types():
        raise RequestError(
            "There is no such document type.",
            f"Known types: {', '.join(document_types())}.",
            code="request.document_type",
        )
    if wishes.language not in LANGUAGES:
        raise RequestError(
            "The language is not known.", f"Use one of: {', '.join(LANGUAGES)}.", code="request.language"
        )
    if wishes.return_url is None:
        return
    url = urlsplit(wishes.return_url)
    local = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1")
    if len(wishes.return_url) > MAX_URL_CHARS or not (local or (url.scheme == "https" and url.hostname)):
        raise RequestError(
            f"return_url is no https address of at most {MAX_URL_CHARS} characters.",
            "Give the address that the customer returns to, https only.",
            code="request.return_url",
        )
