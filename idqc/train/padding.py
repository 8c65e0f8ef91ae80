"""Padding that an exported graph computes anew in every run, although its input has one size, becomes numbers."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper


def fold_same_padding(model: onnx.ModelProto) -> int:
    """Gives every convolution behind a computed `Pad` that padding itself, in place; answers how many there were.

    TensorFlow's `same` padding depends on the size of the input. Where every stage has an even number of pixels, as at
    160 px, a convolution of stride 2 always gets the same: one pixel more below and to the right. As an attribute it
    costs nothing; computed, it was a quarter of the fraud model's time.

    Raises:
        ValueError: a padded convolution has another stride than 2 or a kernel that is not square.
    """
    graph = model.graph
    padded = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Pad"}
    folded = 0
    for node in graph.node:
        if node.op_type != "Conv" or node.input[0] not in padded:
            continue
        settings: dict[str, Any] = {attribute.name: attribute for attribute in node.attribute}
        kernel, strides = settings["kernel_shape"].ints, settings["strides"].ints
        if list(strides) != [2, 2] or kernel[0] != kernel[1]:
            raise ValueError(f"{node.name}: kernel {list(kernel)} of strides {list(strides)} is not padded as expected")
        before, after = (kernel[0] - 2) // 2, (kernel[0] - 1) // 2
        node.attribute.remove(settings["pads"])
        node.attribute.append(helper.make_attribute("pads", [before, before, after, after]))
        node.input[0] = padded[node.input[0]]
        folded += 1
    _drop_unused(graph)
    return folded


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Takes out of a graph what no output depends on."""
    wanted = {output.name for output in graph.output}
    # Nodes stand in the order in which they run, so that one pass from the end sees every use first.
    kept = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    for item in [item for item in graph.initializer if item.name not in wanted]:
        graph.initializer.remove(item)
    del graph.value_info[:]
