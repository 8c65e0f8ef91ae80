"""Weights and thresholds load only when they belong together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from idqc.catalogue import FIXED
from idqc.errors import SetupError
from idqc.release import load_release
from idqc.runtime.profile import detect

KEYS = sorted({criterion.code for criterion in FIXED} | {"field.hidden", "field.unreadable"})


def write_model(path: Path, shape: list[int | None]) -> str:
    """A graph that doubles its input; answers the file's sha256."""
    tensor_in = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    tensor_out = helper.make_tensor_value_info("score", TensorProto.FLOAT, shape)
    graph = helper.make_graph([helper.make_node("Add", ["image", "image"], ["score"])], "g", [tensor_in], [tensor_out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_release(folder: Path, sha256: str, shape: str = "[1, -1]", dtype: str = "float32") -> tuple[Path, Path]:
    weights, thresholds = folder / "weights", folder / "default.toml"
    (weights / "manifest.toml").write_text(
        f'release = "2026.11.1"\n[models.double]\nfile = "double.onnx"\nsha256 = "{sha256}"\n'
        f'[[models.double.inputs]]\nname = "image"\ndtype = "{dtype}"\nshape = {shape}\n'
        '[[models.double.outputs]]\nname = "score"\ndtype = "float32"\nshape = [1, -1]\n'
    )
    thresholds.write_text("".join(f'[{key}]\nreject = 0.9\nreject_warning = 0.5\nsource = "test"\n' for key in KEYS))
    return weights, thresholds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    return tmp_path


def test_a_release_runs_its_model_and_names_all_of_its_content(folder: Path) -> None:
    sha256 = write_model(folder / "weights" / "double.onnx", [1, None])
    weights, thresholds = write_release(folder, sha256)
    release = load_release(weights, thresholds)
    session = release.open("double", detect())
    assert session.run({"image": np.ones((1, 3), np.float32)})["score"].tolist() == [[2.0, 2.0, 2.0]]
    assert release.id.startswith("2026.11.1+")
    thresholds.write_text(thresholds.read_text().replace("0.9", "0.8"))
    assert load_release(weights, thresholds).id != release.id


@pytest.mark.parametrize(("shape", "dtype"), [("[1, 4]", "float32"), ("[1, -1, 3]", "float32"), ("[1, -1]", "uint8")])
def test_a_model_with_other_inputs_than_its_manifest_does_not_load(folder: Path, shape: str, dtype: str) -> None:
    sha256 = write_model(folder / "weights" / "double.onnx", [1, 3])
    release = load_release(*write_release(folder, sha256, shape, dtype))
    with pytest.raises(SetupError) as caught:
        release.open("double", detect())
    assert caught.value.code == "setup.model_spec"


def test_a_changed_file_does_not_load(folder: Path) -> None:
    write_model(folder / "weights" / "double.onnx", [1, None])
    release = load_release(*write_release(folder, "0" * 64))
    with pytest.raises(SetupError) as caught:
        release.open("double", detect())
    assert caught.value.code == "setup.weights_differ"


def test_missing_files_and_models_say_what_to_restore(folder: Path) -> None:
    with pytest.raises(SetupError, match=r"manifest\.toml cannot be read"):
        load_release(folder / "weights", folder / "none.toml")
    release = load_release(*write_release(folder, "0" * 64))
    for model in ("double", "triple"):
        with pytest.raises(SetupError) as caught:
            release.open(model, detect())
        assert caught.value.code == "setup.weights_missing"


def test_a_criterion_without_thresholds_is_named(folder: Path) -> None:
    weights, thresholds = write_release(folder, "0" * 64)
    thresholds.write_text(thresholds.read_text().replace("[quality.glare]", "[quality.shine]"))
    with pytest.raises(SetupError, match=r"quality\.glare"):
        load_release(weights, thresholds)
