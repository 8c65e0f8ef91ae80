"""`idqc keys`: make, list and revoke API keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from idqc.access.keys import read_scopes
from idqc.settings import read_settings, store_url
from idqc.store import keys
from idqc.store.engine import open_store
from idqc.surfaces.keys import DEFAULT_PER_MINUTE, create_key, revoke_key

app = typer.Typer(no_args_is_help=True, help="API keys: make, list, revoke.")

ACTOR = "operator"


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as `app-backend`.")],
    scopes: Annotated[str, typer.Option(help="Some of inspect,submit,review,admin.")] = "inspect,submit",
    per_minute: Annotated[int, typer.Option(min=1, help="Calls a minute.")] = DEFAULT_PER_MINUTE,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the key alone.")] = False,
) -> None:
    """Make a key and print it. It is shown this once: only its hash is kept."""
    wanted = read_scopes(scopes.split(","))
    store = open_store(store_url(read_settings()))
    key = create_key(store, name, wanted, actor=ACTOR, per_minute=per_minute)
    store.close()
    if quiet:
        typer.echo(key.text)
        return
    typer.echo(key.text)
    typer.echo(
        f"Scopes: {', '.join(sorted(wanted))}. {per_minute} calls a minute. It will not be shown again.", err=True
    )


@app.command(name="list")
def list_all() -> None:
    """Show every key: name, scopes, limit, last use. Never the key itself."""
    store = open_store(store_url(read_settings()))
    with store.reading() as connection:
        found = keys.list_keys(connection)
    store.close()
    table = Table("name", "id", "scopes", "a minute", "created", "last used", "state")
    for key in found:
        used = f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never"
        state = "revoked" if key.revoked_at else "live"
        scopes = ", ".join(sorted(key.scopes))
        table.add_row(key.name, key.key_id, scopes, str(key.per_minute), f"{key.created_at:%Y-%m-%d}", used, state)
    Console().print(table)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """End a key for good, at once."""
    store = open_store(store_url(read_settings()))
    revoke_key(store, name, actor=ACTOR)
    store.close()
    typer.echo(f"{name}: revoked.")
