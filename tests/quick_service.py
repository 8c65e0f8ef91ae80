"""The real service and the real worker on a QuickInspector, as processes that a trial can kill.

python -m tests.quick_service serve
python -m tests.quick_service work
"""

from __future__ import annotations

import sys
from unittest import mock

from idqc.settings import read_settings
from idqc.store.house import open_house
from tests.quick_inspector import QuickInspector

INSPECTION_S = 0.1


def main() -> None:
    """Runs one of the two until it is told to stop, or killed."""
    settings = read_settings()
    inspector = QuickInspector(INSPECTION_S)
    if sys.argv[1] == "serve":
        from api.app import serve

        serve(settings, inspector, open_house(settings))  # type: ignore[arg-type]
        return
    from idqc.commands import queue

    with mock.patch("idqc.installation.open_installation", return_value=inspector):
        queue.work(1)


if __name__ == "__main__":
    main()
