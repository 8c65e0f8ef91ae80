"""The command line: inspect, criteria, serve, work, synth, train, quantise, calibrate, evaluate.

What a command needs is imported when it runs: inspecting loads no web server and no training code.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from idqc.errors import IdqcError, SetupError
from idqc.inspection import Audience, Inspection, Surface
from idqc.settings import Mode, read_settings

SOME_WERE_BAD = 3
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Scores and a verdict for photos of identity documents."
)
stderr = Console(stderr=True)


class Explanation(StrEnum):
    """What to run beyond what the verdict needs."""

    REGIONS = "regions"
    HEATMAPS = "heatmaps"


class ModelName(StrEnum):
    """A model that can be trained; each is a module of idqc.train."""

    DOCUMENT = "document"
    CORNERS = "corners"
    FIELDS = "fields"
    QUALITY = "quality"
    TEXT = "text"
    PORTRAIT = "portrait"
    FRAUD = "fraud"


class Split(StrEnum):
    """The three parts of a labelled folder, which share no person, layout, font or texture."""

    TRAIN = "train"
    CALIBRATE = "calibrate"
    TEST = "test"


@app.command()
def inspect(
    paths: Annotated[list[Path], typer.Argument(help="Photos, and folders with photos.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, in the order of the paths.")] = False,
    annotate: Annotated[Path | None, typer.Option(help="Write annotated pictures into this folder.")] = None,
    surface: Annotated[Surface, typer.Option(help="Decides which criteria count.")] = Surface.VERIFICATION,
    explain: Annotated[
        Explanation | None, typer.Option(help="Run every stage; heatmaps adds pictures to the JSON.")
    ] = None,
    document_type: Annotated[str | None, typer.Option(help="What the customer says the document is.")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Judge expiry on this day.")] = None,
) -> None:
    """Inspect photos. Exits 0 when all were inspected, 3 when some files were bad."""
    from idqc import report
    from idqc.audience import to_json
    from idqc.folder import find_photos, inspect_files
    from idqc.installation import open_installation

    settings = read_settings()
    inspector = open_installation(settings)
    photos = find_photos(paths)
    day = None if as_of is None else as_of.date()

    def inspect_one(number: int, path: Path, data: bytes) -> Inspection:
        done = inspector.inspect(data, surface, as_of=day, explain=explain, document_type=document_type)
        if annotate is not None:
            write_annotated(annotate, number, path, data, done)
        return done

    results = []
    with Progress(console=stderr, transient=True, disable=not (stderr.is_terminal and len(photos) > 1)) as progress:
        bar = progress.add_task("inspecting", total=len(photos))
        for result in inspect_files(photos, inspect_one, settings.threads):
            results.append(result)
            progress.advance(bar)
            if as_json:
                done = result.inspection
                body = to_json(done, Audience.REVIEWER) if done else error_json(result.error)
                typer.echo(json.dumps({"path": str(result.path), **body}, ensure_ascii=False))
    if not as_json:
        Console().print(report.detail(results[0]) if len(results) == 1 else report.overview(results))
    raise typer.Exit(SOME_WERE_BAD if any(result.error for result in results) else 0)


@app.command()
def criteria(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Print the catalogue with live thresholds; scores of criteria with a prior are chances."""
    from idqc import report
    from idqc.catalogue import all_criteria
    from idqc.release import load_release

    settings = read_settings()
    thresholds = load_release(settings.weights_dir, settings.thresholds).thresholds
    if not as_json:
        Console().print(report.catalogue(all_criteria(), thresholds))
        return
    for line in all_criteria():
        limits = thresholds.of(line)
        values = {"reject": limits.reject, "reject_warning": limits.reject_warning}
        chance = thresholds.chance_of(line)
        prior = None if chance is None else chance.prior
        said = {"code": line.code, "meaning": dict(line.meaning), "thresholds": values, "prior": prior}
        typer.echo(json.dumps(said, ensure_ascii=False))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="IDQC_HOST, by default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="IDQC_PORT, by default 8000.")] = None,
    tls_self_signed: Annotated[
        bool, typer.Option("--tls-self-signed", help="HTTPS with a certificate of its own, to try a phone's camera.")
    ] = False,
) -> None:
    """Start the HTTP service."""
    from idqc.installation import open_installation

    settings = read_settings()
    settings = settings.model_copy(update={"host": host or settings.host, "port": port or settings.port})
    if settings.mode is Mode.DEMO and not (tls_self_signed or is_loopback(settings.host)):
        raise SetupError(
            "The demo mode answers this machine only.",
            "Leave the host at 127.0.0.1, add --tls-self-signed to try a phone, or set IDQC_MODE=production.",
            code="setup.demo_host",
        )
    try:
        service = import_module("api.app")
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"The service needs {missing.name}, which is not installed.",
            "Run from a checkout or the image, with pip install 'idqc[cpu,service]'.",
            code="setup.service_missing",
        ) from missing
    load("idqc.commands.serving", "service").serve(service, settings, open_installation(settings), tls_self_signed)


