from __future__ import annotations

import pytest

from idqc.errors import SetupError
from idqc.installation import check_builds


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
