"""The verification surface: a photo is taken in, inspected by a worker, and masked before it rests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idqc.errors import Busy, Conflict, PhotoError
from idqc.inspection import Audience, Inspection, Outcome, Surface
from idqc.inspector import Inspector
from idqc.masking import MaskedPhoto, mask_photo
from idqc.photo.decode import read_header
from idqc.states import State
from idqc.store import audit, blobs, inspections, queue, submissions
from idqc.store.blobs import Blob, BlobKind
from idqc.store.house import House
from idqc.store.submissions import NewSubmission

NOT_KEPT = "photo.not_kept"
"""Why a photo must be sent again: nobody knows where on it a resident number stands, so it was deleted."""
WORKER = "worker"
RETRY_AFTER_S = 30


@dataclass(frozen=True)
class Intake:
    """What the bank sends with a photo. The customer's reference and the idempotency key are never stored as such."""

    customer_ref: str | None = None
    idempotency_key: str | None = None
    submitter: str = ""
    """The API key's name or id: idempotency keys of two callers do not meet."""
    document_type: str | None = None
    language: str = "ko"
    device: str | None = None
    os: str | None = None
    app_version: str | None = None
    flags: Sequence[str] = ()
    replaces_id: str | None = None
    customer_hmac: str | None = None
    """In place of the reference, where only its stored form is known: from a capture session."""


@dataclass(frozen=True)
class Accepted:
    """The answer to a submission. `repeated` is True when its idempotency key was known already."""

    submission_id: str
    state: State
    repeated: bool = False


@dataclass(frozen=True)
class Judged:
    """What a worker found out, before anything of it is written down."""

    state: State
    values: Mapping[str, Any]
    masked: MaskedPhoto | None = field(default=None, repr=False)
    inspection: Inspection | None = field(default=None, repr=False)


def submit(house: House, photo: bytes, intake: Intake, queue_limit: int) -> Accepted:
    """Takes one photo in: encrypts it into the spool and queues it, both or neither. Looks at its header only.

    Raises:
        PhotoError: the header alone says that it cannot be judged.
        Busy: too many wait already.
        Conflict: the idempotency key came with another photo before, or the case cannot be replaced.
        NotFound: the case to replace is unknown.
    """
    read_header(photo)
    request_hmac = house.pseudonym(f"{intake!r} {hashlib.sha256(photo).hexdigest()}")
    key = None if intake.idempotency_key is None else house.pseudonym(f"idempotency {intake.idempotency_key}")
    with house.store.reading() as connection:
        if key is not None and (known := submissions.by_idempotency(connection, intake.submitter, key)):
            return _repeated(known["id"], known["state"], same=known["request_hmac"] == request_hmac)
        if submissions.waiting(connection, queue_limit):
            raise Busy(
                f"{queue_limit} submissions wait already.",
                f"Send the photo again in {RETRY_AFTER_S} seconds.",
                waiting=queue_limit,
                retry_after_s=RETRY_AFTER_S,
            )
    spooled = blobs.write(house.folder, house.vault, BlobKind.SPOOL, photo)
    new = NewSubmission(
        spool_id=spooled.id,
        request_hmac=request_hmac,
        customer_hmac=intake.customer_hmac
        if intake.customer_ref is None
        else customer_hmac(house, intake.customer_ref),
        submitter=intake.submitter,
        idempotency_hmac=key,
        document_type=intake.document_type,
        language=intake.language,
        device=intake.device,
        os=intake.os,
        app_version=intake.app_version,
        flags=intake.flags,
        replaces_id=intake.replaces_id,
    )
    try:
        now = house.store.clock()
        with house.store.unit_of_work() as connection:
            blobs.record(connection, spooled, now)
            submissions.add(connection, new, now)
    except submissions.Duplicate:
        house.remove([spooled.id])
        return _lost_race(house, intake, key, request_hmac)
    except Exception:
        house.remove([spooled.id])
        raise
    return Accepted(new.id, State.QUEUED)


def customer_hmac(house: House, customer_ref: str) -> str:
    """The form under which a customer's reference is stored and looked up."""
    return house.pseudonym(f"customer {customer_ref}")


