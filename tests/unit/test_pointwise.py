"""The rewriting of pointwise convolutions: the same graph but for what 8 bits round away, and it knows its limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from idqc.runtime.pointwise import WIDE_COLUMNS, eight_bits, quantise_pointwise
from idqc.runtime.quantisation import is_quantised
from idqc.runtime.reference import run_once

CHANNELS, PIXELS = 32, {"picture": np.random.default_rng(3).normal(size=(1, 32, 6, 20)).astype(np.float32)}


def network() -> onnx.ModelProto:
    """A block as the recogniser has them: filter, squeeze, two pointwise convolutions, a way around, classes."""
    rng, node = np.random.default_rng(1), helper.make_node
    shapes = {
        "filter": (CHANNELS, 1, 3, 3), "filter_bias": (CHANNELS,),
        "squeeze": (8, CHANNELS, 1, 1), "squeeze_bias": (8,), "excite": (CHANNELS, 8, 1, 1), "excite_bias": (CHANNELS,),
        "wider": (64, CHANNELS, 1, 1), "wider_bias": (64,), "back": (CHANNELS, 64, 1, 1), "back_bias": (CHANNELS,),
        "classes": (CHANNELS, WIDE_COLUMNS), "classes_bias": (WIDE_COLUMNS,),
    }  # fmt: skip
    constants = [
        numpy_helper.from_array((rng.normal(size=shape) / 6).astype(np.float32), name) for name, shape in shapes.items()
    ]
    nodes = [
        node("Conv", ["picture", "filter", "filter_bias"], ["seen"], group=CHANNELS, pads=[1] * 4, kernel_shape=[3, 3]),
        node("ReduceMean", ["seen"], ["mean"], axes=[2, 3]),
        node("Conv", ["mean", "squeeze", "squeeze_bias"], ["few"], kernel_shape=[1, 1]),
        node("Relu", ["few"], ["few_kept"]),
        node("Conv", ["few_kept", "excite", "excite_bias"], ["logits"], kernel_shape=[1, 1]),
        node("HardSigmoid", ["logits"], ["gates"]),
        node("Mul", ["seen", "gates"], ["gated"]),
        node("Conv", ["gated", "wider", "wider_bias"], ["wide"], kernel_shape=[1, 1]),
        node("Relu", ["wide"], ["wide_kept"]),
        node("Conv", ["wide_kept", "back", "back_bias"], ["narrow"], kernel_shape=[1, 1]),
        node("Add", ["gated", "narrow"], ["sum"]),
        node("ReduceMean", ["sum"], ["columns"], axes=[2], keepdims=0),
        node("Transpose", ["columns"], ["steps"], perm=[0, 2, 1]),
        node("MatMul", ["steps", "classes"], ["products"]),
        node("Add", ["products", "classes_bias"], ["answer"]),
    ]
    sides = [
        helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, CHANNELS, 6, "width"]),
        helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, "width", WIDE_COLUMNS]),
    ]
    graph = helper.make_graph(nodes, "block", sides[:1], sides[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    helper.set_model_props(model, {"charset": "ab"})
    return model


def test_a_block_says_nearly_the_same_in_8_bits(tmp_path: Path) -> None:
    model = network()
    onnx.save(model, str(tmp_path / "float.onnx"))
    assert quantise_pointwise(model, tmp_path / "twin.onnx") == 3
    one, other = (run_once(tmp_path / name, PIXELS)["answer"] for name in ("float.onnx", "twin.onnx"))
    assert one.shape == other.shape
    assert 0 < np.abs(one - other).max() < 0.03 * np.abs(one).max()
    twin = onnx.load(str(tmp_path / "twin.onnx"))
    assert {item.key: item.value for item in twin.metadata_props} == {"charset": "ab"}
    assert sum(node.op_type == "Conv" for node in twin.graph.node) == 3
    # One way into the block with channels last, and one out of it; the gates are turned too.
    assert sum(node.op_type == "Transpose" for node in twin.graph.node) == 4


def test_a_twin_is_not_made_of_a_twin(tmp_path: Path) -> None:
    quantise_pointwise(network(), tmp_path / "twin.onnx")
    twin = onnx.load(str(tmp_path / "twin.onnx"))
    assert is_quantised(twin)
    with pytest.raises(ValueError, match="quantised already"):
        quantise_pointwise(twin, tmp_path / "other.onnx")


def test_eight_bits_stay_within_half_a_step_of_each_column() -> None:
    weight = np.random.default_rng(2).normal(size=(40, 5)).astype(np.float32) * [1, 10, 0.1, 0, 3]
    numbers, scale = eight_bits(weight.astype(np.float32))
    assert np.abs(numbers).max() == 127
    assert (np.abs(numbers * scale - weight) <= scale / 2 + 1e-6).all()
    assert not numbers[:, 3].any()
