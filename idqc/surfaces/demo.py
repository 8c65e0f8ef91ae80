"""What a demo is given once: a key, written beside its data for the README's curl, and somebody who may review."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from idqc.access.accounts import Role
from idqc.access.keys import Scope
from idqc.access.passwords import draw_password
from idqc.store import accounts, keys
from idqc.store.engine import Store
from idqc.surfaces.keys import Unauthorised, check_key, create_key, revoke_key
from idqc.surfaces.sign_in import create_account

KEY_FILE = "demo.key"
KEY_NAME = "demo"
REVIEWER = "reviewer"
ACTOR = "demo"


@dataclass(frozen=True)
class DemoAccess:
    """What was made this time; None for what was there already."""

    key: str | None
    password: str | None


def give_access(store: Store, data_dir: Path) -> DemoAccess:
    """Makes the demo's key and reviewer where they are missing; the reviewer is a lead, to whom every page of review
    is open."""
    return DemoAccess(_key(store, data_dir / KEY_FILE), _reviewer(store))


def _key(store: Store, path: Path) -> str | None:
    if path.is_file():
        try:
            check_key(store, path.read_text(encoding="ascii").strip())
        except (Unauthorised, UnicodeDecodeError):
            path.unlink()
        else:
            return None
    with store.reading() as connection:
        is_there = keys.name_is_taken(connection, KEY_NAME)
    if is_there:  # its text is lost with the file
        revoke_key(store, KEY_NAME, actor=ACTOR)
    made = create_key(store, KEY_NAME, frozenset(Scope), actor=ACTOR).text
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made


def _reviewer(store: Store) -> str | None:
    with store.reading() as connection:
        if accounts.find_account(connection, REVIEWER) is not None:
            return None
    password = draw_password()
    create_account(store, REVIEWER, Role.LEAD, password, actor=ACTOR)
    return password
