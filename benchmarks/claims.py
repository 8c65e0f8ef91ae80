"""Two worker processes empty one queue of submissions: how many were claimed twice, and how many claims a second.

python benchmarks/claims.py --database sqlite
python benchmarks/claims.py --database postgresql
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEASE = timedelta(seconds=3600)
"""Longer than the trial: no submission may come back."""


def main() -> int:
    """Runs the trial and prints its numbers; exits 1 when a submission was claimed twice or not at all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments.add_argument("--submissions", type=int, default=2000)
    arguments.add_argument("--workers", type=int, default=2)
    options = arguments.parse_args()
    from idqc.store.engine import open_store
    from idqc.store.submissions import NewSubmission, add
    from tests.databases import database

    with tempfile.TemporaryDirectory(prefix="idqc-claims-") as folder, database(options.database, Path(folder)) as url:
        store = open_store(url)
        with store.unit_of_work() as connection:
            for number in range(options.submissions):
                add(connection, NewSubmission(spool_id="0" * 32, request_hmac=str(number)), store.clock())
        started = time.monotonic()
        with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
            claimed = pool.starmap(claim_all, [(url, f"worker {number}") for number in range(options.workers)], 1)
        seconds = time.monotonic() - started
        store.close()
    times = Counter(submission_id for one in claimed for submission_id in one)
    found = {
        "database": options.database, "submissions": options.submissions,
        "claims_by_worker": [len(one) for one in claimed], "claimed_once": sum(n == 1 for n in times.values()),
        "claimed_twice": sum(n > 1 for n in times.values()), "claims_per_s": round(sum(times.values()) / seconds, 1),
    }  # fmt: skip
    print(json.dumps(found))
    return 0 if found["claimed_once"] == options.submissions else 1


def claim_all(url: str, name: str) -> list[str]:
    """Claims until the queue is empty."""
    from idqc.store import queue
    from idqc.store.engine import open_store

    store = open_store(url)
    claimed = []
    while True:
        with store.unit_of_work() as connection:
            found = queue.claim(connection, name, store.clock(), LEASE)
        if found is None:
            store.close()
            return claimed
        claimed.append(found.submission_id)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
