"""Runs the Dockerfile line by line where no Docker engine is at hand: each stage in an overlay over this file system.

The overlay lives in memory and in a mount namespace of its own, so that nothing stays behind. What `python:3.11-slim`
brings is played by the Python that runs this script. Prints the seconds of every step, the size of the final stage's
own files, the time until HEALTHCHECK passes, and the peak memory of the service. Needs Linux, root and unshare.

    python tests/acceptance/dockerfile_lines.py
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 60
KEPT = ("PIP_", "SSL_", "LANG", "LC_")


def instructions() -> Iterator[tuple[str, str]]:
    """(INSTRUCTION, rest) of every line of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), " ".join(rest.split())


class Stage:
    """One build stage: an overlay root, the working directory, the user and the environment as they stand."""

    def __init__(self, folder: Path) -> None:
        self.root, self.changes = folder / "root", folder / "changes"
        for path in (self.root, self.changes, folder / "work"):
            path.mkdir(parents=True)
        options = f"lowerdir=/,upperdir={self.changes},workdir={folder / 'work'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        for kernel in ("dev", "proc"):
            subprocess.run(["mount", "--rbind", f"/{kernel}", self.root / kernel], check=True)
        for parent in (Path(sys.base_prefix), *Path(sys.base_prefix).parents):
            inside = self.root / str(parent).lstrip("/")
            inside.chmod(inside.stat().st_mode | 0o055)
        self.directory, self.user = "/", "root"
        self.variables = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
        self.variables |= {"PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": "/tmp"}

    def path(self, inside: str) -> Path:
        """Where a path of the stage lies on the machine."""
        return self.root / os.path.normpath(f"/{self.directory}/{inside}" if inside[0] != "/" else inside).lstrip("/")

    def command(self, arguments: list[str]) -> list[str]:
        """The command line that runs arguments inside the stage."""
        shell = f"cd {shlex.quote(self.directory)} && exec {shlex.join(arguments)}"
        return ["chroot", f"--userspec={self._identity()}", str(self.root), "/bin/sh", "-c", shell]

    def copy(self, sources: list[Path], target: str) -> None:
        """COPY: files and the contents of folders, caches left out."""
        into = self.path(target)
        for source in sources:
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, into, dirs_exist_ok=True, symlinks=True, ignore=ignored)
            else:
                destination = into / source.name if target.endswith("/") else into
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, destination)

    def _identity(self) -> str:
        if self.user == "root":
            return "0:0"
        rows = (self.root / "etc" / "passwd").read_text(encoding="utf-8").splitlines()
        row = next(row.split(":") for row in rows if row.startswith(f"{self.user}:"))
        return f"{row[2]}:{row[3]}"


def build(folder: Path) -> tuple[Stage, list[str], list[str]]:
    """Runs every step; answers the last stage, its CMD and its HEALTHCHECK."""
    stages: dict[str, Stage] = {}
    stage = None
    command: list[str] = []
    health: list[str] = []
    for word, rest in instructions():
        began = time.monotonic()
        if word == "FROM":
            name = rest.split(" AS ")[1] if " AS " in rest else "final"
            stage = stages[name] = Stage(folder / name)
        assert stage is not None
        if word == "RUN":
            subprocess.run(stage.command(["/bin/sh", "-ec", rest]), check=True, env=stage.variables)
        elif word == "COPY":
            *sources, target = [part for part in rest.split() if not part.startswith("--")]
            origin = next((stages[part.split("=")[1]] for part in rest.split() if part.startswith("--from=")), None)
            stage.copy([ROOT / source if origin is None else origin.path(source) for source in sources], target)
        elif word == "WORKDIR":
            stage.directory = rest
            stage.path(rest).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            stage.user = rest
        elif word == "ENV":
            pairs = dict(pair.split("=", 1) for pair in shlex.split(rest))
            stage.variables |= {key: value.replace("$PATH", stage.variables["PATH"]) for key, value in pairs.items()}
        elif word == "CMD":
            command = json.loads(rest)
        elif word == "HEALTHCHECK":
            health = json.loads(rest[rest.index("[") :])
        print(f"{time.monotonic() - began:7.1f} s  {word} {rest}", flush=True)
    assert stage is not None
    return stage, command, health


def run(stage: Stage, command: list[str], health: list[str]) -> None:
    """Starts the CMD, waits for the HEALTHCHECK, reads the peak memory, stops."""
    # Production does not start without a master key of the operator's.
    stage.variables["IDQC_MASTER_KEY"] = secrets.token_hex(32)
    began = time.monotonic()
    with subprocess.Popen(stage.command(command), env=stage.variables, start_new_session=True) as service:
        try:
            while subprocess.run(stage.command(health), env=stage.variables, stderr=subprocess.DEVNULL).returncode:
                if service.poll() is not None or time.monotonic() - began > READY_WITHIN_S:
                    sys.exit("the service did not get ready")
                time.sleep(0.2)
            ready_s = time.monotonic() - began
            status = Path(f"/proc/{service.pid}/status").read_text(encoding="utf-8")
            peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
            user = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid"))
            print(f"{ready_s:7.1f} s  until HEALTHCHECK passed; peak memory {peak / 1024:.0f} MB, uid {user}")
        finally:
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGTERM)


def main() -> None:
    """Moves into a mount namespace of its own, then builds and runs."""
    if "--inside" not in sys.argv:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, __file__, "--inside"])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
        try:
            stage, command, health = build(Path(folder))
            size = sum(f.lstat().st_size for f in stage.changes.rglob("*") if f.is_file() and not f.is_symlink())
            print(f"{size / 1e6:7.0f} MB of files in the final stage")
            run(stage, command, health)
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", folder], check=False)


if __name__ == "__main__":
    main()
