"""Makes an ONNX file's pointwise convolutions matrix products of 8-bit integers, between tensors that stay float32.

A convolution of 1 x 1 is a product of matrices once channels stand last, and a processor with AMX or VNNI multiplies
8-bit matrices many times as fast as float32. Weights are signed, symmetric, per channel and of 8 bits;
each run finds the range of its own activations, so that no samples are needed and little is lost.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from idqc.runtime.quantisation import fused_float32, is_quantised, save_twin

LARGEST_WEIGHT = 127
"""All 8 bits: of 7, fields of photos showed the loss. `Session` asks for kernels that do not overflow with them."""
WIDE_COLUMNS = 1024
"""Matrix products with constants of at least so many columns, a recogniser's classes, are taken over too."""
ALONE = ("Gelu", "QuickGelu", "Relu")
CHANNELS_LAST, CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def quantise_pointwise(model: onnx.ModelProto, out: Path) -> int:
    """Writes the twin of a float32 model and answers how many products of it compute with integers.

    Args:
        model: float32, not quantised yet; stays as it is. Its metadata goes over to the twin.

    Raises:
        ValueError: the model is quantised already.
    """
    if is_quantised(model):
        raise ValueError("the model is quantised already: start from the float32 file that training wrote")
    with TemporaryDirectory() as folder:
        twin = fused_float32(model, Path(folder))
    rewriting = _Rewriting(twin)
    for node in list(twin.graph.node):
        rewriting.take(node)
    rewriting.finish()
    save_twin(twin, model, out)
    return rewriting.products


def eight_bits(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(rows, columns) float32 to int8 of the same shape and the scale of each column, (columns,) float32."""
    scale = np.abs(weight).max(axis=0) / LARGEST_WEIGHT
    scale[scale == 0] = 1.0
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


class _Rewriting:
    """Goes through a graph in the order of its runs; what lies between two products keeps channels last."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph: Any = model.graph
        self.products = 0
        self._constants = {item.name: numpy_helper.to_array(item) for item in self.graph.initializer}
        self._nodes: list[Any] = []
        self._added: list[Any] = []
        self._last: dict[str, str] = {}
        """Tensor to its copy with channels last."""
        self._only_last: set[str] = set()
        """Tensors of which there is no other copy yet."""
        self._means: set[str] = set()
        """Tensors of one pixel, whose products are too small to gain."""
        self._waiting: dict[str, Any] = {}
        """Wide products by output, until the bias is known that is added to them."""

    def take(self, node: Any) -> None:
        """Rewrites a node, or keeps it."""
        settings = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        computed = [name for name in node.input if name not in self._constants]
        if self._means.issuperset(computed) or _is_mean(node, settings):
            self._means.update(node.output)
        if _is_mean(node, settings):
            self._keep(helper.make_node("GlobalAveragePool", node.input, node.output, name=node.name))
        elif self._is_pointwise(node, settings):
            weight = self._constants[node.input[1]][:, :, 0, 0].T
            self._multiply(node, self._with_channels_last(node.input[0]), weight, node.input[2], self._new(node))
        elif self._is_wide(node):
            self._waiting[node.output[0]] = node
        elif node.op_type == "Add" and computed and computed[0] in self._waiting and len(computed) == 1:
            wide = self._waiting.pop(computed[0])
            bias = next(name for name in node.input if name in self._constants)
            weight = self._constants[wide.input[1]]
            self._multiply(wide, self._with_channels_first(wide.input[0]), weight, bias, node.output[0])
        elif self._moves_along(node, computed):
            inputs = [self._with_channels_last(name) for name in node.input]
            moved = helper.make_node(node.op_type, inputs, [self._new(node)], name=node.name, domain=node.domain)
            moved.attribute.extend(node.attribute)
            self._nodes.append(moved)
        else:
            self._keep(node)

    def finish(self) -> None:
        """Puts the new nodes and constants in the place of the old ones."""
        if self._waiting:
            raise ValueError(f"no bias is added to {', '.join(self._waiting)}")
        for output in self.graph.output:
            self._with_channels_first(output.name)
        used = {name for node in self._nodes for name in node.input}
        kept = [item for item in (*self.graph.initializer, *self._added) if item.name in used]
        for part, items in (
            (self.graph.node, self._nodes),
            (self.graph.initializer, kept),
            (self.graph.value_info, []),
        ):
            del part[:]
            part.extend(items)

    def _is_pointwise(self, node: Any, settings: dict[str, Any]) -> bool:
        return (
            node.op_type == "Conv"
            and len(node.input) == 3
            and all(name in self._constants for name in node.input[1:])
            and node.input[0] not in self._means
            and settings.get("group", 1) == 1
            and set(settings["kernel_shape"]) | set(settings.get("strides", [1])) == {1}
            and not any(settings.get("pads", []))
        )

    def _is_wide(self, node: Any) -> bool:
        constant = self._constants.get(node.input[1]) if node.op_type == "MatMul" else None
        return constant is not None and constant.ndim == 2 and constant.shape[1] >= WIDE_COLUMNS

    def _moves_along(self, node: Any, computed: list[str]) -> bool:
        if node.op_type in ALONE:
            return node.input[0] in self._only_last
        two = node.op_type in ("Add", "Mul") and len(computed) == 2 and not self._means.issuperset(computed)
        return two and (not self._only_last.isdisjoint(computed) or not self._means.isdisjoint(computed))

    def _multiply(self, node: Any, rows: str, weight: NDArray[np.float32], bias: str, output: str) -> None:
        numbers, scale = eight_bits(weight)
        names = [f"{node.input[1]}_{part}" for part in ("numbers", "scale")]
        self._added += map(numpy_helper.from_array, (numbers, scale), names)
        inputs = [rows, *names, "", bias]
        self._nodes.append(
            helper.make_node("DynamicQuantizeMatMul", inputs, [output], name=node.name, domain="com.microsoft")
        )
        self.products += 1

    def _new(self, node: Any) -> str:
        """The name of a node's output with channels last."""
        name = self._last[node.output[0]] = f"{node.output[0]}_last"
        self._only_last.add(node.output[0])
        return name

    def _keep(self, node: Any) -> None:
        for name in node.input:
            self._with_channels_first(name)
        self._nodes.append(node)

    def _with_channels_last(self, name: str) -> str:
        if name not in self._last:
            self._last[name] = f"{name}_last"
            self._nodes.append(helper.make_node("Transpose", [name], [self._last[name]], perm=CHANNELS_LAST))
        return self._last[name]

    def _with_channels_first(self, name: str) -> str:
        if name in self._only_last:
            self._only_last.remove(name)
            self._nodes.append(helper.make_node("Transpose", [self._last[name]], [name], perm=CHANNELS_FIRST))
        return name


def _is_mean(node: Any, settings: dict[str, Any]) -> bool:
    """Whether it takes the mean over all pixels, which one operator does in any layout."""
    return bool(
        node.op_type == "ReduceMean" and list(settings.get("axes", ())) == [2, 3] and settings.get("keepdims", 1)
    )
