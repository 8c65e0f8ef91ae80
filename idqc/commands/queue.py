"""`idqc work`, `idqc queue`: the worker as a process of its own, and what an operator does with dead letters."""

from __future__ import annotations

import json
import logging.config
import os
import signal
import threading
from typing import Annotated

import typer

from idqc.logs import configuration
from idqc.settings import read_settings
from idqc.states import State
from idqc.store import queue, submissions
from idqc.store.house import open_house
from idqc.surfaces.housekeeping import Housekeeper
from idqc.surfaces.webhook_sender import WebhookSender
from idqc.surfaces.worker import Worker

NICENESS = 10
"""Steps of scheduling behind `idqc serve`: on a shared machine capture runs before the queue."""

app = typer.Typer(no_args_is_help=True, help="The verification queue: how deep it is, dead letters.")


def work(threads: int) -> None:
    """Works on the queue until SIGTERM or SIGINT; finishes what is in hand first."""
    from idqc.installation import open_installation

    settings = read_settings()
    logging.config.dictConfig(configuration(settings.log_level.value))
    os.nice(NICENESS)
    inspector = open_installation(settings.model_copy(update={"threads": threads}))
    house = open_house(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    inspector.warm()
    running = [threading.Thread(target=Worker(house, inspector, settings.lease_s).run, args=(stop,))
               for _ in range(threads)]  # fmt: skip
    running.append(threading.Thread(target=WebhookSender(house, settings.webhook_private_hosts).run, args=(stop,)))
    running.append(threading.Thread(target=Housekeeper(house, settings).run, args=(stop,)))
    for thread in running:
        thread.start()
    logging.getLogger("idqc.worker").info("working", extra={"threads": threads, "release": inspector.release.id})
    for thread in running:
        thread.join()
    house.close()


@app.command()
def status() -> None:
    """Print how many submissions are in each state, as JSON."""
    house = open_house(read_settings())
    with house.store.reading() as connection:
        depth = submissions.depth(connection)
    house.close()
    typer.echo(json.dumps({state.value: depth.get(state, 0) for state in State if state is not State.ERASED}))


@app.command()
def dead() -> None:
    """List dead letters, one JSON object a line: id, attempts, error code, since when."""
    house = open_house(read_settings())
    with house.store.reading() as connection:
        letters = queue.dead(connection)
    house.close()
    for row in letters:
        since = row["updated_at"].isoformat()
        said = {"submission_id": row["id"], "attempts": row["attempt"], "code": row["error_code"], "since": since}
        typer.echo(json.dumps(said))


@app.command()
def requeue(
    submission_ids: Annotated[list[str] | None, typer.Argument(help="Dead letters; none with --all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
) -> None:
    """Give dead letters a new set of attempts."""
    house = open_house(read_settings())
    with house.store.reading() as connection:
        chosen = [row["id"] for row in queue.dead(connection)] if everything else list(submission_ids or [])
    for submission_id in chosen:
        with house.store.unit_of_work() as connection:
            queue.requeue(connection, submission_id, house.store.clock(), "operator")
    house.close()
    typer.echo(f"{len(chosen)} requeued.")
