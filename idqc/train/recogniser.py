"""The recogniser as a torch module: PP-OCRv6's small trunk with its weights, and a new head for our characters.

PP-OCRv6 knows 18,708 characters and no Hangul. The rows of the characters that it shares with ours are copied; each
Hangul syllable's row is the sum of a row of its own and three rows of its letters (first, middle, last), so that a
syllable seen once already profits from all others with the same letters. The sum is folded before export.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from idqc.models.text import CHARSET_KEY, INPUT, LINE_HEIGHT_PX, OUTPUT
from idqc.runtime.reference import run_once
from idqc.train.export import PARITY_LIMIT
from idqc.train.graph import GraphModule

TRUNK_PACKAGE, TRUNK_FILE = "rapidocr", "models/PP-OCRv6_rec_small.onnx"
HEAD_WEIGHT, HEAD_BIAS, LOGITS = "linear_8.w_0", "linear_8.b_0", "Add.209"
FIRST_SYLLABLE, MIDDLES, LASTS = 0xAC00, 21, 28
LETTERS = 19 + MIDDLES + LASTS
HEAD_RATE = 5.0
"""How much faster than the trunk the head learns: without batch norms of its own the trunk bears only small steps."""
FROZEN_CONVOLUTIONS = 16
"""The trunk's first stages see strokes, which all scripts share; leaving them alone saves a third of the time."""


def trunk_path() -> Path:
    """The recogniser inside the installed package rapidocr. Raises FileNotFoundError when it is not there."""
    path = Path(str(files(TRUNK_PACKAGE))) / TRUNK_FILE
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; install rapidocr, whose package holds the trunk that is fine-tuned"
        )
    return path


def letters_of(character: str) -> tuple[int, int, int] | None:
    """The rows of a Hangul syllable's first, middle and last letter in the table of 68, None for other characters."""
    place = ord(character) - FIRST_SYLLABLE
    if not 0 <= place < 11_172:
        return None
    return place // (MIDDLES * LASTS), 19 + place // LASTS % MIDDLES, 19 + MIDDLES + place % LASTS


def _new_head(model: onnx.ModelProto, charset: str) -> tuple[np.ndarray, np.ndarray]:
    """(features, classes) and (classes,): copied columns for known characters, zeros and the usual bias for others."""
    arrays = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    weight, bias = arrays[HEAD_WEIGHT], arrays[HEAD_BIAS]
    properties = {item.key: item.value for item in model.metadata_props}
    known = [*properties["character"].splitlines(), " "]
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
    for value, axes in (
        (graph.input[0], ("n", 3, LINE_HEIGHT_PX, "width")),
        (graph.output[0], ("n", "steps", len(charset) + 1)),
    ):
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

    def __init__(self, trunk: Path, charset: str) -> None:
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
