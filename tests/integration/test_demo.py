"""What a demo is given once; keys and accounts at the command line; a certificate of our own."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from idqc import cli
from idqc.certificate import self_signed
from idqc.commands import accounts, keys, serving
from idqc.errors import RequestError
from idqc.settings import Settings
from idqc.store.house import House
from idqc.surfaces.demo import REVIEWER, give_access
from idqc.surfaces.keys import Unauthorised, check_key
from idqc.surfaces.sign_in import SignInRefused, sign_in
from tests.databases import database


def test_a_demo_gets_its_key_and_reviewer_once(house: House, tmp_path: Path) -> None:
    first = give_access(house.store, tmp_path)
    assert first.key is not None
    assert first.password is not None
    file = tmp_path / "demo.key"
    assert file.read_text().strip() == first.key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(check_key(house.store, first.key).scopes) == 4
    assert sign_in(house.store, REVIEWER, first.password).account.name == REVIEWER
    again = give_access(house.store, tmp_path)
    assert (again.key, again.password) == (None, None)
    file.unlink()
    third = give_access(house.store, tmp_path)
    assert third.key is not None
    assert third.password is None
    with pytest.raises(Unauthorised):
        check_key(house.store, first.key)


def test_serving_a_demo_prints_what_was_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    started: list[Any] = []
    service = SimpleNamespace(serve=lambda *arguments: started.append(arguments))
    settings = Settings(data_dir=tmp_path, host="192.0.2.7", port=8443)
    serving.serve(service, settings, SimpleNamespace(), True)  # type: ignore[arg-type]
    told = capsys.readouterr().out
    assert (tmp_path / "demo.key").read_text().strip() in told
    assert "https://192.0.2.7:8443/console" in told
    assert started[0][3].fingerprint in told
    serving.serve(service, settings, SimpleNamespace(), False)  # type: ignore[arg-type]
    again = capsys.readouterr().out
    assert "API key" not in again
    assert "Reviewer" not in again
    assert started[1][3] is None


def test_a_certificate_is_kept_while_it_is_good(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    made = self_signed(tmp_path, "192.0.2.7", now)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.certificate, made.key)
    names = x509.load_pem_x509_certificate(made.certificate.read_bytes()).extensions
    held = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in held.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "192.0.2.7"]
    assert self_signed(tmp_path, "192.0.2.7", now) == made
    assert self_signed(tmp_path, "127.0.0.1", now) == made
    moved = self_signed(tmp_path, "192.0.2.8", now)
    assert moved.fingerprint != made.fingerprint
    assert self_signed(tmp_path, "192.0.2.8", now + timedelta(days=40)).fingerprint != moved.fingerprint
    assert self_signed(tmp_path / "all", "0.0.0.0", now).fingerprint
    assert self_signed(tmp_path / "named", "phone.example", now).fingerprint


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    with database("sqlite", tmp_path) as url:
        monkeypatch.setenv("IDQC_DATABASE_URL", url)
        monkeypatch.setenv("COLUMNS", "200")

        def invoke(app: Any, *arguments: str, **options: Any) -> Any:
            return CliRunner().invoke(app, list(arguments), **options)

        yield invoke


def test_keys_at_the_command_line(run: Callable[..., Any]) -> None:
    made = run(keys.app, "create", "app backend", "--scopes", "inspect,submit", "--quiet")
    assert made.exit_code == 0
    assert made.stdout.startswith("idqc_")
    assert len(made.stdout.splitlines()) == 1
    told = run(keys.app, "create", "other", "--per-minute", "5")
    assert "5 calls a minute" in told.stderr
    listed = run(keys.app, "list").stdout
    assert "app backend" in listed
    assert made.stdout.strip() not in listed
    for wrong in (("create", "x", "--scopes", "all"), ("create", "other"), ("create", "a/b"), ("revoke", "nobody")):
        assert isinstance(run(keys.app, *wrong).exception, RequestError)
    assert run(keys.app, "revoke", "other").exit_code == 0
    assert "revoked" in run(keys.app, "list").stdout


def test_accounts_at_the_command_line(run: Callable[..., Any], house: House) -> None:
    drawn = run(accounts.app, "create", "minjun", "--role", "lead").stdout.strip()
    assert len(drawn) >= 12
    given = run(accounts.app, "create", "seoyeon", "--password-stdin", input="four unrelated words\n")
    assert "unrelated" not in given.output
    assert run(accounts.app, "create", "hana@bank.example", "--openid-only").stdout == ""
    assert isinstance(run(accounts.app, "create", "x1", "--password-stdin", input="short\n").exception, RequestError)
    assert isinstance(run(accounts.app, "create", "minjun").exception, RequestError)
    changed = run(accounts.app, "password", "minjun").stdout.strip()
    assert changed != drawn
    assert run(accounts.app, "disable", "seoyeon").exit_code == 0
    assert isinstance(run(accounts.app, "disable", "seoyeon").exception, RequestError)
    listed = run(accounts.app, "list").stdout
    assert "lead" in listed
    assert "disabled" in listed
    assert drawn not in listed


def test_a_disabled_account_signs_in_no_more(house: House) -> None:
    from idqc.access.accounts import Role
    from idqc.surfaces.sign_in import create_account, disable_account, session_of

    create_account(house.store, "jiwoo", Role.REVIEWER, "four unrelated words", actor="test")
    token = sign_in(house.store, "jiwoo", "four unrelated words").token
    assert session_of(house.store, token) is not None
    disable_account(house.store, "jiwoo", actor="test")
    assert session_of(house.store, token) is None
    with pytest.raises(SignInRefused):
        sign_in(house.store, "jiwoo", "four unrelated words")


def test_groups_of_commands_are_loaded_when_they_run(run: Callable[..., Any]) -> None:
    made = run(cli.app, "keys", "create", "lazy", "--scopes", "inspect", "--quiet")
    assert made.stdout.startswith("idqc_")
    assert "create" in run(cli.app, "keys", "--help").stdout
    assert "accounts" in run(cli.app, "--help").stdout
