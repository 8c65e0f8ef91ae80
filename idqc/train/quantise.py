"""Replaces a trained float32 file by its 8-bit twin, and measures both on photos that neither has seen.

Worth it where integers win clearly: the fraud model and the recogniser, on processors with VNNI or AMX. Networks of a
few million multiplications gain nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import tomlkit

from idqc.labels import Label, read_labels
from idqc.models import fraud, text
from idqc.runtime.pointwise import quantise_pointwise
from idqc.runtime.quantisation import Inputs, quantise
from idqc.runtime.reference import Run, runner
from idqc.synth.line_texts import CHARSET
from idqc.train import line_crops
from idqc.train.auc import auc
from idqc.train.fraud_crops import chosen, photo_crops
from idqc.train.manifest import MANIFEST
from idqc.train.padding import fold_same_padding
from idqc.train.reading import MRZ_FIELD, tally

Photos: TypeAlias = list[tuple[Path, Label]]
Sample: TypeAlias = tuple[Inputs, Any]
"""What the model sees once, and the truth about it."""
SPLITS = ("train", "calibrate")
RUNS_TIMED = 60
MRZ_LENGTH = 44


@dataclass(frozen=True)
class Recipe:
    """How one model is quantised, on which samples, and what counts."""

    scheme: str
    write: Callable[[onnx.ModelProto, Path, Sequence[Inputs]], object]
    """The twin of a model into a file, with the help of samples of the train split."""
    needed: int
    """How many of those it wants."""
    samples: Callable[[Photos], Iterator[Sample]]
    accuracy: Callable[[Sequence[Any], Sequence[np.ndarray]], dict[str, float]]
    """Of truths and the first output's row for each."""
    example: Inputs
    """Of the size that CPU time is compared at."""


def fraud_samples(photos: Photos) -> Iterator[Sample]:
    """Crops of all kinds; originals and the species of attacks take turns."""
    seen: Counter[str | None] = Counter()
    turns = []
    for folder, label in (entry for split in SPLITS for entry in chosen(photos, split)):
        seen[label.attack] += 1
        turns.append((seen[label.attack], folder, label))
    for _, folder, label in sorted(turns, key=itemgetter(0)):
        for crop, target in photo_crops(folder, label):
            yield fraud.prepare([crop["crop"]]), target


def fraud_accuracy(targets: Sequence[Any], rows: Sequence[np.ndarray]) -> dict[str, float]:
    """AUC of each head by crop: copies on tiles, edits on the crops that they are looked for on."""
    logits, found = np.stack(rows), {}
    for at, name in enumerate(fraud.SPECIES):
        kind = {"portrait_tamper": "portrait", "text_tamper": "field"}.get(name, "tile")
        places = [place for place, target in enumerate(targets) if target["kind"] == kind]
        hits = np.array([targets[place]["label"] in (True, name) for place in places], bool)
        value = auc(logits[places, at][hits], logits[places, at][~hits])
        if not np.isnan(value):
            found[f"auc_{name}"] = value
    return found


def text_samples(photos: Photos) -> Iterator[Sample]:
    """The lines of photos at a usual margin."""
    margin = round(line_crops.HEIGHT_PX * line_crops.MARGIN / (1 + 2 * line_crops.MARGIN) / 2)
    for item in photos:
        for crop, target in line_crops.cut_lines(item):
            line = crop["line"][margin : line_crops.HEIGHT_PX - margin, : target["width"]]
            yield {text.INPUT: text.prepare(line)}, target["text"]


def text_accuracy(truths: Sequence[Any], rows: Sequence[np.ndarray]) -> dict[str, float]:
    """Share of characters right, by script."""
    counts = tally(
        (MRZ_FIELD if len(truth) == MRZ_LENGTH else "line", truth, text.read(row, CHARSET)[0])
        for truth, row in zip(truths, rows, strict=True)
    )
    return {
        f"{script.lower()}_photos": 1 - counts.errors[script] / total
        for script, total in counts.characters.items()
        if total
    }


