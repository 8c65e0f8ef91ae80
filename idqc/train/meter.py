"""Progress of a long job: a rich bar on a terminal, a plain line now and then in a log file."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 30.0


class Meter:
    """Counts up to `total` things called `title`. Use as a context manager."""

    def __init__(self, title: str, total: int, done: int = 0) -> None:
        self.title, self.total, self.done = title, total, done
        self._started = self._last_line = time.monotonic()
        self._first = done
        console = Console(stderr=True)
        self._bar: Progress | None = None
        if console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("{task.fields[note]}"), console=console)
            self._task = self._bar.add_task(title, total=total, completed=done, note="")

    def __enter__(self) -> Meter:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        else:
            self._line("stopped" if kind else "done")

    def advance(self, note: str = "", by: int = 1) -> None:
        """One more (or `by` more) done; `note` is shown beside the count."""
        self.done += by
        if self._bar:
            self._bar.update(self._task, completed=self.done, note=note)
        elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line(note)

    def _line(self, note: str) -> None:
        self._last_line = time.monotonic()
        rate = (self.done - self._first) / max(self._last_line - self._started, 1e-6)
        sys.stderr.write(f"{self.title} {self.done}/{self.total} ({rate:.2f}/s) {note}\n")
