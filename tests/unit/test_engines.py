"""What is said at start-up when an extra engine or its files are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from idqc.engines.insight import open_insight
from idqc.engines.paddle import open_paddle
from idqc.errors import SetupError


def test_without_a_folder_each_engine_names_the_setting(tmp_path: Path) -> None:
    for refuse in (lambda: open_paddle(None), lambda: open_insight(None), lambda: open_insight(tmp_path)):
        with pytest.raises(SetupError, match="IDQC_ENGINE_DIR") as caught:
            refuse()
        assert caught.value.code == "setup.engine_files"


def test_a_folder_without_its_description_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"inference\.onnx"):
        open_paddle(tmp_path)
    (tmp_path / "inference.onnx").write_bytes(b"")
    with pytest.raises(SetupError, match=r"inference\.yml"):
        open_paddle(tmp_path)
