"""Kills server and worker at random while submissions come in, and counts what was lost or decided twice.

    python benchmarks/kill9.py PHOTOS --database sqlite
    python benchmarks/kill9.py PHOTOS --database postgresql

Real processes (the service with a worker inside, `idqc work` beside it) and SIGKILL, so that nothing is tidied up. A
kill waits for a sign of life since the last one, so that it hits a process at work. `--models` inspects with the
release's own models; without it an inspection by rote takes 0.1 s, which leaves more time to what is tried here.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from idqc.settings import Settings
from idqc.states import State
from idqc.store import audit
from idqc.store.house import House, open_house
from idqc.store.tables import blobs, inspections, state_changes, submissions

ROOT = Path(__file__).parents[1]
LEASE_S = 8.0
START_S, MODELS_START_S = 60.0, 180.0
"""How long a kill waits for a sign of life. Opening the models takes most of a minute on a busy core."""
WAITING = (State.QUEUED.value, State.INSPECTING.value)


class Process:
    """One command that is started again after each kill."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self._command, self._environment = name, command, environment
        self._log_file = log
        self._log = log.open("ab")
        self.start()

    def start(self) -> None:
        """Starts it."""
        self._seen_bytes = self._log_file.stat().st_size
        self._running = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=self._log, stderr=self._log
        )

    def end(self, number: signal.Signals) -> None:
        """Sends a signal to this very process and waits for its end."""
        self._running.send_signal(number)
        self._running.wait()

    def wait_until_at_work(self, deadline_s: float) -> bool:
        """Waits until it has concluded or accepted something since it was started. False after the deadline."""
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            with self._log_file.open("rb") as file:
                file.seek(self._seen_bytes)
                written = file.read()
            if b'"concluded"' in written or b'"submitted"' in written:
                return True
            time.sleep(0.05)
        return False

    def close(self) -> None:
        """Ends it in good order."""
        self.end(signal.SIGTERM)
        self._log.close()


