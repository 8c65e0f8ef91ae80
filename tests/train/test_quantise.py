"""Padding folded into convolutions changes nothing; 8-bit twins stay close, and the manifest says how they came."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from torch import nn

from idqc.labels import FieldLabel, Label, LineLabel, to_json
from idqc.models.fraud import SPECIES, open_fraud
from idqc.release import _spec
from idqc.runtime.profile import detect
from idqc.runtime.quantisation import is_quantised
from idqc.runtime.reference import run_once, runner
from idqc.synth.line_texts import CHARSET
from idqc.train import fraud, quantise
from idqc.train.export import export_onnx
from idqc.train.manifest import write_entry
from idqc.train.padding import fold_same_padding


@pytest.fixture(scope="module")
def network() -> fraud.FraudNet:
    torch.manual_seed(0)
    return fraud.FraudNet(pretrained=False).eval()


def test_padding_as_an_attribute_gives_the_same_numbers(network: nn.Module, tmp_path: Path) -> None:
    example = torch.rand(1, 3, 160, 160)
    export_onnx(network, [example], (["tiles"], ["logits", "maps"]), tmp_path / "net.onnx")
    model = onnx.load(str(tmp_path / "net.onnx"))
    assert fold_same_padding(model) == 5
    onnx.save(model, str(tmp_path / "folded.onnx"))
    assert not {"Pad", "Shape", "Ceil"} & {node.op_type for node in model.graph.node}
    tiles = {"tiles": np.random.default_rng(1).random((1, 3, 160, 160), np.float32)}
    before, after = (run_once(tmp_path / name, tiles) for name in ("net.onnx", "folded.onnx"))
    np.testing.assert_allclose(after["maps"], before["maps"], atol=1e-5)


def test_padding_of_another_kind_is_refused() -> None:
    node = onnx.helper.make_node
    nodes = [
        node("Pad", ["x", "sides"], ["wide"]),
        node("Conv", ["wide", "w"], ["y"], kernel_shape=[3, 3], strides=[1, 1], pads=[0, 0, 0, 0]),
    ]
    sides = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in ("x", "y")]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", sides[:1], sides[1:]))
    with pytest.raises(ValueError, match="not padded as expected"):
        fold_same_padding(model)


def test_accuracy_of_each_head_counts_the_crops_that_it_looks_at() -> None:
    targets = [{"kind": "tile", "label": "screen"}, {"kind": "tile", "label": None}, {"kind": "field", "label": True}]
    targets += [{"kind": "field", "label": False}, {"kind": "portrait", "label": False}]
    rows = [np.array([3.0, 0, 0, 0, -9]), np.zeros(5), np.array([9.0, 0, 0, 0, -1]), np.zeros(5), np.zeros(5)]
    assert quantise.fraud_accuracy(targets, rows) == {"auc_screen": 1.0, "auc_text_tamper": 0.0}


def test_accuracy_of_reading_goes_by_script() -> None:
    said = {truth: np.eye(len(CHARSET) + 1)[[CHARSET.index(c) + 1 for c in truth]] for truth in ("12", "KIM")}
    found = quantise.text_accuracy(["12", "KIT"], [said["12"], said["KIM"]])
    assert found == {"digits_photos": 1.0, "latin_photos": pytest.approx(2 / 3)}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng, lines = np.random.default_rng(0), []
    box = [[300.0, 120.0], [420.0, 120.0], [420.0, 145.0], [300.0, 145.0]]
    quad = [[60.0, 50.0], [700.0, 60.0], [690.0, 460.0], [70.0, 450.0]]
    for number in range(8):
        picture = cv2.resize(rng.integers(80, 220, (130, 190, 3), np.uint8), (760, 520))
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), picture)
        name = FieldLabel(box, "KIM", True, [LineLabel(box, "KIM")])
        attack = None if number % 2 else SPECIES[0]
        split = "train" if number < 4 else "calibrate"
        lines.append(to_json(Label(f"{number}.jpg", "td1", quad, {"name": name}, attack=attack, split=split)))
    (tmp_path / "labels.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_twin_is_near_and_the_manifest_says_so(
    network: nn.Module, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise, "RUNS_TIMED", 2)
    weights = tmp_path / "weights"
    parity, _ = fraud.export(network, {}, weights / "fraud.onnx")
    write_entry(
        weights, "fraud", weights / "fraud.onnx", inputs={}, outputs={}, training={}, metrics={},
        parity_max_diff=parity, licence="Apache-2.0", attribution="",
    )  # fmt: skip
    before = weights.joinpath("fraud.onnx").read_bytes()
    report = quantise.make_twin("fraud", [photos], weights, samples=3, held_out=6)
    entry = tomllib.loads((weights / "manifest.toml").read_text())["models"]["fraud"]
    assert entry["quantisation"]["float32_sha256"] == hashlib.sha256(before).hexdigest()
    assert entry["quantisation"]["held_out"] == report["held_out"] == 6
    assert set(report["before"]) == set(report["after"])
    (tmp_path / "float.onnx").write_bytes(before)
    tiles = {"tiles": np.random.default_rng(1).random((1, 3, 160, 160), np.float32)}
    one, other = (run(tiles)["logits"] for run in (runner(tmp_path / "float.onnx"), runner(weights / "fraud.onnx")))
    assert 0 < np.abs(one - other).max() < 0.2
    twin = onnx.load(str(weights / "fraud.onnx"))
    assert is_quantised(twin)
    assert json.loads({item.key: item.value for item in twin.metadata_props}["grayscale_copy"])
    assert len(weights.joinpath("fraud.onnx").read_bytes()) < 0.4 * len(before)
    open_fraud(weights, _spec("fraud", entry), detect())
    with pytest.raises(ValueError, match="quantised already"):
        quantise.make_twin("fraud", [photos], weights, samples=1, held_out=1)
