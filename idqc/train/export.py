"""From a torch module to an ONNX file, with proof that both compute the same."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from idqc.runtime.reference import run_once

OPSET = 17
PARITY_LIMIT = 1e-4


def export_onnx(
    model: Any,
    example_inputs: Sequence[Any],
    names: tuple[Sequence[str], Sequence[str]],
    path: Path,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> float:
    """Writes `model` (put into eval mode) to `path` and compares it with torch on `example_inputs`.

    Args:
        example_inputs: float32 tensors, one for each input name; give noise or real pictures, not zeros.
        names: input names, output names.
        dynamic: {input or output name: {axis: axis name}} for axes whose length varies.

    Returns:
        The largest absolute difference of any output between torch and onnxruntime.

    Raises:
        ValueError: the difference is over 1e-4.
    """
    model.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), torch.no_grad():
        # The TorchScript exporter is deprecated, but takes dynamic axes of these models in seconds, not minutes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(example_inputs),
            str(path),
            input_names=list(names[0]),
            output_names=list(names[1]),
            dynamic_axes={name: dict(axes) for name, axes in (dynamic or {}).items()},
            opset_version=OPSET,
            dynamo=False,
        )
        expected = model(*example_inputs)
    expected = expected if isinstance(expected, (tuple, list)) else (expected,)
    found = run_once(path, dict(zip(names[0], (x.numpy() for x in example_inputs), strict=True)))
    differences = [
        float(np.abs(found[name] - value.numpy()).max()) for name, value in zip(names[1], expected, strict=True)
    ]
    worst = max(differences)
    if not worst <= PARITY_LIMIT:
        raise ValueError(f"{path.name}: torch and onnxruntime differ by {worst:.2e}, over {PARITY_LIMIT:.0e}")
    return worst
