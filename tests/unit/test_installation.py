from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from idqc import installation
from idqc.errors import SetupError
from idqc.installation import check_builds, open_installation
from idqc.settings import FaceEngine, Settings, TextEngine


@pytest.mark.parametrize(
    ("installed", "named"),
    [
        (["onnxruntime", "onnxruntime-gpu", "numpy"], "onnxruntime and onnxruntime-gpu"),
        (["onnxruntime_openvino", "ONNXRuntime"], "onnxruntime and onnxruntime-openvino"),
        (["opencv-python", "opencv-python-headless"], "opencv-python and opencv-python-headless"),
    ],
)
def test_two_builds_are_named(installed: list[str], named: str) -> None:
    with pytest.raises(SetupError, match=named) as refused:
        check_builds(installed)
    assert refused.value.code == "setup.two_builds"
    assert "pip uninstall" in refused.value.hint


def test_one_build_is_fine() -> None:
    check_builds(["onnxruntime", "opencv-python-headless", "onnx"])


def test_this_environment_has_one_build_of_each() -> None:
    check_builds()


def test_settings_choose_release_threads_and_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, Any] = {}
    monkeypatch.setattr(installation, "load_release", lambda weights, thresholds: (weights, thresholds))
    monkeypatch.setattr(installation, "open_paddle", lambda folder: f"paddle in {folder}")
    monkeypatch.setattr(installation, "open_insight", lambda folder: f"insight in {folder}")
    monkeypatch.setattr(
        installation, "open_inspector", lambda release, **options: opened.update(options, release=release)
    )
    open_installation(Settings(threads=4, weights_dir=Path("w"), thresholds=Path("t.toml")))
    assert opened == {
        "release": (Path("w"), Path("t.toml")),
        "cores": 4,
        "text_engine": None,
        "face_engine": None,
    }
    engines = {"text_engine": TextEngine.PADDLEOCR, "face_engine": FaceEngine.INSIGHTFACE, "engine_dir": Path("e")}
    open_installation(Settings(**engines))
    assert (opened["text_engine"], opened["face_engine"]) == ("paddle in e", "insight in e")


def test_missing_weights_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as refused:
        open_installation(Settings(weights_dir=tmp_path))
    assert refused.value.code == "setup.weights_missing"
    assert str(tmp_path) not in refused.value.detail + refused.value.hint
