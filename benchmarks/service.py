"""The service as a client meets it: time to ready, milliseconds a photo, peak memory.

    python benchmarks/service.py [PHOTOS...] [--count 20] [--megapixels 2 12]

Starts `idqc serve` on a free port of this machine and stops it again.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import describe, noise
from photos import photos_at
from rich.console import Console
from rich.table import Table

HOST = "127.0.0.1"
DEADLINE_S = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def ask(port: int, method: str, path: str, body: bytes | None = None, key: str = "") -> tuple[int, bytes]:
    """One request on a connection of its own; (0, b"") when nobody answers."""
    headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {key}"} if body else {}
    connection = http.client.HTTPConnection(HOST, port, timeout=DEADLINE_S)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except ConnectionError:
        return 0, b""
    finally:
        connection.close()


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process has held, in MB; NaN where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="photos or folders; none: mock documents made on the spot")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[2.0, 12.0])
    asked = parser.parse_args()
    console = Console()
    for line in (*describe(), noise()):
        console.print(line)
    photos = {megapixels: photos_at(asked.paths, megapixels, asked.count) for megapixels in asked.megapixels}
    port = free_port()
    started = time.perf_counter()
    command = [str(Path(sys.executable).parent / "idqc"), "serve", "--host", HOST, "--port", str(port)]
    with (
        TemporaryDirectory() as data_dir,
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "IDQC_DATA_DIR": data_dir, "IDQC_MODE": "demo"},
        ) as service,
    ):
        try:
            while ask(port, "GET", "/readyz")[0] != 200:
                if service.poll() is not None or time.perf_counter() - started > DEADLINE_S:
                    raise SystemExit(f"`{' '.join(command)}` did not get ready.")
                time.sleep(0.05)
            console.print(f"time to ready: {time.perf_counter() - started:.2f} s")
            console.print(f"memory when ready: {peak_rss_mb(service.pid):.0f} MB")
            console.print(_measure(port, photos, (Path(data_dir) / "demo.key").read_text().strip()))
            console.print(f"peak memory: {peak_rss_mb(service.pid):.0f} MB")
        finally:
            service.terminate()
    console.print(noise())


def _measure(port: int, photos: dict[float, list[bytes]], key: str) -> Table:
    table = Table("photos", "surface", "n", "p50 ms", "p95 ms", "verdicts", title="One client, one photo at a time")
    for megapixels, some in photos.items():
        for surface in ("capture", "verification"):
            path = f"/v1/inspections?surface={surface}"
            ask(port, "POST", path, some[0], key)
            times, verdicts = [], []
            for data in some:
                started = time.perf_counter()
                status, body = ask(port, "POST", path, data, key)
                times.append((time.perf_counter() - started) * 1e3)
                verdicts.append(json.loads(body)["verdict"] if status == 200 else f"HTTP {status}")
            said = ", ".join(f"{verdicts.count(name)} {name}" for name in sorted(set(verdicts)))
            p50, p95 = np.percentile(times, (50, 95))
            table.add_row(f"{megapixels:g} MP", surface, str(len(some)), f"{p50:.0f}", f"{p95:.0f}", said)
    return table


if __name__ == "__main__":
    main()
