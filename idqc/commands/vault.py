"""`idqc vault`: encryption at rest, and the rotation of its master key."""

from __future__ import annotations

import typer

from idqc.settings import read_settings
from idqc.store import audit as audit_log
from idqc.store import keyring
from idqc.store.house import open_house

ACTOR = "operator"
app = typer.Typer(no_args_is_help=True, help="Encryption at rest.")


@app.callback()
def group() -> None:
    """A group of commands, even while it has one."""


@app.command()
def rotate() -> None:
    """Put every key under the current master key. Set IDQC_MASTER_KEY to the new and IDQC_PREVIOUS_MASTER_KEYS to the
    old one first; afterwards the old one opens nothing and can be destroyed, once no backup needs it."""
    house = open_house(read_settings())
    total = keyring.rotate(house.store, house.vault)
    with house.store.unit_of_work() as connection:
        audit_log.append(connection, ACTOR, "vault.rotated", house.vault.current, {"keys": total})
    house.close()
    typer.echo(f"{total} keys wrapped anew under the master key {house.vault.current}.")
