"""Trains the text recogniser: PP-OCRv6's small trunk, taken over with its weights, and a new head for our characters.

PP-OCRv6 knows 18,708 characters and no Hangul. The rows of the characters that it shares with ours are copied; each
Hangul syllable's row is the sum of a row of its own and three rows of its letters (first, middle, last), so that a
syllable seen once already profits from all others with the same letters. The sum is folded before export.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, nn

from idqc.models.text import CHARSET_KEY, INPUT, LINE_HEIGHT_PX, OUTPUT, STEP_PX, line_width_px, normalised
from idqc.runtime.reference import run_once
from idqc.synth.assets import Assets
from idqc.synth.line_texts import CHARSET
from idqc.synth.lines import Line, draw_line
from idqc.train.graph import GraphModule
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_entry

TRUNK_PACKAGE, TRUNK_FILE = "rapidocr", "models/PP-OCRv6_rec_small.onnx"
HEAD_WEIGHT, HEAD_BIAS, LOGITS = "linear_8.w_0", "linear_8.b_0", "Add.209"
FIRST_SYLLABLE, MIDDLES, LASTS = 0xAC00, 21, 28
LETTERS = 19 + MIDDLES + LASTS
HEAD_RATE = 5.0
"""How much faster than the trunk the head learns: the trunk has its batch norms folded in and bears only small steps."""
FROZEN_CONVOLUTIONS = 16
"""The trunk's first stages see strokes, which Hangul shares with all scripts; leaving them alone saves a third of the time."""
BUCKETS_PX = (64, 88, 112, 136, 168, 208, 256, 320, 400, 496, 616, 768, 960)
"""Few widths, because oneDNN prepares its kernels anew for every shape that it has not met."""
MEAN_WIDTH_PX = 256
STEPS_PER_EPOCH = 480
VALIDATION_LINES = 240
DAMAGES = {"clean": 0.0, "degraded": 0.75}
PARITY_LIMIT = 1e-4
LICENCE = "Apache-2.0"
ATTRIBUTION = "Trunk: PP-OCRv6 small recogniser of PaddleOCR (Apache-2.0), from the package rapidocr; fine-tuned here on drawn lines."


def trunk_path() -> Path:
    """The recogniser inside the installed package rapidocr. Raises FileNotFoundError when it is not there."""
    path = Path(str(files(TRUNK_PACKAGE))) / TRUNK_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; install rapidocr, whose package holds the trunk that is fine-tuned")
    return path


def letters_of(character: str) -> tuple[int, int, int] | None:
    """The rows of a Hangul syllable's first, middle and last letter in the table of 68, or None for other characters."""
    place = ord(character) - FIRST_SYLLABLE
    if not 0 <= place < 11_172:
        return None
    return place // (MIDDLES * LASTS), 19 + place // LASTS % MIDDLES, 19 + MIDDLES + place % LASTS


def _new_head(model: onnx.ModelProto, charset: str) -> tuple[np.ndarray, np.ndarray]:
    """(features, classes) and (classes,): copied columns for known characters, empty ones with a copied bias for others."""
    arrays = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    weight, bias = arrays[HEAD_WEIGHT], arrays[HEAD_BIAS]
    known = {item.key: item.value for item in model.metadata_props}["character"].splitlines() + [" "]
    column = {character: place + 1 for place, character in enumerate(known)}
    fresh_weight = np.zeros((weight.shape[0], len(charset) + 1), np.float32)
    fresh_bias = np.full(len(charset) + 1, np.median(bias), np.float32)
    for place, source in [(0, 0)] + [(n + 1, column[c]) for n, c in enumerate(charset) if c in column]:
        fresh_weight[:, place], fresh_bias[place] = weight[:, source], bias[source]
    return fresh_weight, fresh_bias


def renamed(model: onnx.ModelProto, charset: str) -> onnx.ModelProto:
    """The trunk's graph with our tensor names, our number of classes and the characters in its metadata."""
    graph = model.graph
    old_input, old_output = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        node.input[:] = [INPUT if name == old_input else name for name in node.input]
        node.output[:] = [OUTPUT if name == old_output else name for name in node.output]
    graph.input[0].name, graph.output[0].name = INPUT, OUTPUT
    for value, axes in ((graph.input[0], ("n", 3, LINE_HEIGHT_PX, "width")), (graph.output[0], ("n", "steps", len(charset) + 1))):
        for dimension, size in zip(value.type.tensor_type.shape.dim, axes, strict=True):
            dimension.Clear()
            if isinstance(size, int):
                dimension.dim_value = size
            else:
                dimension.dim_param = size
    del graph.value_info[:]
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {CHARSET_KEY: charset})
    return model


