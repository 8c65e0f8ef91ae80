"""Milliseconds of one inspection: wall and CPU, by stage, beside the bare runs of its models and beside a peer.

    python benchmarks/latency.py [PHOTOS...] [--count 20] [--megapixels 2 12]

The peer reads the same photo with RapidOCR (PP-OCRv6 small detector and recogniser), where that package is installed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from machine import describe, noise
from photos import photos_at
from rich.console import Console
from rich.table import Table

from idqc.inspection import Surface
from idqc.inspector import Inspector, open_inspector
from idqc.release import load_release
from idqc.runtime.session import Session
from idqc.stopwatch import Stopwatch

SURFACES = (Surface.CAPTURE, Surface.VERIFICATION)
PEER_LONG_SIDE_PX = 1280


class KeptStopwatch(Stopwatch):
    """A stopwatch that stays reachable after its inspection, for its CPU times."""

    latest: Stopwatch | None = None

    def __init__(self) -> None:
        super().__init__()
        KeptStopwatch.latest = self


def measure(
    inspector: Inspector, photos: Sequence[bytes], surface: Surface
) -> dict[str, tuple[list[float], list[float]]]:
    """{stage: (wall ms, CPU ms) of every photo}; `total` counts the CPU time of all threads."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    with mock.patch("idqc.inspector.Stopwatch", KeptStopwatch):
        for data in photos:
            wall, cpu = time.perf_counter(), time.process_time()
            inspector.inspect(data, surface)
            watch = KeptStopwatch.latest
            assert watch is not None
            times = {name: (ms, watch.cpu_ms[name]) for name, ms in watch.wall_ms.items()}
            times["total"] = (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3
            for name, (wall_ms, cpu_ms) in times.items():
                walls, cpus = found.setdefault(name, ([], []))
                walls.append(wall_ms)
                cpus.append(cpu_ms)
    return found


def bare_runs(inspector: Inspector, photos: Sequence[bytes], surface: Surface) -> list[float]:
    """CPU ms a photo of the model runs alone: the inputs of an inspection are kept, then run again bare."""
    spent = []
    for data in photos:
        kept: list[tuple[Any, Any, Any]] = []

        def keep(self: Any, inputs: Any, kept: list[tuple[Any, Any, Any]] = kept) -> Any:
            kept.append((self._session, self._outputs, dict(inputs)))
            return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))

        with mock.patch.object(Session, "run", keep):
            inspector.inspect(data, surface)
        started = time.process_time()
        for session, outputs, inputs in kept:
            session.run(outputs, inputs)
        spent.append((time.process_time() - started) * 1e3)
    return spent


def open_peer() -> Callable[[bytes], Any] | None:
    """RapidOCR on one thread, its input at most 1,280 px long; None where it is not installed."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": PEER_LONG_SIDE_PX,
        }
    )
    return lambda data: engine(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def cpu_of(run: Callable[[bytes], Any], photos: Sequence[bytes]) -> list[float]:
    """CPU ms of each call."""
    spent = []
    for data in photos:
        started = time.process_time()
        run(data)
        spent.append((time.process_time() - started) * 1e3)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="photos or folders; none: mock documents made on the spot")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[2.0, 12.0])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--thresholds", type=Path)
    asked = parser.parse_args()
    console = Console()
    for line in (*describe(), noise()):
        console.print(line)
    release = load_release(asked.weights, asked.thresholds)
    inspector = open_inspector(release)
    started = time.perf_counter()
    inspector.warm()
    console.print(f"release {release.id}; warm run of every model {(time.perf_counter() - started) * 1e3:.0f} ms")
    peer = open_peer()
    for megapixels in asked.megapixels:
        photos = photos_at(asked.paths, megapixels, asked.count)
        for surface in SURFACES:
            measure(inspector, photos[:2], surface)
            console.print(_table(f"{surface.value}, {megapixels:g} MP", measure(inspector, photos, surface)))
        few = photos[:8]
        whole = float(np.median(measure(inspector, few, Surface.VERIFICATION)["total"][1]))
        bare = float(np.median(bare_runs(inspector, few, Surface.VERIFICATION)))
        console.print(f"verification / its own models run bare: {whole / bare:.2f} ({whole:.0f} / {bare:.0f} CPU-ms)")
        if peer is None:
            console.print("RapidOCR is not installed here: no peer.")
        else:
            cpu_of(peer, few[:1])
            other = float(np.median(cpu_of(peer, few)))
            console.print(
                f"verification / RapidOCR reading the photo: {whole / other:.2f} ({whole:.0f} / {other:.0f} CPU-ms)"
            )
    console.print(noise())


def _table(title: str, found: dict[str, tuple[list[float], list[float]]]) -> Table:
    table = Table(
        "stage", "photos", "wall p50 ms", "wall p95 ms", "CPU p50 ms", "CPU p95 ms", title=title, title_justify="left"
    )
    for name, (walls, cpus) in found.items():
        numbers = (*np.percentile(walls, (50, 95)), *np.percentile(cpus, (50, 95)))
        table.add_row(name, str(len(walls)), *(f"{value:.1f}" for value in numbers))
    return table


if __name__ == "__main__":
    main()
