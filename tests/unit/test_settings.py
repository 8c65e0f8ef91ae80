from __future__ import annotations

from pathlib import Path

import pytest

from idqc.errors import SetupError
from idqc.settings import Mode, TextEngine, cores, read_settings


def test_defaults_are_a_demo_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODE", "HOST", "PORT", "THREADS"):
        monkeypatch.delenv(f"IDQC_{name}", raising=False)
    settings = read_settings()
    assert (settings.mode, settings.host, settings.port) == (Mode.DEMO, "127.0.0.1", 8000)
    assert settings.threads == cores() >= 1


def test_every_setting_is_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDQC_MODE", "production")
    monkeypatch.setenv("IDQC_TEXT_ENGINE", "paddleocr")
    monkeypatch.setenv("IDQC_ENGINE_DIR", "/srv/engines")
    monkeypatch.setenv("IDQC_THREADS", "3")
    settings = read_settings()
    assert (settings.mode, settings.text_engine, settings.threads) == (Mode.PRODUCTION, TextEngine.PADDLEOCR, 3)
    assert settings.engine_dir == Path("/srv/engines")


@pytest.mark.parametrize(
    ("name", "value"), [("MODE", "test"), ("PORT", "70000"), ("THREADS", "0"), ("TEXT_ENGINE", "x")]
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"IDQC_{name}", value)
    with pytest.raises(SetupError, match=f"IDQC_{name}") as refused:
        read_settings()
    assert refused.value.code == "setup.settings"