class Recogniser(nn.Module):
    """The trunk and our head. `forward`: (n, 3, 48, width) -> logits (n, steps, classes)."""

    def __init__(self, trunk: Path, charset: str = CHARSET) -> None:
        super().__init__()
        model = onnx.load(str(trunk))
        weight, bias = _new_head(model, charset)
        self.weight, self.bias = nn.Parameter(torch.tensor(weight) / HEAD_RATE), nn.Parameter(torch.tensor(bias))
        self.letters = nn.Parameter(torch.randn(weight.shape[0], LETTERS) * weight.std() / 2 / HEAD_RATE)
        table = torch.zeros(LETTERS, len(charset) + 1)
        for place, character in enumerate(charset):
            for row in letters_of(character) or ():
                table[row, place + 1] = 1.0
        self.register_buffer("table", table, persistent=False)
        self.table: Tensor
        self.graph = GraphModule(renamed(model, charset), LOGITS, computed=(HEAD_WEIGHT, HEAD_BIAS))
        self.graph.freeze_before(FROZEN_CONVOLUTIONS)

    def head(self) -> dict[str, Tensor]:
        """The folded head by initializer name."""
        return {HEAD_WEIGHT: HEAD_RATE * (self.weight + self.letters @ self.table), HEAD_BIAS: self.bias}

    def forward(self, lines: Tensor) -> Tensor:
        """Logits; softmax is in the exported graph only."""
        return self.graph(lines, self.head())

    def export(self, path: Path) -> float:
        """Writes the ONNX file and returns the largest difference of any probability between torch and onnxruntime."""
        path.parent.mkdir(parents=True, exist_ok=True)
        model = self.graph.written_back(self.head())
        onnx.save(model, str(path))
        lines = np.random.default_rng(0).uniform(-1, 1, (1, 3, LINE_HEIGHT_PX, 256)).astype(np.float32)
        with torch.no_grad():
            expected = self(torch.from_numpy(lines)).softmax(-1).numpy()
        worst = float(np.abs(run_once(path, {INPUT: lines})[OUTPUT] - expected).max())
        if not worst <= PARITY_LIMIT:
            raise ValueError(f"{path.name}: torch and onnxruntime differ by {worst:.2e}, over {PARITY_LIMIT:.0e}")
        return worst


def steps_needed(text: str) -> int:
    """Time steps that CTC needs: one a character and one between two equal neighbours."""
    return len(text) + sum(a == b for a, b in zip(text, text[1:], strict=False))


def bucket_px(line: Line) -> int:
    """The bucket width nearest to the line's own that leaves CTC enough steps."""
    width = line_width_px(*line.bgr.shape[:2])
    needed = STEP_PX * (steps_needed(line.text) + 2)
    return min((b for b in BUCKETS_PX if b >= needed), key=lambda b: abs(b - width), default=BUCKETS_PX[-1])


def _batch(lines: list[Line], width: int) -> tuple[Tensor, list[str]]:
    """Lines of one bucket, stretched to its width."""
    sheet = np.stack([cv2.resize(line.bgr, (width, LINE_HEIGHT_PX)) for line in lines])
    return torch.from_numpy(normalised(sheet)), [line.text for line in lines]


def batches(draw: Callable[[np.random.Generator], Line], budget: Budget) -> Callable[[int], Iterator[Any]]:
    """Endless batches of one width each; `budget.batch` lines at the mean width, fewer of long lines, more of short ones."""

    def of_epoch(epoch: int) -> Iterator[Any]:
        rng = np.random.default_rng((budget.seed, epoch))
        waiting: dict[int, list[Line]] = {width: [] for width in BUCKETS_PX}
        while True:
            line = draw(rng)
            width = bucket_px(line)
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


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance in characters."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def greedy(logits: Tensor, charset: str) -> list[str]:
    """CTC greedy decoding of (n, steps, classes)."""
    texts = []
    for best in logits.argmax(-1).tolist():
        kept = [k for k, before in zip(best, [0, *best], strict=False) if k and k != before]
        texts.append("".join(charset[k - 1] for k in kept))
    return texts


def accuracy(model: Any, lines: list[Line]) -> dict[str, float]:
    """Share of characters right (1 - edit distance / length), by script and damage: `hangul_clean`, `mrz_degraded`, …"""
    wrong: dict[str, int] = {}
    total: dict[str, int] = {}
    for line in lines:
        images, (text,) = _batch([line], bucket_px(line))
        with torch.autocast("cpu", torch.bfloat16):
            (read,) = greedy(model(images.contiguous(memory_format=torch.channels_last)), CHARSET)
        key = f"{line.script}_{'clean' if line.damage == DAMAGES['clean'] else 'degraded'}"
        wrong[key] = wrong.get(key, 0) + min(edit_distance(text, read), len(text))
        total[key] = total.get(key, 0) + len(text)
    return {key: 1 - wrong[key] / total[key] for key in sorted(total)}


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on drawn lines and exports `weights/text.onnx` after every validation.

    Validation reads clean and degraded lines in the fonts of the calibrate split.
    """
    cv2.setNumThreads(1)
    assets = Assets.load(None, None)
    code = {character: place + 1 for place, character in enumerate(CHARSET)}
    rng = np.random.default_rng(budget.seed + 1)
    held_out = [
        draw_line(rng, assets, "calibrate", script, damage)
        for script in ("hangul", "latin", "mrz")
        for damage in DAMAGES.values()
        for _ in range(VALIDATION_LINES // 6)
    ]
    torch.manual_seed(budget.seed)
    model = Recogniser(trunk_path()).to(memory_format=torch.channels_last)
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
                "command": "idqc train text", "data": "lines drawn on the fly (idqc.synth.lines), fonts of the train split",
                "seconds": round(time.monotonic() - started), "seed": budget.seed,
            },
            metrics=numbers, parity_max_diff=difference, licence=LICENCE, attribution=ATTRIBUTION,
        )  # fmt: skip
        return numbers

    def draw(rng: np.random.Generator) -> Line:
        return draw_line(rng, assets, "train")

    return fit(model, batches(draw, budget), STEPS_PER_EPOCH, lambda m, b: ctc_loss(m, b, code), publish, budget, out)
