"""`idqc audit`: checks the hash chain of the audit log."""

from __future__ import annotations

from typing import Annotated

import typer

from idqc.errors import IdqcError
from idqc.settings import read_settings, store_url
from idqc.store import audit as audit_log
from idqc.store.engine import open_store

app = typer.Typer(no_args_is_help=True, help="The audit log.")


@app.callback()
def group() -> None:
    """A group of commands, even while it has one."""


class BrokenChain(IdqcError):
    """The audit log is not what was written."""

    code = "audit.broken"


@app.command()
def verify(
    anchor: Annotated[
        list[str] | None, typer.Option(help="ENTRY:HASH, noted elsewhere after an earlier run; may be repeated.")
    ] = None,
) -> None:
    """Check every entry of the chain. Exits 1 when one was changed, added, removed or cut off.

    Note the printed ENTRY:HASH outside of this machine: only such a note tells a chain that was made anew.
    """
    anchors = {int(number): hashed for number, _, hashed in (text.partition(":") for text in anchor or [])}
    store = open_store(store_url(read_settings()))
    with store.reading() as connection:
        found = audit_log.verify(connection, anchors)
    store.close()
    if found.fault is not None:
        raise BrokenChain(
            f"The audit log is broken: {found.fault}.",
            "Keep the database as it is, and compare it with its backup.",
        )
    typer.echo(f"{found.entries} entries, unbroken. {found.entries}:{found.head}")
