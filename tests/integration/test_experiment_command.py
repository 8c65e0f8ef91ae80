"""`idqc experiment`: the report over a store, the simulation, and what is said when there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from idqc import cli
from idqc.errors import SetupError
from idqc.store.engine import open_store, utc_now
from idqc.store.tables import exposures

Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    (tmp_path / "experiment.toml").write_text(
        'name = "trial"\nsalt = "salt of these tests"\nplanned_customers = 1000\n'
        '[arms.control]\nact_at = "never"\n[arms.A]\nact_at = "reject_warning"\nbypass = true\n'
    )
    monkeypatch.setenv("IDQC_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IDQC_EXPERIMENT", str(tmp_path / "experiment.toml"))
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *arguments: CliRunner().invoke(cli.app, ["experiment", *map(str, arguments)])


def fill(folder: Path, approved: dict[str, int], of: int) -> None:
    """Customers of five days ago whose outcomes are kept: so many of each arm approved."""
    store = open_store(f"sqlite:///{folder / 'idqc.db'}")
    outcome = {"photos": 2, "submitted_after_s": 40.0, "bypassed": False, "unjudged": False, "overturned": None}
    with store.unit_of_work() as connection:
        for arm, good in approved.items():
            for number in range(of):
                connection.execute(
                    insert(exposures).values(
                        experiment="trial",
                        customer_hmac=f"{arm}-{number}",
                        arm=arm,
                        exposed_at=utc_now() - timedelta(days=5),
                        outcome={**outcome, "approved": number < good},
                    )
                )
    store.close()


def test_a_winner_is_told_with_its_intervals(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, {"control": 240, "A": 380}, 400)
    done = run("report")
    assert done.exit_code == 0, done.output
    for told in (
        "A wins on customers approved in the end",
        "60.0 %",
        "95.0 %",
        "control 400, A 400",
        "seconds to pass",
    ):
        assert told in done.stdout
    said = json.loads(run("report", "--json").stdout)
    assert (said["state"], said["winner"]) == ("decided", "A")
    assert said["comparisons"][0]["high"] < 0


def test_missing_customers_stop_the_reading(run: Run, tmp_path: Path) -> None:
    fill(tmp_path, {"control": 240}, 400)
    fill(tmp_path, {"A": 180}, 200)
    done = run("report")
    assert "STOP" in done.stdout
    assert "%" not in done.stdout


def test_an_empty_experiment_is_early(run: Run) -> None:
    assert "Too early" in run("report").stdout


def test_a_simulation_names_the_best_arm(run: Run) -> None:
    done = run("simulate", "--runs", 5, "--customers", 4000)
    assert done.exit_code == 0, done.output
    assert "A is best: named in 5 of 5 runs" in done.stdout
    assert "All arms alike: a difference claimed in 0 of 5 runs" in done.stdout


def test_no_experiment_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDQC_EXPERIMENT")
    done = run("report")
    assert isinstance(done.exception, SetupError)
    assert done.exception.code == "setup.experiment"
