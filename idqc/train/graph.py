"""A pretrained inference graph, made trainable: the nodes of an ONNX file run as torch operators over torch parameters.

`GraphModule.written_back()` puts the trained tensors into the original graph by initializer name, so the
exported file keeps its structure and its dynamic axes. Only the operators of PP-OCR recognisers are known; another
one raises at construction, not in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor, nn

Node = tuple[str, list[str], list[str], dict[str, Any]]
_ERF_GELU = ["Div", "Erf", "Add", "Mul", "Mul"]


def _conv(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    image, weight = values[0], values[1]
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    padding = [top, left]
    if (top, left) != (bottom, right) or attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        image, padding = _padded(image, attributes, 0.0), [0, 0]
    return F.conv2d(
        image,
        weight,
        values[2] if len(values) > 2 else None,
        attributes.get("strides", [1, 1]),
        padding,
        attributes.get("dilations", [1, 1]),
        attributes.get("group", 1),
    )


def _same_upper(image: Tensor, kernel: Sequence[int], strides: Sequence[int]) -> list[int]:
    pads: list[int] = []
    for size, window, stride in list(zip(image.shape[2:], kernel, strides, strict=True))[::-1]:
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        pads += [total // 2, total - total // 2]
    return pads


def _padded(image: Tensor, attributes: dict[str, Any], fill: float) -> Tensor:
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        pads = _same_upper(image, kernel, strides)
    else:
        top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
        pads = [left, right, top, bottom]
    return F.pad(image, pads, value=fill) if any(pads) else image


def _max_pool(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    image = _padded(values[0], attributes, -1e30)
    ceil_mode = bool(attributes.get("ceil_mode", 0))
    return F.max_pool2d(image, attributes["kernel_shape"], attributes.get("strides", [1, 1]), ceil_mode=ceil_mode)


def _average_pool(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    if (top, left) != (bottom, right):
        raise ValueError("average pooling with uneven padding is not supported")
    return F.avg_pool2d(
        values[0],
        attributes["kernel_shape"],
        attributes.get("strides", [1, 1]),
        [top, left],
        ceil_mode=bool(attributes.get("ceil_mode", 0)),
        count_include_pad=bool(attributes.get("count_include_pad", 0)),
    )


def _slice(values: list[Any], _attributes: dict[str, Any]) -> Tensor:
    data, starts, ends = values[0], values[1].tolist(), values[2].tolist()
    axes = values[3].tolist() if len(values) > 3 else range(len(starts))
    steps = values[4].tolist() if len(values) > 4 else [1] * len(starts)
    index = [slice(None)] * data.dim()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        index[axis] = slice(start, end if end < 2**31 - 1 else None, step)
    cut: Tensor = data[tuple(index)]
    return cut


def _squeeze(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    return torch.squeeze(values[0], tuple(attributes["axes"]))


def _unsqueeze(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    data: Tensor = values[0]
    for axis in sorted(attributes["axes"]):
        data = data.unsqueeze(axis)
    return data


def _reshape(values: list[Any], _attributes: dict[str, Any]) -> Tensor:
    data: Tensor = values[0]
    shape = [data.shape[axis] if size == 0 else int(size) for axis, size in enumerate(values[1].tolist())]
    return data.reshape(shape)


def _batch_norm(values: list[Any], attributes: dict[str, Any]) -> Tensor:
    scale, bias, mean, variance = values[1:5]
    return F.batch_norm(values[0], mean, variance, scale, bias, False, 0.0, attributes.get("epsilon", 1e-5))


OPERATORS: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {
    "Add": lambda v, a: v[0] + v[1],
    "Sub": lambda v, a: v[0] - v[1],
    "Mul": lambda v, a: v[0] * v[1],
    "Div": lambda v, a: v[0] / v[1],
    "Pow": lambda v, a: v[0].pow(v[1]),
    "Sqrt": lambda v, a: v[0].sqrt(),
    "Erf": lambda v, a: torch.erf(v[0]),
    "Gelu": lambda v, a: F.gelu(v[0]),
    "Relu": lambda v, a: F.relu(v[0]),
    "Sigmoid": lambda v, a: torch.sigmoid(v[0]),
    "HardSigmoid": lambda v, a: (v[0] * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
    "MatMul": lambda v, a: v[0] @ v[1],
    "Transpose": lambda v, a: v[0].permute(a["perm"]),
    "Softmax": lambda v, a: v[0].softmax(a.get("axis", -1)),
    "ReduceMean": lambda v, a: v[0].mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "Shape": lambda v, a: torch.tensor(list(v[0].shape)),
    "Concat": lambda v, a: torch.cat(v, a["axis"]),
    "Conv": _conv,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
}


def _needed_nodes(graph: onnx.GraphProto, outputs: Sequence[str]) -> list[onnx.NodeProto]:
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(node.input)
    return kept[::-1]


def _simplified(nodes: list[onnx.NodeProto], outputs: Sequence[str]) -> list[Node]:
    """Drops identities (unless an output) and fuses the five nodes that spell an erf GELU into one."""
    alias: dict[str, str] = {}
    plain: list[Node] = []
    for node in nodes:
        inputs = [alias.get(name, name) for name in node.input]
        if node.op_type in ("Identity", "Dropout") and node.output[0] not in outputs:
            alias[node.output[0]] = inputs[0]
            continue
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        plain.append((node.op_type, inputs, list(node.output), attributes))
    fused: list[Node] = []
    position = 0
    while position < len(plain):
        if [node[0] for node in plain[position : position + 5]] == _ERF_GELU:
            fused.append(("Gelu", plain[position][1][:1], plain[position + 4][2], {}))
            position += 5
        else:
            fused.append(plain[position])
            position += 1
    return fused


class GraphModule(nn.Module):
    """An ONNX graph as a torch module: float initializers with more than one element are parameters.

    Args:
        model: the graph; it is not changed.
        output: which tensor `forward` returns; any inner tensor will do (logits instead of probabilities).
        computed: initializer names whose values the caller passes to `forward` instead (a head built from parts).

    The running statistics of batch normalisation stay frozen.
    """

    def __init__(self, model: onnx.ModelProto, output: str, computed: Sequence[str] = ()) -> None:
        super().__init__()
        graph = model.graph
        self._model = model
        self._output = output
        self._input = next(i.name for i in graph.input if i.name not in {k.name for k in graph.initializer})
        self._nodes = _simplified(_needed_nodes(graph, [output]), [output])
        unknown = sorted({node[0] for node in self._nodes} - set(OPERATORS))
        if unknown:
            raise ValueError(f"operators that GraphModule does not know: {', '.join(unknown)}")
        used = {name for node in self._nodes for name in node[1]}
        frozen = {name for node in self._nodes if node[0] == "BatchNormalization" for name in node[1][3:5]}
        self.parameters_by_key = nn.ParameterDict()
        self._key_of: dict[str, str] = {}
        self._constants: dict[str, Tensor] = {}
        for initializer in graph.initializer:
            if initializer.name not in used or initializer.name in computed:
                continue
            array = numpy_helper.to_array(initializer)
            if array.dtype == np.float32 and array.size > 1:
                key = f"p{len(self._key_of)}"
                self._key_of[initializer.name] = key
                trainable = initializer.name not in frozen
                self.parameters_by_key[key] = nn.Parameter(torch.tensor(array), requires_grad=trainable)
            else:
                self._constants[initializer.name] = torch.tensor(array)
        last_use = {name: step for step, node in enumerate(self._nodes) for name in node[1]}
        self._released = [
            [n for n in set(node[1]) if last_use[n] == step and n != output] for step, node in enumerate(self._nodes)
        ]

    def freeze_before(self, convolution: int) -> None:
        """Freezes every parameter used before the convolution of this number (in the order of the graph)."""
        places = [place for place, node in enumerate(self._nodes) if node[0] == "Conv"]
        for node in self._nodes[: places[convolution]]:
            for name in node[1]:
                if name in self._key_of:
                    self.parameters_by_key[self._key_of[name]].requires_grad_(False)

    def forward(self, images: Tensor, computed: dict[str, Tensor] | None = None) -> Tensor:
        """Runs the graph on its one input and returns the chosen tensor."""
        values: dict[str, Any] = {self._input: images, **self._constants, **(computed or {})}
        # Under autocast a float32 bias would turn every sum back into float32, and the copies cost a fifth of the time.
        mixed = torch.is_autocast_enabled("cpu")
        for name, key in self._key_of.items():
            values[name] = self.parameters_by_key[key].bfloat16() if mixed else self.parameters_by_key[key]
        for (operator, inputs, outputs, attributes), released in zip(self._nodes, self._released, strict=True):
            arguments = [values[name] if name else None for name in inputs]
            values[outputs[0]] = OPERATORS[operator](arguments, attributes)
            for name in released:
                values.pop(name, None)
        result: Tensor = values[self._output]
        return result

    def written_back(self, computed: dict[str, Tensor] | None = None) -> onnx.ModelProto:
        """A copy of the graph with the trained values (and the `computed` ones) in place of the initializers'."""
        trained = {name: self.parameters_by_key[key] for name, key in self._key_of.items()} | (computed or {})
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        for initializer in model.graph.initializer:
            if initializer.name in trained:
                array = trained[initializer.name].detach().float().cpu().numpy()
                initializer.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), initializer.name))
        return model