@app.command()
def work(threads: Annotated[int, typer.Option(min=1, help="Photos at a time; one uses one core.")] = 1) -> None:
    """Work on the verification queue until told to stop, behind whatever else this machine does."""
    load("idqc.commands.queue", "service").work(threads)


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(help="Folder for photos and labels.jsonl; an unfinished one is resumed.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Number of photos.")] = 1000,
    faces: Annotated[Path | None, typer.Option(help="Folder of face pictures.")] = None,
    textures: Annotated[Path | None, typer.Option(help="Folder of background textures.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same photos.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    split: Annotated[Split | None, typer.Option(help="Put every photo into this split.")] = None,
    mix: Annotated[str | None, typer.Option(help="Shares of kinds, such as clean=0.4,defect=0.6; or flat=1.")] = None,
) -> None:
    """Render mock documents, photographed, with labels."""
    shares = _shares(mix)
    generate = load("idqc.synth.generator", "synth").generate
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=stderr) as progress:
        bar = progress.add_task("rendering", total=n)
        try:
            generate(
                *(out, n, faces, textures, seed, jobs, split),
                lambda done, of: progress.update(bar, completed=done, total=of),
                mix=shares,
            )
        except ValueError as refused:
            raise typer.BadParameter(str(refused)) from refused


def _shares(mix: str | None) -> dict[str, float] | None:
    """`clean=0.4,defect=0.6` as a mapping. Which kinds there are, the generator knows."""
    if mix is None:
        return None
    try:
        return {kind.strip(): float(share) for kind, share in (part.split("=") for part in mix.split(","))}
    except ValueError as wrong:
        raise typer.BadParameter(f"{mix!r} is not of the form clean=0.4,defect=0.6", param_hint="--mix") from wrong


@app.command()
def train(
    name: Annotated[ModelName, typer.Argument(help="The model.")],
    data: Annotated[list[Path], typer.Option(help="A folder with labels.jsonl; may be repeated.")],
    out: Annotated[Path, typer.Option(help="Folder for cache, checkpoints and metrics; an unfinished run resumes.")],
    weights: Annotated[Path, typer.Option(help="Where the ONNX file and its manifest entry go.")] = Path("weights"),
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    batch: Annotated[int | None, typer.Option(min=1)] = None,
    learning_rate: Annotated[float | None, typer.Option()] = None,
    minutes: Annotated[float | None, typer.Option(help="End on time, whatever the epochs.")] = None,
    threads: Annotated[int | None, typer.Option(min=1)] = None,
    seed: Annotated[int | None, typer.Option()] = None,
) -> None:
    """Train one model and export it to ONNX."""
    trainer = load(f"idqc.train.{name.value}", "train")
    asked = {
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "minutes": minutes,
        "threads": threads,
        "seed": seed,
    }
    usual = load("idqc.train.budgets", "train").BUDGETS[name.value]
    budget = replace(usual, **{key: value for key, value in asked.items() if value is not None})
    Console().print_json(data=trainer.train(data, out, weights, budget), default=str)


@app.command()
def quantise(
    name: Annotated[str, typer.Argument(help="The model: fraud or text.")],
    data: Annotated[list[Path], typer.Option(help="A folder with labels.jsonl; may be repeated.")],
    weights: Annotated[Path, typer.Option(help="Where its float32 file and the manifest are.")] = Path("weights"),
) -> None:
    """Replace a trained model by its 8-bit twin, measured beside it."""
    module = load("idqc.train.quantise", "train")
    if name not in module.RECIPES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(module.RECIPES)}", param_hint="NAME")
    Console().print_json(data=module.make_twin(name, data, weights))


Jobs = Annotated[int, typer.Option(min=1, help="Processes that score photos.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Take only the first so many photos of a split.")]


