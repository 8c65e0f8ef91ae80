"""InsightFace really run, on a detector graph that is built here: SCRFD's nine outputs, one face in the middle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from idqc.engines.insight import LOOKED_AT_PX, open_insight
from idqc.errors import SetupError
from idqc.models.portrait import PortraitReading
from idqc.photo.geometry import rectangle

STRIDES = (8, 16, 32)


def write_detector(path: Path, confidence: float) -> None:
    """SCRFD with two anchors a place: all scores 0 but one at the centre of the middle stride."""
    values: dict[str, np.ndarray] = {}
    for stride in STRIDES:
        side = LOOKED_AT_PX // stride
        scores = np.zeros((side * side * 2, 1), np.float32)
        if stride == 16:
            scores[(side // 2 * side + side // 2) * 2] = confidence
        values[f"score_{stride}"] = scores
    for stride in STRIDES:
        values[f"box_{stride}"] = np.full((len(values[f"score_{stride}"]), 4), 5.0, np.float32)
    for stride in STRIDES:
        values[f"points_{stride}"] = np.tile(
            np.float32([-2, -1, 2, -1, 0, 0, -1.5, 2, 1.5, 2]), (len(values[f"score_{stride}"]), 1)
        )
    nodes = [
        helper.make_node("ReduceMean", ["input.1"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}_value", "nothing"], [name]) for name in values),
    ]
    constants = [numpy_helper.from_array(value, f"{name}_value") for name, value in values.items()]
    constants.append(numpy_helper.from_array(np.zeros((), np.float32), "zero"))
    inputs = [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "height", "width"])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(v.shape)) for name, v in values.items()]
    graph = helper.make_graph(nodes, "detector", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 9
    onnx.save(model, path)


@pytest.fixture
def reading() -> PortraitReading:
    return PortraitReading(0.5, 0.1, {"single_face_present": 0.4, "sharpness": 0.2}, np.zeros((5, 2), np.float32))


def test_a_face_is_found_in_the_middle_of_the_portrait(tmp_path: Path, reading: PortraitReading) -> None:
    write_detector(tmp_path / "det.onnx", 0.93)
    photo = np.full((400, 300, 3), 120, np.uint8)
    quad = rectangle(200, 260) + np.float32([50, 70])
    done = open_insight(tmp_path).check(photo, quad, reading)
    assert done.missing == pytest.approx(0.07, abs=0.01)
    assert np.abs(done.landmarks_xy[2] - [150, 200]).max() < 12
    assert done.components["single_face_present"] == 0.0
    assert done.low_quality == reading.low_quality


def test_without_a_face_the_portrait_is_missing(tmp_path: Path, reading: PortraitReading) -> None:
    write_detector(tmp_path / "det.onnx", 0.01)
    done = open_insight(tmp_path).check(np.zeros((300, 300, 3), np.uint8), rectangle(200, 260), reading)
    assert done.missing == 1.0


def test_a_file_that_is_no_model_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(SetupError) as caught:
        open_insight(tmp_path)
    assert caught.value.code in ("setup.engine_broken", "setup.engine_files")
