"""Bounded admission: so many photos at a time, so many waiting, and an honest "busy" beyond that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from idqc.errors import Busy

Result = TypeVar("Result")

RETRY_AFTER_S = 2
"""A full waiting room of 16 drains in about two seconds at a quarter of a second a photo on two cores."""


class Admission:
    """The pool that computes, and the count of the photos in the house. Lives on one event loop and needs no lock."""

    def __init__(self, threads: int, waiting: int) -> None:
        self.places = threads + waiting
        self.taken = 0
        self.computing = 0
        """Inspections under way or waiting for a thread; photos that only go into the queue are not among them."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="inspection")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Holds one place, from before the first byte is read, so that memory is bounded too.

        Raises:
            Busy: all places are taken.
        """
        if self.taken >= self.places:
            raise Busy(
                f"All {self.places} places for photos are taken.",
                f"Send the photo again in {RETRY_AFTER_S} seconds.",
                places=self.places,
                retry_after_s=RETRY_AFTER_S,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def run(self, work: Callable[[], Result]) -> Result:
        """Runs `work` on a thread of the pool while the event loop goes on."""
        self.computing += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self.computing -= 1

    def close(self) -> None:
        """Lets running work end and forgets what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
