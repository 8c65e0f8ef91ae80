"""The application: the resources, the pool, the warm run, and how a server is started on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from api import capture, capture_page, criteria, experiments, health, inspections, problems, scraping, submissions
from api.admission import Admission
from api.body_limits import BodyLimits
from api.deps import Service
from api.headers import SecurityHeaders
from api.queue_metrics import QueueMetrics
from api.workers import Workers
from idqc import logs
from idqc.certificate import Certificate
from idqc.experiments.arms import read_experiment
from idqc.inspector import Inspector
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.capture_sessions import open_capture

DESCRIPTION = (
    "One photo of an identity document in; a score for every criterion and a verdict out. "
    "A score of 0 is a normal photo, 1 is one that should be turned away."
)

log = logging.getLogger("idqc.api")


def create_app(settings: Settings, inspector: Inspector, house: House) -> FastAPI:
    """The service on an Inspector and a house that are already open: a broken installation never listens."""
    experiment = None if settings.experiment is None else read_experiment(settings.experiment)
    step = open_capture(house, inspector.inspect, experiment, settings.queue_limit)
    service = Service(settings, inspector, Admission(settings.threads, settings.waiting), house, step)
    service.metrics.places.set_function(lambda: service.admission.taken)
    service.metrics.registry.register(QueueMetrics(house))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(_warm(service))
        workers = Workers(service)
        workers.start()
        yield
        warming.cancel()
        await asyncio.to_thread(workers.stop)
        service.admission.close()

    app = FastAPI(
        title="idqc",
        version=inspector.release.id,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.add_middleware(BodyLimits)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    for resource in (inspections, submissions, criteria, capture, capture_page, experiments, health, scraping):
        app.include_router(resource.router)
    return app


def serve(settings: Settings, inspector: Inspector, house: House, certificate: Certificate | None = None) -> None:
    """Listens until it is told to stop. Logs are JSON lines on standard error; there is no access log."""
    uvicorn.run(
        create_app(settings, inspector, house),
        host=settings.host,
        port=settings.port,
        log_config=logs.configuration(settings.log_level.value),
        access_log=False,
        server_header=False,
        ssl_certfile=certificate.certificate if certificate is not None else None,
        ssl_keyfile=certificate.key if certificate is not None else None,
    )


async def _warm(service: Service) -> None:
    try:
        await service.admission.run(service.inspector.warm)
    except Exception as failed:
        problems.internal(failed)
        return
    service.ready = True
    log.info("ready", extra={"release": service.inspector.release.id, "threads": service.settings.threads})
