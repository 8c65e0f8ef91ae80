"""`idqc retention`: deletes what is past its age, and one customer's data on request."""

from __future__ import annotations

from typing import Annotated

import typer

from idqc.settings import read_settings
from idqc.store.house import open_house
from idqc.surfaces.housekeeping import erase_customer
from idqc.surfaces.housekeeping import purge as purge_now

ACTOR = "operator"
app = typer.Typer(no_args_is_help=True, help="Retention and erasure.")


@app.command()
def purge() -> None:
    """Delete what is past its age now; the worker does it every hour."""
    settings = read_settings()
    house = open_house(settings)
    done = purge_now(house, settings)
    house.close()
    typer.echo(
        f"Erased {done.decided} decided, {done.undecided} undecided, {done.spooled} spooled; {done.orphans} leftovers."
    )


@app.command()
def erase(
    customer_ref: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when left out.")],
) -> None:
    """Delete everything of one customer."""
    house = open_house(read_settings())
    erased = erase_customer(house, customer_ref, ACTOR)
    house.close()
    typer.echo(f"{erased} submissions erased.")
