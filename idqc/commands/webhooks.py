"""`idqc webhooks`: who is told of changes of state."""

from __future__ import annotations

from typing import Annotated

import typer

from idqc.settings import read_settings
from idqc.store import audit as audit_log
from idqc.store import webhooks as receivers
from idqc.store.house import open_house
from idqc.surfaces.webhook_sender import check_url, new_secret, read_hosts

ACTOR = "operator"
app = typer.Typer(no_args_is_help=True, help="Receivers of changes of state.")


@app.command()
def add(url: Annotated[str, typer.Argument(help="An https URL.")]) -> None:
    """Add a receiver and print its signing secret, this once."""
    settings = read_settings()
    check_url(url, read_hosts(settings.webhook_private_hosts))
    secret, shown = new_secret()
    house = open_house(settings)
    with house.store.unit_of_work() as connection:
        made = receivers.add_endpoint(connection, house.vault, url, secret, house.store.clock())
        audit_log.append(connection, ACTOR, "webhook.added", made)
    house.close()
    typer.echo(f"{made} {shown}")


@app.command(name="list")
def list_all() -> None:
    """Print the receivers: id, since when, URL."""
    house = open_house(read_settings())
    with house.store.reading() as connection:
        found = receivers.endpoints(connection)
    house.close()
    for row in found:
        typer.echo(f"{row['id']} {row['created_at']:%Y-%m-%d} {row['url']}")


@app.command()
def remove(endpoint_id: Annotated[str, typer.Argument(help="As `idqc webhooks list` prints it.")]) -> None:
    """Stop telling a receiver."""
    house = open_house(read_settings())
    with house.store.unit_of_work() as connection:
        receivers.remove_endpoint(connection, endpoint_id, house.store.clock())
        audit_log.append(connection, ACTOR, "webhook.removed", endpoint_id)
    house.close()
    typer.echo("removed.")
