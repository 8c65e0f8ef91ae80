"""Simulated customers of an experiment, put into a store as those who have met it, and the experiment itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from idqc.experiments.arms import Experiment, read_experiment
from idqc.experiments.outcomes import CustomerOutcome
from idqc.experiments.simulator import customers, habits_of
from idqc.store.engine import Store
from idqc.store.tables import exposures

TOML = """
name = "capture-2026-12"
salt = "salt of these tests"
planned_customers = 6000
[arms.control]
act_at = "never"
[arms.A]
act_at = "reject_warning"
bypass = true
[arms.B]
act_at = "reject"
bypass = false
"""


def write_experiment(folder: Path) -> Path:
    """Three arms as a TOML file."""
    file = folder / "experiment.toml"
    file.write_text(TOML, encoding="utf-8")
    return file


def simulated(experiment: Experiment, store: Store, n: int, seed: int = 5, days: int = 40) -> list[CustomerOutcome]:
    """So many customers of the last days, with the simulator's habits."""
    habits = {arm.name: habits_of(arm) for arm in experiment.arms}
    since = store.clock() - timedelta(days=days)
    made = customers(experiment, habits, n, np.random.default_rng(seed), since)
    step = timedelta(days=days) / n
    return [CustomerOutcome(**{**vars(one), "exposed_at": since + step * number}) for number, one in enumerate(made)]


def expose(store: Store, experiment: Experiment, made: Iterable[CustomerOutcome]) -> None:
    """Records the customers' exposures with what became of them."""
    rows = [
        {
            "experiment": experiment.name,
            "customer_hmac": f"customer-{number}",
            "arm": one.arm,
            "exposed_at": one.exposed_at,
            "outcome": {key: value for key, value in vars(one).items() if key not in ("arm", "exposed_at")},
        }
        for number, one in enumerate(made)
    ]
    with store.unit_of_work() as connection:
        connection.execute(insert(exposures), rows)


def fill(store: Store, folder: Path, n: int = 6000) -> Path:
    """Writes the experiment's file and puts its customers into the store; returns the file."""
    file = write_experiment(folder)
    experiment = read_experiment(file)
    expose(store, experiment, simulated(experiment, store, n))
    return file
