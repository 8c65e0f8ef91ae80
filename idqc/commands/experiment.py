"""`idqc experiment`: reads the running experiment, and simulates one before it is started."""

from __future__ import annotations

import json
import math
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from idqc.errors import SetupError
from idqc.experiments.arms import Experiment, read_experiment
from idqc.experiments.outcomes import METRICS
from idqc.experiments.report import Report, State
from idqc.experiments.sequential import MIN_PER_ARM, SAMPLE_RATIO_P
from idqc.experiments.simulator import approval_rate, habits_of, measure
from idqc.settings import read_settings, store_url
from idqc.store.engine import open_store
from idqc.surfaces.experiment_reading import look_at


class Language(StrEnum):
    """In which the report's page is written."""

    KO = "ko"
    EN = "en"


app = typer.Typer(no_args_is_help=True, help="The experiment on the capture screen.")

File = Annotated[Path | None, typer.Option("--file", help="Its TOML file; by default IDQC_EXPERIMENT.")]
AsJson = Annotated[bool, typer.Option("--json", help="The report as JSON.")]


@app.command()
def report(
    file: File = None,
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Write the report's page into this file, plots and all.")] = None,
    language: Annotated[Language, typer.Option(help="Of that page.")] = Language.EN,
) -> None:
    """Read the experiment. Every interval and the winner stay valid however often this is run."""
    experiment = _experiment(file)
    store = open_store(store_url(read_settings()))
    looked = look_at(store, experiment)
    store.close()
    found = looked.report
    if html is not None:
        html.write_text(_pages().experiment_file(experiment, looked, language.value), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(_verdict(found), highlight=False, markup=False)
    if found.state is not State.BROKEN:
        console.print(_readings(found, experiment))
        console.print(_comparisons(found))
        for arm, reason, count in looked.ways_through:
            console.print(f"way through in {arm}, mostly for {reason}: {count}", highlight=False, markup=False)


def _pages() -> Any:
    try:
        return import_module("api.pages.experiment_report")
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"The report's page needs {missing.name}, which is not installed.",
            "Run from a checkout or the image, with pip install 'idqc[cpu,service]'.",
            code="setup.service_missing",
        ) from missing


@app.command()
def simulate(
    file: File = None,
    runs: Annotated[int, typer.Option(min=1, help="Experiments to run.")] = 200,
    customers: Annotated[int | None, typer.Option(min=1000, help="Of each; by default as planned.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same runs.")] = 7,
) -> None:
    """Run the experiment with made-up customers: how often the best arm is named, and alike arms are told apart.

    The habits of the customers are assumptions, printed first.
    """
    experiment = _experiment(file)
    habits = {arm.name: habits_of(arm) for arm in experiment.arms}
    n = customers or experiment.planned_customers
    rates = {name: approval_rate(one) for name, one in habits.items()}
    for name, one in habits.items():
        typer.echo(f"{name}: miss {one.miss:g}, false alarm {one.alarm:g}, approved {rates[name]:.2%}")
    best = max(rates, key=lambda name: rates[name])
    power = measure(experiment, habits, runs, n, seed, best)
    median = "" if power.median_customers is None else f", half of them by {power.median_customers:.0f} customers"
    typer.echo(f"{best} is best: named in {power.right} of {runs} runs{median}; another arm in {power.wrong}.")
    null = measure(experiment, dict.fromkeys(habits, habits[best]), runs, n, seed + 1, None)
    typer.echo(
        f"All arms alike: a difference claimed in {null.claimed} of {runs} runs, read after every customer; "
        f"by an interval made for one look in {null.naive}."
    )


def _experiment(file: Path | None) -> Experiment:
    path = file or read_settings().experiment
    if path is None:
        raise SetupError("No experiment is named.", "Set IDQC_EXPERIMENT, or give --file.", code="setup.experiment")
    return read_experiment(path)


def _verdict(found: Report) -> str:
    people = ", ".join(f"{arm} {count}" for arm, count in found.customers.items())
    ratio = f"customers: {people}; shares as planned with p = {found.sample_ratio_p:.3g}"
    said = {
        State.BROKEN: f"STOP: p is below {SAMPLE_RATIO_P}: customers or records are missing. Nothing is read.",
        State.EARLY: f"Too early: an arm has fewer than {MIN_PER_ARM} customers whose window has passed.",
        State.OPEN: "No winner so far; reading on costs nothing.",
        State.DECIDED: f"{found.winner} wins on {METRICS[found.primary].title['en']}.",
    }
    return f"{found.experiment}, {found.at:%Y-%m-%d %H:%M} UTC; {ratio}\n{said[found.state]}"


def _readings(found: Report, experiment: Experiment) -> Table:
    table = Table(
        "", *(arm.name for arm in experiment.arms), title="each with its 95 % always-valid interval, customers"
    )
    for key, metric in METRICS.items():
        cells = [one for one in found.readings if one.metric == key]
        table.add_row(
            metric.title["en"], *(_cell(one.value, one.low, one.high, metric.share, one.count) for one in cells)
        )
    return table


def _comparisons(found: Report) -> Table:
    metric = METRICS[found.primary]
    table = Table("", "difference", "ahead", title=f"{metric.title['en']}, all pairs together at 95 %")
    for one in found.comparisons:
        cell = _cell(one.difference, one.low, one.high, metric.share, None)
        table.add_row(f"{one.one} - {one.other}", cell, one.better or "not certain")
    return table


def _cell(value: float, low: float, high: float, share: bool, count: int | None) -> str:
    people = "" if count is None else f", {count}"
    if math.isnan(low) or math.isnan(value):
        return f"–{people}"
    if share:
        return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f}){people}"
    return f"{value:.2f} ({low:.2f} to {high:.2f}){people}"
