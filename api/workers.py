"""The worker threads inside `idqc serve`: they take from the queue what the machine has time for."""

from __future__ import annotations

import threading

from api.deps import Service
from idqc.surfaces.housekeeping import Housekeeper
from idqc.surfaces.webhook_sender import WebhookSender
from idqc.surfaces.worker import Worker


class Workers:
    """So many workers, one sender of webhooks and one housekeeper, as threads of this process."""

    def __init__(self, service: Service) -> None:
        settings, house = service.settings, service.house
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=Worker(
                house,
                service.inspector,
                settings.lease_s,
                # A person waits for the photos in the house; nobody stands before the queue.
                busy=lambda: service.admission.computing > 0 or not service.ready,
                inspected=service.metrics.count,
            ).run, args=(self._stop,), name=f"worker-{number}", daemon=True)
            for number in range(settings.workers)
        ]  # fmt: skip
        if settings.workers:
            sender = WebhookSender(house, settings.webhook_private_hosts)
            keeper = Housekeeper(house, settings)
            self._threads += [
                threading.Thread(target=sender.run, args=(self._stop,), name="webhooks", daemon=True),
                threading.Thread(target=keeper.run, args=(self._stop,), name="housekeeper", daemon=True),
            ]

    def start(self) -> None:
        """Starts every thread."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Lets each finish what it has in hand."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
