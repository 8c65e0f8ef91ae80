"""Inspecting files: many photos at a time, answers in the order of the paths, a bad file never ends the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from idqc.errors import IdqcError
from idqc.inspection import Inspection
from idqc.photo.decode import MAX_BYTES

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
)
"""What counts as a photo inside a folder. Formats that are refused are listed too: silence would hide them."""


Inspect = Callable[[int, Path, bytes], Inspection]
"""Inspects the file of a number and a path, from its bytes; called from several threads at once."""


@dataclass(frozen=True)
class Result:
    """One file: what was found, or why it could not be inspected."""

    path: Path
    inspection: Inspection | None
    error: IdqcError | None = None


def find_photos(paths: Iterable[Path]) -> list[Path]:
    """The files among the paths as they come, and every photo under the folders, sorted."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        else:
            found.append(path)
    return found


def inspect_files(paths: Iterable[Path], inspect: Inspect, threads: int) -> Iterator[Result]:
    """Inspects files on so many threads and yields results in the order of the paths.

    At most two photos a thread are in the works, so that a folder of thousands needs no memory for them.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="inspection") as pool:
        running: deque[Future[Result]] = deque()
        for number, path in enumerate(paths):
            running.append(pool.submit(_inspect_file, number, path, inspect))
            if len(running) >= 2 * threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _inspect_file(number: int, path: Path, inspect: Inspect) -> Result:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return Result(path, inspect(number, path, data))
    except IdqcError as refused:
        return Result(path, None, refused)
    except OSError as unreadable:
        reason = unreadable.strerror or type(unreadable).__name__
        hint = "Check the path and its rights."
        return Result(path, None, IdqcError(f"The file cannot be read: {reason}.", hint, code="file.unreadable"))
    except Exception as unexpected:
        detail = f"An error inside idqc ({type(unexpected).__name__})."
        return Result(path, None, IdqcError(detail, "Please report it.", code="service.internal"))
