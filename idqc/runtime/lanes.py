"""Side by side only when idle: independent stages of one request share the spare cores that no other request uses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Lanes:
    """A budget of cores for the whole process: a request takes one, and its stages may borrow what nobody has taken.

    Under load every core has its request and everything runs in the caller's own thread; an idle machine gives a single
    request all of its cores.
    """

    def __init__(self, cores: int) -> None:
        self._free = threading.Semaphore(cores)
        self._spare = max(cores - 1, 0)
        self._pool = ThreadPoolExecutor(max_workers=max(self._spare, 1), thread_name_prefix="lane")

    @contextmanager
    def request(self) -> Iterator[None]:
        """Takes the caller's own core for the length of a request; waits for nothing when all are taken."""
        taken = self._free.acquire(blocking=False)
        try:
            yield
        finally:
            if taken:
                self._free.release()

    def run(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Runs the tasks and answers their results in order. The first task's error, by order, is raised.

        The caller works too; a spare thread joins for each core that is free at this moment.
        """
        results: list[Future[T]] = [Future() for _ in tasks]
        waiting = deque(zip(tasks, results, strict=True))
        helpers = []
        for _ in range(min(self._spare, len(tasks) - 1)):
            if not self._free.acquire(blocking=False):
                break
            helpers.append(self._pool.submit(self._help, waiting))
        _drain(waiting)
        for helper in helpers:
            helper.result()
        return [result.result() for result in results]

    def close(self) -> None:
        """Lets the spare threads end."""
        self._pool.shutdown(wait=True)

    def _help(self, waiting: deque[tuple[Callable[[], T], Future[T]]]) -> None:
        try:
            _drain(waiting)
        finally:
            self._free.release()


def _drain(waiting: deque[tuple[Callable[[], T], Future[T]]]) -> None:
    while True:
        try:
            task, result = waiting.popleft()
        except IndexError:
            return
        try:
            result.set_result(task())
        except BaseException as error:  # handed to the caller, who raises it
            result.set_exception(error)
