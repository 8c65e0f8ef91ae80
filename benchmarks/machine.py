"""What a measurement was taken on, and how quiet it was there."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = ("onnxruntime", "opencv-python-headless", "numpy", "simplejpeg", "rapidocr")
YARDSTICK_RUNS = 40


def describe() -> list[str]:
    """Processor, cores, system, versions, load: one line each."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    load = os.getloadavg()[0]
    cores = os.cpu_count() or 1
    busy = " (busy: wall times are not to be trusted)" if load > 0.25 * cores else ""
    return [
        f"machine: {model}, {cores} cores, {platform.system()} {platform.release()}",
        f"versions: python {platform.python_version()}, " + ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        f"load before the run: {load:.2f}{busy}",
    ]


def noise() -> str:
    """How much the same piece of work varies now: a fixed matrix product, timed again and again on one thread."""
    a = np.random.default_rng(7).random((384, 384), np.float32)
    times = []
    for _ in range(YARDSTICK_RUNS):
        started = time.perf_counter()
        np.einsum("ij,jk->ik", a[:96], a)
        times.append((time.perf_counter() - started) * 1e3)
    p50, p95 = np.percentile(times, (50, 95))
    return f"noise: a fixed piece of work takes p50 {p50:.2f} ms, p95 {100 * (p95 / p50 - 1):.0f} % above it"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
