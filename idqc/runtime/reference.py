"""Runs an ONNX file on one CPU thread, without a manifest: what exports are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime

Run: TypeAlias = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]
"""Takes arrays by input name, answers arrays by output name."""


def runner(path: Path) -> Run:
    """Opens a file to be run many times."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, dict(inputs)), strict=True))


def run_once(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Feeds named arrays, returns every output by name. Opens a session a call: for exports and tests only."""
    return runner(path)(inputs)
