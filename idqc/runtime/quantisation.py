"""Makes an ONNX file's convolutions compute with 8-bit integers. For releases only; running such a file needs nothing.

Activations are unsigned and asymmetric, weights signed, symmetric and per channel (U8S8, as QuantizeLinear and
DequantizeLinear pairs). Weights take 7 of their 8 bits: without VNNI, a processor adds two products in 16 bits, which
overflow with 8-bit weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import version_converter
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

Inputs = Mapping[str, NDArray[np.float32]]

OPSET = 13
"""The first whose QuantizeLinear knows a scale a channel."""
UNWANTED = ("ConvActivationFusion", "ConvAddActivationFusion", "MatmulTransposeFusion", "MatMulScaleFusion")
"""Fusions whose nodes the quantiser does not know; the session makes them where they still apply."""


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self, inputs: Iterable[Inputs]) -> None:
        self._left: Iterator[Inputs] = iter(inputs)

    def get_next(self) -> Inputs | None:
        return next(self._left, None)


def is_quantised(model: onnx.ModelProto) -> bool:
    """Whether some of the graph already computes with integers."""
    return any(node.op_type in ("QuantizeLinear", "DynamicQuantizeMatMul") for node in model.graph.node)


def quantise(
    model: onnx.ModelProto, out: Path, inputs: Iterable[Inputs], operators: Sequence[str], kept: Sequence[str] = ()
) -> None:
    """Writes the 8-bit twin of a float32 model.

    Args:
        model: float32, not quantised yet; stays as it is. Its metadata goes over to the twin.
        inputs: what the model sees in service, one run each; about a hundred.
        operators: ONNX operators that are to compute with integers.
        kept: names of nodes that stay float32.

    Raises:
        ValueError: the model is quantised already.
    """
    if is_quantised(model):
        raise ValueError("the model is quantised already: start from the float32 file that training wrote")
    with TemporaryDirectory() as folder:
        fused, quantised = Path(folder) / "fused.onnx", Path(folder) / "quantised.onnx"
        onnx.save(fused_float32(model, Path(folder)), str(fused))
        quantize_static(
            str(fused),
            str(quantised),
            _Reader(inputs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(operators),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(kept),
        )
        twin = onnx.load(str(quantised))
    save_twin(twin, model, out)


def save_twin(twin: onnx.ModelProto, model: onnx.ModelProto, out: Path) -> None:
    """Writes a twin with the metadata of its float32 model, naming no more sets of operators than it uses."""
    used = {node.domain for node in twin.graph.node}
    imports = [item for item in twin.opset_import if item.domain in used]
    del twin.opset_import[:]
    twin.opset_import.extend(imports)
    del twin.metadata_props[:]
    twin.metadata_props.extend(model.metadata_props)
    onnx.save(twin, str(out))


def fused_float32(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """Folds constants and joins the parts of an activation into one node, which integers on both sides would part.
    The folder is for files on the way."""
    plain, fused = folder / "plain.onnx", folder / "joined.onnx"
    known = {item.domain: item.version for item in model.opset_import}
    onnx.save(model if known[""] >= OPSET else version_converter.convert_version(model, OPSET), str(plain))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(fused)
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    onnxruntime.InferenceSession(
        str(plain), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(UNWANTED)
    )
    return onnx.load(str(fused))
