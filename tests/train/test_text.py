"""The recogniser's graph as a torch module, its new head, and a short training run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from idqc.models.text import CHARSET_KEY, INPUT, OUTPUT, STEP_PX
from idqc.runtime.reference import run_once
from idqc.synth.assets import Assets
from idqc.synth.line_texts import CHARSET
from idqc.synth.lines import draw_line
from idqc.train.graph import GraphModule
from idqc.train.loop import Budget
from idqc.train.recogniser import HEAD_BIAS, HEAD_WEIGHT, Recogniser, letters_of, trunk_path
from idqc.train.text import BUCKETS_PX, accuracy, batches, bucket_px, ctc_loss, steps_needed

SMALL = "0123456789ABC가나각힝 "


def tiny_graph() -> onnx.ModelProto:
    weight = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Identity", ["c"], ["i"]),
        helper.make_node("Relu", ["i"], ["y"]),
    ]
    tensor = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, 8, 8]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", tensor[:1], tensor[1:], [numpy_helper.from_array(weight, "w")])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])


def test_trained_values_return_into_the_graph(tmp_path: Path) -> None:
    module = GraphModule(tiny_graph(), "y")
    images = torch.rand(1, 3, 8, 8)
    module(images).sum().backward()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter -= 0.1 * parameter.grad
    onnx.save(module.written_back(), str(tmp_path / "t.onnx"))
    with torch.no_grad():
        expected = module(images).numpy()
    assert np.abs(run_once(tmp_path / "t.onnx", {"x": images.numpy()})["y"] - expected).max() < 1e-5


def test_an_unknown_operator_is_named() -> None:
    graph = tiny_graph()
    graph.graph.node[1].op_type = "Einsum"
    with pytest.raises(ValueError, match="Einsum"):
        GraphModule(graph, "y")


def test_letters_of_syllables() -> None:
    assert letters_of("가") == (0, 19, 40)
    assert letters_of("힝") == (18, 39, 61)
    assert letters_of("A") is None


def test_head_is_copied_where_known_and_exported_with_its_charset(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Recogniser(trunk_path(), SMALL)
    head = model.head()
    assert head[HEAD_WEIGHT].shape == (120, len(SMALL) + 1)
    assert head[HEAD_BIAS].shape == (len(SMALL) + 1,)
    assert model.export(tmp_path / "text.onnx") < 1e-4
    properties = {item.key: item.value for item in onnx.load(str(tmp_path / "text.onnx")).metadata_props}
    assert properties[CHARSET_KEY] == SMALL
    for width in (64, 200):
        found = run_once(tmp_path / "text.onnx", {INPUT: np.zeros((1, 3, 48, width), np.float32)})[OUTPUT]
        assert found.shape == (1, width // 8, len(SMALL) + 1)
        assert np.allclose(found.sum(-1), 1, atol=1e-4)


def test_batches_have_few_widths_and_room_for_every_character() -> None:
    assets = Assets.load(None, None)
    stream = batches(lambda rng: draw_line(rng, assets, "train"), Budget(1, 1, 1e-4))(0)
    for _ in range(3):
        lines, texts = next(stream)
        assert lines.shape[3] in BUCKETS_PX
        assert all(steps_needed(text) <= lines.shape[3] // 8 for text in texts)


def test_a_fresh_head_reads_latin_at_once_and_learns() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    assets = Assets.load(None, None)
    rng = np.random.default_rng(2)
    model = Recogniser(trunk_path(), CHARSET)
    lines = [draw_line(rng, assets, "calibrate", "mrz", 0.0) for _ in range(2)]
    with torch.no_grad():
        assert accuracy(model.eval(), lines)["mrz_clean"] > 0.8
    code = {character: place + 1 for place, character in enumerate(CHARSET)}
    line = draw_line(rng, assets, "train", "hangul", 0.0)
    batch = next(batches(lambda _: line, Budget(1, 1, 1e-4))(0))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-4)
    losses = []
    for _ in range(3):
        loss = ctc_loss(model.train(), batch, code)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert bucket_px(line) in BUCKETS_PX
    assert bucket_px(line, 0.55) < bucket_px(line)
    assert bucket_px(line, 0.01) >= STEP_PX * (steps_needed(line.text) + 2)