@app.command()
def calibrate(
    data: Annotated[Path, typer.Option(help="A folder with labels.jsonl.")],
    weights: Annotated[
        Path | None, typer.Option(help="The weights to calibrate for; by default the release's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where default.toml and its report go.")] = Path("thresholds"),
    split: Annotated[list[Split] | None, typer.Option(help="May be repeated; by default calibrate.")] = None,
    jobs: Jobs = 1,
    limit: Limit = None,
    scores: Annotated[Path | None, typer.Option(help="A scores.jsonl to take, without scoring anything.")] = None,
) -> None:
    """Derive REJECT and REJECT_WARNING, and the maps from scores to chances, from labelled photos."""
    module = load("idqc.train.calibrate", "train")
    wanted = tuple(split or [Split.CALIBRATE])
    module.calibrate(data, weights, out, splits=wanted, jobs=jobs, limit=limit, scores=scores)


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="A folder with labels.jsonl.")],
    out: Annotated[Path, typer.Option(help="Where the report goes.")],
    weights: Annotated[Path | None, typer.Option(help="The weights to measure; by default the release's.")] = None,
    thresholds: Annotated[Path | None, typer.Option(help="The thresholds; by default the release's.")] = None,
    split: Annotated[list[Split] | None, typer.Option(help="May be repeated; by default test.")] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Report on this scores.jsonl of an earlier run as it is; score nothing.")
    ] = None,
    jobs: Jobs = 1,
    limit: Limit = None,
) -> None:
    """Measure the release on labelled photos; a run that was cut off goes on."""
    splits = tuple(split or [Split.TEST])
    module = load("idqc.train.evaluate", "train")
    module.evaluate(data, out, splits, weights=weights, thresholds=thresholds, jobs=jobs, limit=limit, scores=scores)


def add_group(name: str, module: str, help_text: str) -> None:
    """Adds a group of commands whose module is imported when one of them runs."""

    @app.command(name, add_help_option=False, context_settings=PASS_ON, help=help_text)
    def group(context: typer.Context) -> None:
        load(module, "service").app(args=context.args, prog_name=f"idqc {name}", standalone_mode=False)


def load(module: str, extra: str) -> Any:
    """Imports a module that only some environments can; names the extra that is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise SetupError(
            f"This command needs {missing.name}, which is not installed.",
            f"pip install 'idqc[cpu,{extra}]', or use the Makefile's environment.",
            code="setup.extra_missing",
        ) from missing


def write_annotated(folder: Path, number: int, path: Path, data: bytes, done: Inspection) -> None:
    """Writes one annotated picture. The number keeps apart files of one name from several folders."""
    import cv2

    from idqc.annotate import LONG_SIDE_PX, annotate
    from idqc.photo.decode import decode, read_header

    folder.mkdir(parents=True, exist_ok=True)
    picture = annotate(decode(data, read_header(data), LONG_SIDE_PX), done)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    (folder / f"{number:05d}-{path.stem}.jpg").write_bytes(encoded.tobytes())


def error_json(error: IdqcError | None) -> dict[str, Any]:
    """The line of a file that could not be inspected."""
    if error is None:
        raise AssertionError("a result has an inspection or an error")
    said = {"code": error.code, "detail": error.detail, "hint": error.hint, "numbers": dict(error.numbers)}
    return {"error": said}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


add_group("audit", "idqc.commands.audit", "The audit log: verify its chain.")
add_group("experiment", "idqc.commands.experiment", "The experiment on the capture screen: report, simulate.")
add_group("keys", "idqc.commands.keys", "API keys: make, list, revoke.")
add_group("accounts", "idqc.commands.accounts", "Accounts of the reviewer console.")
add_group("queue", "idqc.commands.queue", "The verification queue: status, dead letters.")
add_group("retention", "idqc.commands.retention", "Purge what is past its age; erase one customer.")
add_group("vault", "idqc.commands.vault", "Encryption at rest: rotate the master key.")
add_group("webhooks", "idqc.commands.webhooks", "Receivers of changes of state.")


def main() -> None:
    """Runs the command line; an error that idqc raises on purpose becomes two lines and exit code 1."""
    try:
        app()
    except IdqcError as error:
        stderr.print(f"[bold red]{error.code}[/]: ", error.detail, sep="", highlight=False)
        stderr.print(error.hint, highlight=False, markup=False)
        sys.exit(1)
