"""The operator's commands: audit, queue, retention, vault, webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from pydantic import SecretStr
from sqlalchemy import update
from typer.testing import CliRunner

from idqc.cli import app
from idqc.errors import IdqcError
from idqc.settings import Settings
from idqc.states import State
from idqc.store import submissions
from idqc.store.house import House, open_house
from idqc.store.tables import audit_entries
from idqc.surfaces.verification import Intake, submit
from tests.databases import database

KEY = "ab" * 32


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with database("sqlite", tmp_path) as url:
        for name, value in (("DATA_DIR", str(tmp_path)), ("DATABASE_URL", url), ("MASTER_KEY", KEY)):
            monkeypatch.setenv(f"IDQC_{name}", value)
        settings = Settings(data_dir=tmp_path, database_url=SecretStr(url), master_key=SecretStr(KEY))
        opened = open_house(settings)
        yield opened
        opened.close()


@pytest.fixture
def run(installation: House) -> Callable[..., Result]:
    return lambda *words, **options: CliRunner().invoke(app, list(words), **options)


def test_dead_letters_are_listed_and_requeued(run: Callable[..., Result], installation: House, photo: bytes) -> None:
    store = installation.store
    sent = submit(installation, photo, Intake(), 10).submission_id
    with store.unit_of_work() as connection:
        submissions.move(connection, sent, State.DEAD, "worker", store.clock())
    assert json.loads(run("queue", "dead").stdout)["submission_id"] == sent
    assert run("queue", "requeue", "--all").stdout == "1 requeued.\n"
    assert json.loads(run("queue", "status").stdout)["queued"] == 1
    assert run("queue", "dead").stdout == ""


def test_one_customer_is_erased_by_a_reference_that_no_shell_keeps(
    run: Callable[..., Result], installation: House, photo: bytes
) -> None:
    submit(installation, photo, Intake(customer_ref="me"), 10)
    assert "1 submissions erased." in run("retention", "erase", input="me\n").stdout
    assert "Erased 0 decided" in run("retention", "purge").stdout


def test_the_audit_log_is_verified_against_a_note(
    run: Callable[..., Result], installation: House, photo: bytes
) -> None:
    run("retention", "erase", input="nobody\n")
    said = run("audit", "verify").stdout
    note = said.split()[-1]
    assert said.startswith("1 entries, unbroken.")
    assert run("audit", "verify", "--anchor", note).exit_code == 0
    with installation.store.unit_of_work() as connection:
        connection.execute(update(audit_entries).values(actor="somebody else"))
    broken = run("audit", "verify")
    assert isinstance(broken.exception, IdqcError)
    assert broken.exception.code == "audit.broken"


def test_webhooks_are_added_listed_and_removed(run: Callable[..., Result]) -> None:
    made = run("webhooks", "add", "https://bank.example/hook").stdout.split()
    assert made[1].startswith("whsec_")
    assert "https://bank.example/hook" in run("webhooks", "list").stdout
    assert made[1] not in run("webhooks", "list").stdout
    assert run("webhooks", "remove", made[0]).exit_code == 0
    assert run("webhooks", "list").stdout == ""
    assert isinstance(run("webhooks", "add", "http://bank.example/hook").exception, IdqcError)


def test_a_master_key_is_rotated(
    run: Callable[..., Result], installation: House, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(installation, photo, Intake(), 10)
    monkeypatch.setenv("IDQC_MASTER_KEY", "cd" * 32)
    monkeypatch.setenv("IDQC_PREVIOUS_MASTER_KEYS", KEY)
    assert run("vault", "rotate").stdout.startswith("2 keys wrapped anew")
    monkeypatch.delenv("IDQC_PREVIOUS_MASTER_KEYS")
    assert run("queue", "status").exit_code == 0
    monkeypatch.setenv("IDQC_MASTER_KEY", KEY)
    refused = run("queue", "status").exception
    assert isinstance(refused, IdqcError)
    assert refused.code == "setup.master_key"