def judge(house: House, inspector: Inspector, claim: queue.Claim) -> Judged:
    """Inspects a claimed photo and masks it; writes nothing. Takes the time of an inspection.

    Raises:
        BlobError: the spooled photo is gone or damaged; another attempt will not help, an operator may.
    """
    data = house.read_blob(claim.spool_id or "")
    try:
        done = inspector.inspect(data, Surface.VERIFICATION, document_type=claim.document_type)
        masked = mask_photo(data, done)
    except PhotoError as refused:
        # Nobody can look at it, neither a model nor a person.
        return Judged(State.AUTO_REJECTED, {"reasons": [refused.code], "resubmit": 1, "error_code": refused.code})
    reasons = [finding.criterion for finding in done.findings if finding.outcome is Outcome.REJECT]
    if masked is None:
        reasons.append(NOT_KEPT)
    rejected = done.verdict is Outcome.REJECT or masked is None
    values = {
        "verdict": done.verdict.value,
        "reasons": reasons,
        "resubmit": int(rejected),
        "inspection_id": done.inspection_id,
        "error_code": None,
    }
    return Judged(State.AUTO_REJECTED if rejected else State.AWAITING_REVIEW, values, masked, done)


def conclude(house: House, claim: queue.Claim, judged: Judged) -> None:
    """Writes down what was judged: masked photo, inspection and state, and destroys the spooled one, all or nothing.

    Raises:
        LostLease: another worker has the submission; nothing of this attempt is kept.
    """
    kept: Blob | None = None
    now = house.store.clock()
    row = None
    if judged.inspection is not None:
        quads = judged.masked.redactions if judged.masked is not None else ()
        row = inspections.row(house.vault, claim.submission_id, judged.inspection, quads, now)
    if judged.masked is not None:
        kept = blobs.write(house.folder, house.vault, BlobKind.PHOTO, judged.masked.jpeg)
    try:
        with house.store.unit_of_work() as connection:
            if kept is not None:
                blobs.record(connection, kept, now)
            values = {**judged.values, "photo_id": kept.id if kept is not None else None, "spool_id": None}
            queue.conclude(connection, claim, judged.state, now, values, row, WORKER)
            gone = blobs.forget(connection, [claim.spool_id])
            if judged.state is State.AUTO_REJECTED:
                details = {"reasons": judged.values["reasons"]}
                audit.append(connection, WORKER, "submission.auto_rejected", claim.submission_id, details, at=now)
    except Exception:
        house.remove([kept.id] if kept is not None else [])
        raise
    house.remove(gone)


def inspection_of(house: House, submission_id: str, audience: Audience) -> dict[str, Any] | None:
    """The inspection's JSON for an audience; None while there is none, or when its retention ended."""
    with house.store.reading() as connection:
        found = submissions.read(connection, submission_id)["inspection_id"]
        return None if found is None else inspections.read(connection, house.vault, found).for_audience(audience)


def masked_photo(house: House, submission_id: str) -> bytes:
    """The kept photo, a JPEG. Whoever shows it writes `photo.viewed` into the audit log first.

    Raises:
        NotFound: no such submission.
        BlobError: none was kept, or it was deleted.
    """
    with house.store.reading() as connection:
        photo_id = submissions.read(connection, submission_id)["photo_id"]
        return blobs.read(connection, house.folder, house.vault, photo_id or "")


def _lost_race(house: House, intake: Intake, key: str | None, request_hmac: str) -> Accepted:
    with house.store.reading() as connection:
        if key is not None and (known := submissions.by_idempotency(connection, intake.submitter, key)):
            return _repeated(known["id"], known["state"], same=known["request_hmac"] == request_hmac)
    raise Conflict("The submission was replaced before.", "Replace the newest one.", code="request.replaced")


def _repeated(submission_id: str, state: str, *, same: bool) -> Accepted:
    if not same:
        raise Conflict(
            "This Idempotency-Key came with another photo or other headers before.",
            "Use a new key for a new submission.",
            code="request.idempotency_key",
        )
    return Accepted(submission_id, State(state), repeated=True)
