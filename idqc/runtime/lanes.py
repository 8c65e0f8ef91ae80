"""Side by side only when idle: independent stages of one request share the spare cores that no other request uses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Lanes:
    """A budget of spare threads for the whole process. With none to spare, work runs in the caller's own thread."""

    def __init__(self, spare: int) -> None:
        self._free = threading.Semaphore(spare)
        self._pool = ThreadPoolExecutor(max_workers=max(spare, 1), thread_name_prefix="lane")
        self._spare = spare

    def run(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Runs the tasks and answers their results in order. The first task's error, by order, is raised.

        The caller works too; a spare thread joins for each lane that is free at this moment.
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
