"""A checked ONNX session: file, inputs and outputs are what the manifest says, or it does not load."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from idqc.errors import SetupError
from idqc.runtime.profile import Profile

Tensors = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class TensorSpec:
    """One input or output: name, dtype such as `float32`, shape with None for what may vary."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class ModelSpec:
    """A model's line in the manifest, as far as running it needs."""

    name: str
    file: str
    sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class Session:
    """One shared ONNX session. `run` may be called from many threads at once."""

    def __init__(self, path: Path, spec: ModelSpec, profile: Profile) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = profile.intra_op_threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if not profile.wide_sums:
            options.add_session_config_entry("session.x64quantprecision", "1")
        options.log_severity_level = 3
        self.spec = spec
        self._session = onnxruntime.InferenceSession(str(path), options, providers=list(profile.providers))
        self._outputs = [output.name for output in spec.outputs]

    @property
    def metadata(self) -> Mapping[str, str]:
        """The key-value pairs that training stored inside the ONNX file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, inputs: Tensors) -> dict[str, NDArray[np.float32]]:
        """Runs the model once. Keys are the input names of the manifest; so are the keys of the answer."""
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))

    def check(self) -> None:
        """Compares the file's inputs and outputs with the manifest. Raises SetupError on any difference."""
        for kind, declared, found in (
            ("input", self.spec.inputs, self._session.get_inputs()),
            ("output", self.spec.outputs, self._session.get_outputs()),
        ):
            by_name = {node.name: node for node in found}
            for tensor in declared:
                node = by_name.get(tensor.name)
                if node is None:
                    raise _differs(self.spec, f"has no {kind} named {tensor.name}")
                if node.type != f"tensor({_ONNX_TYPES[tensor.dtype]})":
                    raise _differs(self.spec, f"{kind} {tensor.name} is {node.type}, not {tensor.dtype}")
                shape = [size if isinstance(size, int) else None for size in node.shape]
                if len(shape) != len(tensor.shape) or any(
                    want is not None and have is not None and want != have
                    for want, have in zip(tensor.shape, shape, strict=True)
                ):
                    raise _differs(self.spec, f"{kind} {tensor.name} has shape {shape}, not {list(tensor.shape)}")


_ONNX_TYPES = {"float32": "float", "float16": "float16", "int64": "int64", "uint8": "uint8"}


def open_session(folder: Path, spec: ModelSpec, profile: Profile) -> Session:
    """Opens a model after checking its sha256 and its tensors against the manifest.

    Raises:
        SetupError: the file is missing, is another file, or has other inputs or outputs.
    """
    path = folder / spec.file
    if not path.is_file():
        raise SetupError(
            f"The weights of model {spec.name} ({spec.file}) are missing.",
            "Restore weights/ from the release, or point IDQC_WEIGHTS_DIR at a complete folder.",
            code="setup.weights_missing",
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != spec.sha256:
        raise SetupError(
            f"The weights of model {spec.name} have sha256 {digest[:12]}…; the manifest says {spec.sha256[:12]}….",
            "The file and manifest.toml are of different releases: restore both from one.",
            code="setup.weights_differ",
        )
    try:
        session = Session(path, spec, profile)
    except onnxruntime.capi.onnxruntime_pybind11_state.Fail as broken:
        raise _differs(spec, "cannot be loaded by the installed onnxruntime") from broken
    session.check()
    return session


def _differs(spec: ModelSpec, what: str) -> SetupError:
    return SetupError(
        f"Model {spec.name}: the file {what}.",
        "The manifest and the file do not belong together: restore both from one release.",
        code="setup.model_spec",
    )
