"""A worker as a process that a test kills: python -m tests.store.crash_worker LEASE_S; settings from IDQC_*."""

from __future__ import annotations

import sys
import threading

from idqc.settings import read_settings
from idqc.store.house import open_house
from idqc.surfaces.worker import Worker
from tests.quick_inspector import QuickInspector

if __name__ == "__main__":
    Worker(open_house(read_settings()), QuickInspector(0.05), float(sys.argv[1])).run(threading.Event())  # type: ignore[arg-type]
