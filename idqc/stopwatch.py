"""Timings of the stages of one inspection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up wall and CPU milliseconds by stage; stages may run in several threads at once."""

    def __init__(self) -> None:
        self.wall_ms: dict[str, float] = {}
        self.cpu_ms: dict[str, float] = {}
        self._started = time.perf_counter()
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a block. CPU time is that of the calling thread alone, which is all of it at one thread a run."""
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            wall_ms, cpu_ms = (time.perf_counter() - wall) * 1e3, (time.thread_time() - cpu) * 1e3
            with self._lock:
                self.wall_ms[name] = self.wall_ms.get(name, 0.0) + wall_ms
                self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + cpu_ms

    def total_ms(self) -> float:
        """Wall milliseconds since this stopwatch was made."""
        return (time.perf_counter() - self._started) * 1e3
