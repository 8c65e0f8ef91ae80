"""Trains the text recogniser on drawn lines and, when folders of labelled photos are given, on the lines in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from idqc.models.text import INPUT, LINE_HEIGHT_PX, OUTPUT, STEP_PX, line_width_px, normalised, read
from idqc.synth.assets import Assets
from idqc.synth.line_texts import CHARSET
from idqc.synth.lines import Line, draw_line
from idqc.train.line_crops import draw_photo_line, line_crops
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_entry
from idqc.train.recogniser import Recogniser, trunk_path

PHOTO_SHARE = 0.4
"""Of the lines when photos are given."""
BUCKETS_PX = (64, 88, 112, 136, 168, 208, 256, 320, 400, 496, 616, 768, 960)
"""Few widths, because oneDNN prepares its kernels anew for every shape that it has not met."""
MEAN_WIDTH_PX = 256
SQUEEZED_SHARE, NARROWEST = 0.4, 0.55
"""So many lines are seen narrower, at as little as this share of their width: narrow letters, and quicker looks."""
STEPS_PER_EPOCH = 480
LINES_A_KIND = 40
"""Validation lines of each script and damage."""
DAMAGES = {"clean": 0.0, "degraded": 0.75}
LICENCE = "Apache-2.0"
ATTRIBUTION = (
    "Trunk: PP-OCRv6 small recogniser of PaddleOCR (Apache-2.0), from the package rapidocr; fine-tuned here "
    "on lines of mock documents."
)


def steps_needed(text: str) -> int:
    """Time steps that CTC needs: one a character and one between two equal neighbours."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def bucket_px(line: Line, squeeze: float = 1.0) -> int:
    """The bucket width nearest to the line's own, times `squeeze`, that leaves CTC enough steps."""
    width = line_width_px(*line.bgr.shape[:2]) * squeeze
    needed = STEP_PX * (steps_needed(line.text) + 2)
    return min((b for b in BUCKETS_PX if b >= needed), key=lambda b: abs(b - width), default=BUCKETS_PX[-1])


def _batch(lines: list[Line], width: int) -> tuple[Tensor, list[str]]:
    """Lines of one bucket, stretched to its width."""
    sheet = np.stack([cv2.resize(line.bgr, (width, LINE_HEIGHT_PX)) for line in lines])
    return torch.from_numpy(normalised(np.asarray(sheet, np.uint8))), [line.text for line in lines]


def batches(draw: Callable[[np.random.Generator], Line], budget: Budget) -> Callable[[int], Iterator[Any]]:
    """Endless batches of one width each: `budget.batch` lines at the mean width, more of short ones, fewer of long."""

    def of_epoch(epoch: int) -> Iterator[Any]:
        rng = np.random.default_rng((budget.seed, epoch))
        waiting: dict[int, list[Line]] = {width: [] for width in BUCKETS_PX}
        while True:
            line = draw(rng)
            width = bucket_px(line, float(rng.uniform(NARROWEST, 1.0)) if rng.random() < SQUEEZED_SHARE else 1.0)
            waiting[width].append(line)
            if len(waiting[width]) * width >= budget.batch * MEAN_WIDTH_PX:
                yield _batch(waiting[width], width)
                waiting[width] = []

    return of_epoch


def ctc_loss(model: Any, batch: tuple[Tensor, list[str]], code: dict[str, int]) -> Tensor:
    """Mean CTC loss a character; the trunk runs in bfloat16, the loss in float32."""
    lines, texts = batch
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(lines.contiguous(memory_format=torch.channels_last))
    logs = logits.float().log_softmax(-1).transpose(0, 1)
    targets = torch.tensor([code[character] for text in texts for character in text])
    sizes = torch.tensor([len(text) for text in texts])
    steps = torch.full((len(texts),), logs.shape[0])
    return F.ctc_loss(logs, targets, steps, sizes, zero_infinity=True)


def accuracy(model: Any, lines: list[Line]) -> dict[str, float]:
    """Share of characters right (1 - edit distance / length) by script and damage: `hangul_clean`, …"""
    wrong: dict[str, int] = {}
    total: dict[str, int] = {}
    for line in lines:
        images, (text,) = _batch([line], bucket_px(line))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images.contiguous(memory_format=torch.channels_last))
        found, _ = read(logits[0].float().softmax(-1).numpy(), CHARSET)
        key = f"{line.script}_{'clean' if line.damage == DAMAGES['clean'] else 'degraded'}"
        wrong[key] = wrong.get(key, 0) + min(Levenshtein.distance(text, found), len(text))
        total[key] = total.get(key, 0) + len(text)
    return {key: 1 - wrong[key] / total[key] for key in sorted(total)}


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains and exports `weights/text.onnx` after every validation, so that a usable file is there early.

    `data` may be empty: then all lines are drawn, in the fonts of the train split. Validation reads clean and degraded
    lines in the fonts of the calibrate split.
    """
    cv2.setNumThreads(1)
    assets = Assets.load(None, None)
    code = {character: place + 1 for place, character in enumerate(CHARSET)}
    rng = np.random.default_rng(budget.seed + 1)
    held_out = [
        draw_line(rng, assets, "calibrate", script, damage)
        for script in ("hangul", "latin", "mrz")
        for damage in DAMAGES.values()
        for _ in range(LINES_A_KIND)
    ]
    photo_lines = line_crops(data, out) if data else None
    photos_note = f", and {len(photo_lines)} lines of labelled photos" if photo_lines is not None else ""
    torch.manual_seed(budget.seed)
    model = Recogniser(trunk_path(), CHARSET).to(memory_format=torch.channels_last)
    file = weights / "text.onnx"
    started = time.monotonic()

    def publish(network: Any) -> dict[str, float]:
        numbers = accuracy(network, held_out)
        difference = network.export(file)
        write_entry(
            weights, "text", file,
            inputs={INPUT: "NCHW, BGR, value / 127.5 - 1; height 48, any width"},
            outputs={OUTPUT: "softmax over blank + charset (ONNX metadata), one step for 8 px of width"},
            training={
                "command": "idqc train text", "seed": budget.seed, "seconds": round(time.monotonic() - started),
                "data": "lines drawn on the fly in fonts of the train split" + photos_note,
            },
            metrics=numbers, parity_max_diff=difference, licence=LICENCE, attribution=ATTRIBUTION,
        )  # fmt: skip
        return numbers

    def draw(rng: np.random.Generator) -> Line:
        if photo_lines is not None and rng.random() < PHOTO_SHARE:
            return draw_photo_line(rng, photo_lines)
        return draw_line(rng, assets, "train")

    return fit(model, batches(draw, budget), STEPS_PER_EPOCH, lambda m, b: ctc_loss(m, b, code), publish, budget, out)
