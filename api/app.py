"""The application: the resources, the pool, the warm run, and how a server is started on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from api import (
    appeals,
    capture,
    capture_page,
    criteria,
    customers,
    experiments,
    health,
    inspections,
    problems,
    reviews,
    scraping,
    submissions,
)
from api.admission import Admission
from api.body_limits import BodyLimits
from api.deps import Service
from api.headers import SecurityHeaders
from api.pages import agreement, console, experiment_report, openid, operations, pictures, refusals, sign_in
from api.pages.forms import SignInForms
from api.queue_metrics import QueueMetrics
from api.workers import Workers
from idqc import logs
from idqc.certificate import Certificate
from idqc.experiments.arms import read_experiment
from idqc.inspector import Inspector
from idqc.settings import Mode, Settings
from idqc.store import keyring
from idqc.store.house import House
from idqc.surfaces.capture_sessions import open_capture
from idqc.surfaces.review import Sampling

DESCRIPTION = (
    "One photo of an identity document in; a score for every criterion and a verdict out. "
    "A score of 0 is a normal photo, 1 is one that should be turned away."
)

STATIC = Path(__file__).parent / "static"

log = logging.getLogger("idqc.api")


def create_app(settings: Settings, inspector: Inspector, house: House) -> FastAPI:
    """The service on an Inspector and a house that are already open: a broken installation never listens."""
    experiment = None if settings.experiment is None else read_experiment(settings.experiment)
    cookies, draw = house_secrets(house)
    service = Service(
        settings,
        inspector,
        Admission(settings.threads, settings.waiting),
        house,
        capture=open_capture(house, inspector.inspect, experiment, settings.queue_limit),
        sampling=Sampling(settings.double_review_share, draw),
        sign_in_forms=SignInForms(cookies),
        openid=openid.open_provider(settings),
    )
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
    if service.openid is not None:
        app.add_middleware(
            SessionMiddleware,
            secret_key=cookies.hex(),
            session_cookie=openid.COOKIE,
            max_age=openid.COOKIE_LIFE_S,
            path="/console/openid",
            https_only=settings.mode is Mode.PRODUCTION,
        )
    app.add_middleware(BodyLimits)
    app.add_middleware(SecurityHeaders, remember_https=settings.mode is Mode.PRODUCTION)
    problems.install(app)
    refusals.install(app)
    machine = (inspections, submissions, customers, capture, criteria, experiments, health, scraping, reviews, appeals)
    for resource in machine:
        app.include_router(resource.router)
    for shown in (capture_page, sign_in, openid, console, pictures, agreement, experiment_report, operations):
        app.include_router(shown.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
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


def house_secrets(house: House) -> tuple[bytes, bytes]:
    """The secret that signs the cookies of forms, and the one that draws the double-review sample."""
    with house.store.unit_of_work() as connection:
        now = house.store.clock()
        cookies = keyring.secret(connection, house.vault, "cookies", now)
        return cookies, keyring.secret(connection, house.vault, "double-review", now)


async def _warm(service: Service) -> None:
    try:
        await service.admission.run(service.inspector.warm)
    except Exception as failed:
        problems.internal(failed)
        return
    service.ready = True
    log.info("ready", extra={"release": service.inspector.release.id, "threads": service.settings.threads})
