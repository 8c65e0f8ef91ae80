"""The queue's worker: claims with a lease, keeps it alive while it inspects, concludes or puts back."""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from idqc.errors import BlobError, IdqcError
from idqc.inspection import Inspection
from idqc.inspector import Inspector
from idqc.store import queue
from idqc.store.house import House
from idqc.store.queue import Claim, LostLease
from idqc.surfaces.verification import conclude, judge

IDLE_S = 0.25
"""Between two looks at an empty queue."""
PATIENCE_S = 5.0
"""How long a worker stands back for photos that somebody waits for."""
log = logging.getLogger("idqc.worker")


def worker_name() -> str:
    """Names a worker in tables: host, process and eight random digits."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


@dataclass
class Worker:
    """One worker. `run` is what a thread or a process does until it is told to stop.

    `busy` says that a more urgent photo is in the house: capture runs before the queue on a shared machine.
    """

    house: House
    inspector: Inspector
    lease_s: float
    name: str = field(default_factory=worker_name)
    busy: Callable[[], bool] = lambda: False
    inspected: Callable[[Inspection], None] = lambda _: None
    _yielded_since: float | None = field(default=None, init=False)
    _swept_at: float = field(default=float("-inf"), init=False)

    def run(self, stop: threading.Event) -> None:
        """Works until `stop` is set; finishes what it has in hand. An outage of the database is waited out."""
        while not stop.is_set():
            try:
                worked = self.step()
            except Exception as outage:
                log.error("the queue cannot be reached", exc_info=outage)
                stop.wait(2.0)
                continue
            if not worked:
                stop.wait(IDLE_S)

    def step(self) -> bool:
        """Handles one submission. False when there was none, or something more urgent."""
        if self._yields():
            return False
        store = self.house.store
        with store.reading() as connection:
            if not queue.ready(connection, store.clock()):
                return False
        if monotonic() - self._swept_at > self.lease_s / 4:
            self._swept_at = monotonic()
            with store.unit_of_work() as connection:
                back = queue.release_expired(connection, store.clock())
            if back:
                log.warning("leases ended", extra={"submissions": back})
        with store.unit_of_work() as connection:
            claim = queue.claim(connection, self.name, store.clock(), self._lease)
        if claim is None:
            return False
        self._handle(claim)
        return True

    def _yields(self) -> bool:
        """Whether to let capture go first; not for longer than PATIENCE_S a photo, or the queue would starve."""
        if not self.busy():
            self._yielded_since = None
            return False
        if self._yielded_since is None:
            self._yielded_since = monotonic()
        if monotonic() - self._yielded_since < PATIENCE_S:
            return True
        self._yielded_since = None
        return False

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.lease_s)

    def _handle(self, claim: Claim) -> None:
        extra = {"submission_id": claim.submission_id, "attempt": claim.attempt}
        try:
            with _Heartbeat(self, claim):
                judged = judge(self.house, self.inspector, claim)
            conclude(self.house, claim, judged)
        except LostLease:
            log.warning("lease lost", extra=extra)
        except BlobError as lost:
            log.error("the photo cannot be read", extra={**extra, "code": lost.code})
            self._fail(claim, lost.code)
        except IdqcError as refused:
            log.error("not inspected", extra={**extra, "code": refused.code})
            self._fail(claim, refused.code)
        except Exception as unexpected:
            log.error("unexpected error", exc_info=unexpected, extra=extra)
            self._fail(claim, "worker.internal")
        else:
            if judged.inspection is not None:
                self.inspected(judged.inspection)
            log.info("concluded", extra={**extra, "state": judged.state.value})

    def _fail(self, claim: Claim, code: str) -> None:
        store = self.house.store
        try:
            with store.unit_of_work() as connection:
                queue.fail(connection, claim, store.clock(), code)
        except LostLease:
            log.warning("lease lost", extra={"submission_id": claim.submission_id})


class _Heartbeat:
    """Renews a lease three times in its length while a photo is inspected."""

    def __init__(self, worker: Worker, claim: Claim) -> None:
        self._worker, self._claim = worker, claim
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        store = self._worker.house.store
        while not self._ended.wait(self._worker.lease_s / 3):
            try:
                with store.unit_of_work() as connection:
                    if not queue.renew(connection, self._claim, store.clock(), self._worker._lease):
                        return
            except Exception as outage:
                # The token guards the result; a missed beat costs at most the work.
                log.warning("missed a heartbeat", exc_info=outage)
