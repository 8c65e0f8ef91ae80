"""Inspecting files: many photos at a time, answers in the order of the paths, a bad file never ends the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from idqc.errors import IdqcError
from idqc.inspection import Inspection

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".bmp", ".tif", ".tiff"}
)
"""What counts as a photo inside a folder. Formats that are refused are listed too: silence would hide them."""


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


def inspect_files(
    paths: Iterable[Path], inspect: Callable[[Path, bytes], Inspection], threads: int
) -> Iterator[Result]:
    """Inspects files on so many threads and yields results in the order of the paths.

    At most two photos a thread are in the works, so that a folder of thousands needs no memory for them.

    Args:
        inspect: called with a path and its bytes, from several threads at once.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="inspection") as pool:
        running: deque[Future[Result]] = deque()
        for path in paths:
            running.append(pool.submit(_inspect_file, path, inspect))
            if len(running) >= 2 * threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _inspect_file(path: Path, inspect: Callable[[Path, bytes], Inspection]) -> Result:
    try:
        return Result(path, inspect(path, path.read_bytes()))
    except IdqcError as refused:
        return Result(path, None, refused)
    except OSError as unreadable:
        reason = unreadable.strerror or type(unreadable).__name__
        hint = "Check the path and its rights."
        return Result(path, None, IdqcError(f"The file cannot be read: {reason}.", hint, code="file.unreadable"))
    except Exception as unexpected:
        detail = f"An error inside idqc ({type(unexpected).__name__})."
        return Result(path, None, IdqcError(detail, "Please report it.", code="service.internal"))