RECIPES = {
    fraud.NAME: Recipe(
        "U8S8, 7-bit weights a channel, minimum and maximum of activations",
        # Residuals are a few grey levels high: what 8 bits would round away is what they are there for.
        partial(quantise, operators=("Conv", "Add", "Clip"), kept=("/Conv", "/conv_stem/Conv")),
        150,
        fraud_samples,
        fraud_accuracy,
        {"tiles": np.full((1, 3, fraud.TILE_PX, fraud.TILE_PX), 0.5, np.float32)},
    ),
    text.NAME: Recipe(
        "pointwise convolutions and the classes: U8S8, 8-bit weights a channel, activations by the range of each run",
        lambda model, file, _: quantise_pointwise(model, file),
        0,
        text_samples,
        text_accuracy,
        {text.INPUT: np.zeros((1, 3, text.LINE_HEIGHT_PX, 320), np.float32)},
    ),
}


def photos_of(data: Sequence[Path], split: str, seed: int) -> Photos:
    """All documents of a split in a stable shuffle."""
    found = [(home, label) for home in data for label in read_labels(home, (split,)) if label.document_type]
    return [found[at] for at in np.random.default_rng(seed).permutation(len(found))]


def cpu_ratio(one: Run, other: Run, inputs: Inputs) -> float:
    """CPU time of the other over that of the one: medians of runs that take turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS_TIMED):
        for run, times in zip((one, other), spent, strict=True):
            started = time.thread_time()
            run(inputs)
            times.append(time.thread_time() - started)
    return float(np.median(spent[1]) / np.median(spent[0]))


def make_twin(
    name: str, data: Sequence[Path], weights: Path, samples: int | None = None, held_out: int = 1200, seed: int = 7
) -> dict[str, Any]:
    """Quantises `weights/NAME.onnx` in place and writes how into its manifest entry.

    Args:
        name: a model of RECIPES; its file is the float32 one that training wrote.
        data: folders with labels; crops of split train set the ranges, those of split calibrate measure.
        samples, held_out: how many crops; None for as many as the model's recipe needs.

    Returns:
        The accuracy before and after, the mean and largest difference of the first output, CPU time after over before.

    Raises:
        ValueError: the file is quantised already.
    """
    recipe, file = RECIPES[name], weights / f"{name}.onnx"
    source = file.read_bytes()
    before = runner(file)
    model = onnx.load_from_string(source)
    fold_same_padding(model)
    seen = islice(recipe.samples(photos_of(data, "train", seed)), 4 * (recipe.needed if samples is None else samples))
    ranges = [inputs for number, (inputs, _) in enumerate(seen) if number % 4 == 0]
    recipe.write(model, file, ranges)
    after = runner(file)
    unseen = list(islice(recipe.samples(photos_of(data, "calibrate", seed)), held_out))
    first = next(iter(before(recipe.example)))
    truths = [truth for _, truth in unseen]
    rows, twins = ([run(inputs)[first][0] for inputs, _ in unseen] for run in (before, after))
    differences = [np.abs(twin - row) for row, twin in zip(rows, twins, strict=True)]
    report = {
        "date": date.today().isoformat(),
        "command": f"idqc quantise {name} --data {' '.join(folder.name for folder in data)}",
        "scheme": recipe.scheme,
        "float32_sha256": hashlib.sha256(source).hexdigest(),
        "samples": len(ranges),
        "held_out": len(unseen),
        "mean_difference": float(np.mean([part.mean() for part in differences])),
        "largest_difference": float(np.max([part.max() for part in differences])),
        "cpu_ratio": cpu_ratio(before, after, recipe.example),
        "before": recipe.accuracy(truths, rows),
        "after": recipe.accuracy(truths, twins),
    }
    _note(weights / MANIFEST, name, file, report)
    return report


def _note(manifest: Path, name: str, file: Path, report: dict[str, Any]) -> None:
    """Writes the twin's hash and how it came about into the entry of its float32 file."""

    def rounded(value: Any) -> Any:
        return float(f"{value:.4g}") if isinstance(value, float) else value

    document = tomlkit.parse(manifest.read_text(encoding="utf-8"))
    entry: Any = document["models"][name]
    entry["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    entry["quantisation"] = json.loads(json.dumps(report), parse_float=lambda number: rounded(float(number)))
    manifest.write_text(tomlkit.dumps(document), encoding="utf-8")
