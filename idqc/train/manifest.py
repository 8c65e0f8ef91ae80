"""weights/manifest.toml: the passport of every weights file. Training writes it; a Release refuses a file that differs.

One table a model, under `models`. Input and output specs are read from the ONNX graph itself, so that they cannot
disagree with it; a dimension that varies is -1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tomlkit

MANIFEST = "manifest.toml"


def tensor_specs(values: Any, notes: Mapping[str, str]) -> list[dict[str, Any]]:
    """{name, dtype, shape, layout} of each graph input or output."""
    specs = []
    for value in values:
        tensor = value.type.tensor_type
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).name
        shape = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
        specs.append({"name": value.name, "dtype": dtype, "shape": shape, "layout": notes.get(value.name, "")})
    return specs


def write_entry(
    weights_dir: Path,
    name: str,
    file: Path,
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    training: Mapping[str, Any],
    metrics: Mapping[str, float],
    parity_max_diff: float,
    licence: str,
    attribution: str,
) -> None:
    """Adds or replaces the table `[models.name]` of `weights_dir/manifest.toml`; other tables stay as they are.

    Args:
        file: the ONNX file inside `weights_dir`.
        inputs, outputs: a line of layout, colour order and range for each tensor of the graph.
        training: command, data, seconds, examples, seed and whatever else explains the run; no None values.
        metrics: validation numbers, rounded here to five digits.
        parity_max_diff: what `export_onnx` returned.
        attribution: whose weights and data stand behind it.
    """
    graph = onnx.load(str(file)).graph
    known = {item.name for item in graph.initializer}
    path = weights_dir / MANIFEST
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    document.setdefault("release", f"{date.today():%Y.%m}.1")
    if "models" not in document:
        document["models"] = tomlkit.table(is_super_table=True)
    document["models"][name] = {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "licence": licence,
        "attribution": attribution,
        "parity_max_diff": float(f"{parity_max_diff:.3g}"),
        "inputs": tensor_specs([v for v in graph.input if v.name not in known], inputs),
        "outputs": tensor_specs(graph.output, outputs),
        "training": {"date": date.today().isoformat(), **training},
        "metrics": {key: round(float(value), 5) for key, value in metrics.items()},
    }
    path.write_text(tomlkit.dumps(document), encoding="utf-8")


RUN = ("seconds", "steps", "epochs", "examples")
"""What `fit` says of a run, beside the numbers of its last validation."""


def write_own(
    file: Path,
    name: str,
    data: Sequence[Path],
    photos: int,
    seed: int,
    numbers: Mapping[str, Any],
    parity_max_diff: float,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> None:
    """The entry of a model that was trained from scratch on our own photos.

    Args:
        photos: how many of split train were used.
        numbers: what `fit` returned.
    """
    write_entry(
        file.parent,
        name,
        file,
        inputs=inputs,
        outputs=outputs,
        training={
            "command": f"idqc train {name} --data {' '.join(folder.name for folder in data)}",
            "photos": photos,
            "seed": seed,
            **{key: numbers[key] for key in sorted(RUN)},
        },
        metrics={key: value for key, value in numbers.items() if key not in RUN},
        parity_max_diff=parity_max_diff,
        licence="Apache-2.0",
        attribution="Trained from scratch on synthetic photos of mock documents",
    )
