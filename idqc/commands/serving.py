"""What `idqc serve` does once the Inspector is open: the store, a demo's first key and reviewer, a certificate."""

from __future__ import annotations

from typing import Any

import typer

from idqc.certificate import self_signed
from idqc.inspector import Inspector
from idqc.settings import Mode, Settings
from idqc.store.house import open_house
from idqc.surfaces.demo import KEY_FILE, REVIEWER, DemoAccess, give_access


def serve(service: Any, settings: Settings, inspector: Inspector, tls: bool) -> None:
    """Starts the HTTP service, which runs until it is told to stop.

    Args:
        service: the module `api.app`.
        tls: listen with a certificate of our own making.
    """
    house = open_house(settings)
    certificate = self_signed(settings.data_dir / "tls", settings.host) if tls else None
    address = f"{'https' if tls else 'http'}://{settings.host}:{settings.port}"
    if settings.mode is Mode.DEMO:
        _tell(give_access(house.store, settings.data_dir), settings, address)
    if certificate is not None:
        typer.echo(f"Certificate of our own, SHA-256 {certificate.fingerprint}: compare before you trust it.")
    try:
        service.serve(settings, inspector, house, certificate)
    finally:
        house.close()


def _tell(made: DemoAccess, settings: Settings, address: str) -> None:
    typer.echo(f"idqc demo at {address} (console: {address}/console)")
    if made.key is not None:
        typer.echo(f"API key, also in {settings.data_dir / KEY_FILE}: {made.key}")
    if made.password is not None:
        typer.echo(f"Reviewer, shown this once: {REVIEWER} / {made.password}")
