"""Whether heat maps are true: what happens to a score when the place that its map points at is taken away.

    python benchmarks/faithfulness.py DATA [--splits calibrate] [--limit N] [--criteria CODE ...] [--markdown FILE]

Of a labelled folder, the photos that are bad for a criterion and that the release warns of. The tenth of the document
where the map is strongest is filled from its surroundings, the same model scores the document again, and the drop is
set beside the mean drop of random tenths: half of them the same shape moved elsewhere, half cells strewn at random. A
map is true of a photo where its drop is at least three times the random one. Criteria that are spread over the card
are shown for contrast: no tenth of it is to blame.

A covered field cannot be uncovered by filling: `field.*.hidden` has regions and no map, and is not tried here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
from erasure import Scorer, Trial, filled, tried
from machine import describe
from rich.console import Console
from rich.progress import track
from scipy.optimize import bisect

from idqc.chances import Chance
from idqc.errors import IdqcError
from idqc.heatmaps import map_of
from idqc.inspection import Photo, Surface
from idqc.inspector import open_inspector
from idqc.labels import SPLITS, Label, read_labels
from idqc.photo.decode import decode, read_header
from idqc.release import Release, load_release
from idqc.stages import Run, Stages, lay_flat, worth_forging
from idqc.stopwatch import Stopwatch
from idqc.train.report import Table, markdown, show
from idqc.train.statistics import rate_of

LOCAL = ("quality.glare", "fraud.portrait_tamper", "fraud.text_tamper")
SPREAD = ("quality.blur", "quality.dark", "quality.bright", "fraud.screen", "fraud.print", "fraud.grayscale_copy")
BAD = 0.5
"""The severity from which a label counts as bad."""
COLUMNS = ("criterion", "photos warned", "score", "drop: top", "drop: random", "top ≥ 3 x random", "of rejected")


def looked_over(stages: Stages, photo: Photo) -> Run | None:
    """The photo with its document, quality and fields found; None where there is no document."""
    run = Run(photo, Surface.VERIFICATION, date(2026, 11, 22), Stopwatch(), True, None, None)
    stages.find_document(run)
    stages.look_over(run)
    return run if run.document is not None else None


def scorer(stages: Stages, run: Run, criterion: str) -> Scorer:
    """Scores photos with other pixels by the model of a criterion, document and fields where `run` found them."""
    assert run.document is not None
    quad, kind = run.document.quad_xy_px, run.kind
    if criterion.startswith("quality."):
        return lambda photo: stages.quality_model.run(lay_flat(photo, quad, kind)).severity[criterion]
    species = criterion.removeprefix("fraud.")
    places = worth_forging(kind, run.boxes, quad) if kind and run.boxes and species.endswith("tamper") else (None, {})
    return lambda photo: stages.fraud_model.run(photo, quad, *places).scores.get(species, 0.0)


def in_units_of_the_model(threshold: float | None, chance: Chance | None) -> float:
    """The model's score from which a threshold is reached; no score reaches one that is not there."""
    if threshold is None:
        return np.inf
    return threshold if chance is None else float(bisect(lambda score: chance(score) - threshold, 0.0, 1.0))


def trials(stages: Stages, release: Release, data: Path, labels: Sequence[Label], criterion: str) -> Iterator[Trial]:
    """Every photo that is bad for a criterion and that the release warns of."""
    limits, chance = release.thresholds.by_key[criterion], release.thresholds.chances.get(criterion)
    warning, reject = (in_units_of_the_model(one, chance) for one in (limits.reject_warning, limits.reject))
    for label in track(labels, criterion, console=Console(stderr=True), transient=True):
        try:
            file = (data / label.file).read_bytes()
            run = looked_over(stages, decode(file, read_header(file)))
        except (IdqcError, FileNotFoundError):
            continue
        if run is None:
            continue
        assert run.document is not None
        quad = run.document.quad_xy_px
        score = scorer(stages, run, criterion)
        if score(run.photo) >= warning:
            plane = map_of(stages, run.photo, criterion, quad, run.kind)
            erase = partial(filled, grain=criterion.startswith("fraud."))
            yield tried(run.photo, quad, plane, score, erase, reject, crc32(label.file.encode()))


def row(criterion: str, found: Sequence[Trial]) -> list[str]:
    """A line of the table."""
    true = sum(trial.true for trial in found)
    rejected = [trial.true for trial in found if trial.rejected]
    return [
        criterion,
        str(len(found)),
        f"{np.median([trial.score for trial in found]):.2f}",
        f"{np.median([trial.top for trial in found]):.3f}",
        f"{np.median([trial.random for trial in found]):.3f}",
        str(rate_of(true, len(found))),
        f"{sum(rejected)}/{len(rejected)}" if rejected else "–",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", nargs="+", default=["calibrate"], choices=SPLITS)
    parser.add_argument("--limit", type=int, default=40, help="photos of each criterion")
    parser.add_argument("--criteria", nargs="+", default=[*LOCAL, *SPREAD])
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args()
    release = load_release()
    stages = open_inspector(release, cores=1).stages
    labels = list(read_labels(asked.data, asked.splits))
    rows = []
    for criterion in asked.criteria:
        bad = [
            label
            for label in labels
            if label.severity.get(criterion, 0.0) >= BAD and (asked.data / label.file).is_file()
        ]
        found = list(trials(stages, release, asked.data, bad[: asked.limit], criterion))
        if found:
            rows.append(row(criterion, found))
    table = Table(
        "Faithfulness of heat maps",
        COLUMNS,
        rows,
        f"Release {release.id}, {' and '.join(asked.splits)} of {asked.data.name}.",
    )
    show(table, Console(width=200))
    print("\n".join(describe()))
    if asked.markdown is not None:
        asked.markdown.write_text(markdown(table), encoding="utf-8")


if __name__ == "__main__":
    main()