def main() -> int:
    """Runs the trial and prints its numbers; exits 1 when a submission was lost or decided twice."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("photos", type=Path, help="a folder with photos of documents")
    arguments.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments.add_argument("--submissions", type=int, default=200)
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--models", action="store_true", help="inspect with the release's models")
    arguments.add_argument("--seed", type=int, default=9)
    options = arguments.parse_args()
    if not any(options.photos.rglob("*.jpg")):
        arguments.error(f"no *.jpg under {options.photos}")
    from tests.databases import database

    with tempfile.TemporaryDirectory(prefix="idqc-kill9-") as folder, database(options.database, Path(folder)) as url:
        Path(folder).chmod(0o755)
        found = trial(Path(folder), url, options)
    print(json.dumps(found, indent=1))
    whole = found["submissions"] == found["decided_once"] == options.submissions and not found["faults"]
    return 0 if whole else 1


def trial(folder: Path, url: str, options: argparse.Namespace) -> dict[str, object]:
    """Starts everything, kills at random until all kills are done and all submissions are decided."""
    port = free_port()
    master_key = secrets.token_hex(32)
    given = {
        "IDQC_DATA_DIR": str(folder / "data"), "IDQC_DATABASE_URL": url, "IDQC_MASTER_KEY": master_key,
        "IDQC_PORT": str(port), "IDQC_LEASE_S": str(LEASE_S), "IDQC_THREADS": "1",
    }  # fmt: skip
    environment = {**os.environ, **given}
    settings = Settings(data_dir=folder / "data", database_url=url, master_key=master_key)
    house = open_house(settings)
    idqc = str(Path(sys.executable).parent / "idqc")
    key = subprocess.run(
        [idqc, "keys", "create", "kill9", "--scopes", "submit", "--per-minute", "100000", "--quiet"],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    command = [idqc] if options.models else [sys.executable, "-m", "tests.quick_service"]
    processes = [
        Process(name, [*command, word], environment, folder / f"{name}.log")
        for name, word in (("server", "serve"), ("worker", "work"))
    ]
    photos = sorted(file for file in options.photos.rglob("*.jpg"))[: options.submissions]
    accepted: dict[int, str] = {}
    retried = Counter[str]()
    started = time.monotonic()
    sender = threading.Thread(
        target=send_all, args=(port, key, photos, options.submissions, accepted, retried), daemon=True
    )
    sender.start()
    draw = random.Random(options.seed)
    kills, at_work = Counter[str](), Counter[str]()
    while sum(kills.values()) < options.kills or sender.is_alive() or left(house):
        if sum(kills.values()) < options.kills:
            victim = draw.choice(processes)
            patience_s = MODELS_START_S if options.models else START_S
            at_work["at work" if victim.wait_until_at_work(patience_s) else "starting"] += 1
            time.sleep(draw.uniform(0.0, 1.5))
            victim.end(signal.SIGKILL)
            kills[victim.name] += 1
            victim.start()
        else:
            time.sleep(1.0)
        if time.monotonic() - started > 3600:
            break
    for process in processes:
        process.close()
    found = count(house, accepted)
    house.close()
    return {
        "database": options.database, **found, "kills": dict(kills), "killed_while": dict(at_work),
        "requests_sent_again": dict(retried),
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def send_all(
    port: int, key: str, photos: list[Path], wanted: int, accepted: dict[int, str], retried: Counter[str]
) -> None:
    """Sends every submission until it is accepted, with one idempotency key each, as a bank's backend would."""
    for number in range(wanted):
        photo = photos[number % len(photos)].read_bytes()
        headers = {
            "Authorization": f"Bearer {key}", "Content-Type": "image/jpeg", "Idempotency-Key": f"order {number}",
            "Idqc-Customer-Ref": f"customer {number}",
        }  # fmt: skip
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("POST", "/v1/submissions", photo, headers)
                answer = connection.getresponse()
                body = json.loads(answer.read())
                connection.close()
                if answer.status == 202:
                    accepted[number] = body["submission_id"]
                    break
                retried[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as gone:
                retried[type(gone).__name__] += 1
            time.sleep(0.3)
        time.sleep(0.2)


def left(house: House) -> int:
    """How many submissions still wait."""
    with house.store.reading() as connection:
        waiting = select(func.count()).where(submissions.c.state.in_(WAITING))
        return int(connection.execute(waiting).scalar_one())


def count(house: House, accepted: dict[int, str]) -> dict[str, object]:
    """What is in the database and the blob store at the end, and what of it should not be."""
    faults = []
    with house.store.reading() as connection:
        rows = connection.execute(select(submissions)).all()
        concluded = Counter(
            connection.execute(
                select(state_changes.c.submission_id).where(
                    state_changes.c.before == "inspecting",
                    state_changes.c.after.in_(("auto_rejected", "awaiting_review")),
                )
            ).scalars()
        )
        claims = connection.execute(select(func.count()).where(state_changes.c.after == "inspecting")).scalar_one()
        kept = connection.execute(select(func.count()).select_from(inspections)).scalar_one()
        spooled = connection.execute(select(func.count()).where(blobs.c.kind == "spool")).scalar_one()
        chain = audit.verify(connection)
    ids = {row.id for row in rows}
    if set(accepted.values()) != ids or len(accepted) != len(ids):
        faults.append(f"{len(set(accepted.values()) ^ ids)} accepted and stored submissions differ")
    if any(times != 1 for times in concluded.values()) or set(concluded) != ids:
        faults.append("not every submission was concluded once")
    if kept != len(ids):
        faults.append(f"{kept} inspections for {len(ids)} submissions")
    if spooled:
        faults.append(f"{spooled} spooled photos left")
    if chain.fault is not None:
        faults.append(chain.fault)
    for row in rows:
        if row.photo_id is not None:
            house.read_blob(row.photo_id)
    return {
        "submissions": len(rows), "decided_once": sum(times == 1 for times in concluded.values()),
        "lost": len(set(accepted.values()) - ids), "decided_twice": sum(times > 1 for times in concluded.values()),
        "states": dict(Counter(row.state for row in rows)), "claims": int(claims),
        "photos_kept_and_readable": sum(row.photo_id is not None for row in rows),
        "audit_entries": chain.entries, "faults": faults,
    }  # fmt: skip


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
