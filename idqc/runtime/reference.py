"""Runs an ONNX file once on one CPU thread, without a manifest: what export parity is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def run_once(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Feeds named arrays, returns every output by name. Opens a session a call: for exports and tests only."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))
