"""`idqc accounts`: the people of the reviewer console."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from idqc.access.accounts import Role
from idqc.access.passwords import draw_password
from idqc.settings import read_settings, store_url
from idqc.store import accounts
from idqc.store.engine import open_store
from idqc.surfaces import sign_in

app = typer.Typer(no_args_is_help=True, help="Accounts of the reviewer console: make, list, new password, disable.")

ACTOR = "operator"
Name = Annotated[str, typer.Argument(help="The account's name; for OpenID Connect the user's verified e-mail.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def create(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.REVIEWER,
    openid_only: Annotated[bool, typer.Option("--openid-only", help="No password.")] = False,
    password_stdin: FromInput = False,
) -> None:
    """Make an account. Without --password-stdin a password is drawn and printed this once."""
    password = None if openid_only else _password(password_stdin)
    store = open_store(store_url(read_settings()))
    sign_in.create_account(store, name, role, password, actor=ACTOR)
    store.close()
    _show(password, password_stdin)


@app.command()
def password(name: Name, password_stdin: FromInput = False) -> None:
    """Give an account a new password, and unlock it."""
    new = _password(password_stdin)
    store = open_store(store_url(read_settings()))
    sign_in.change_password(store, name, new, actor=ACTOR)
    store.close()
    _show(new, password_stdin)


@app.command()
def disable(name: Name) -> None:
    """End an account and all its sessions."""
    store = open_store(store_url(read_settings()))
    sign_in.disable_account(store, name, actor=ACTOR)
    store.close()
    typer.echo(f"{name}: disabled.")


@app.command(name="list")
def list_all() -> None:
    """Show every account with its role."""
    store = open_store(store_url(read_settings()))
    with store.reading() as connection:
        found = accounts.list_accounts(connection)
    store.close()
    table = Table("name", "role", "password", "state")
    for account in found:
        state = "disabled" if account.disabled else "locked" if account.locked_until else "live"
        table.add_row(account.name, account.role.value, "yes" if account.password_hash else "no", state)
    Console().print(table)


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_input else draw_password()


def _show(drawn: str | None, from_input: bool) -> None:
    if drawn is not None and not from_input:
        typer.echo(drawn)
        typer.echo("It will not be shown again.", err=True)
