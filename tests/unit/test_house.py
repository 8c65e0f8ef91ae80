"""The project's own files agree with each other."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import idqc
from idqc.settings import Settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PROVIDERS = ("cpu", "openvino", "gpu")


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~ ]", requirement)[0].lower().replace("_", "-")


def pinned(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): exact for name, exact in pairs}


def test_the_version_is_one() -> None:
    assert idqc.__version__ == PROJECT["version"] == version("idqc")
    assert f"## {idqc.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_each_provider_brings_one_build_of_onnxruntime() -> None:
    builds = [name_of(requirement) for extra in PROVIDERS for requirement in EXTRAS[extra]]
    assert builds == ["onnxruntime", "onnxruntime-openvino", "onnxruntime-gpu"]


@pytest.mark.parametrize(
    ("file", "extras"),
    [
        ("constraints.txt", ("cpu", "service", "synth", "dev")),
        ("constraints-train.txt", ("cpu", "train", "synth", "dev")),
        ("constraints-engines.txt", ("paddle", "insightface", "dev")),
    ],
)
def test_every_requirement_has_an_exact_version(file: str, extras: tuple[str, ...]) -> None:
    wanted = {name_of(r) for r in PROJECT["dependencies"]} | {name_of(r) for extra in extras for r in EXTRAS[extra]}
    assert wanted - {"idqc"} - set(pinned(file)) == set()


def test_serving_needs_neither_torch_nor_a_second_opencv() -> None:
    served = {name_of(r) for r in [*PROJECT["dependencies"], *EXTRAS["cpu"], *EXTRAS["service"]]}
    assert not served & {"torch", "torchvision", "ultralytics-opencv-headless", "opencv-python", "matplotlib", "faker"}
    assert not {"torch", "opencv-python", "opencv-contrib-python"} & set(pinned("constraints.txt"))


def test_every_setting_is_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"IDQC_{name.upper()}" not in readme] == []


def test_the_image_runs_as_nobody_and_is_asked_for_its_health() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("FROM python:3.11-slim") for line in lines) == 2
    assert "USER idqc" in lines
    assert any("/readyz" in line for line in lines)
    assert any(line.startswith("HEALTHCHECK") for line in lines)


def test_every_target_of_the_makefile_has_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = next(line for line in text.splitlines() if line.startswith(".PHONY:")).split()[1:]
    assert [target for target in targets if not re.search(rf"^{target}:.*## ", text, re.MULTILINE)] == []


def test_the_image_finds_the_service_that_it_copies() -> None:
    """The service is no part of the wheel, and a command's own folder comes before the working directory."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = lines.index("COPY api api")
    folder = [line.split()[1] for line in lines[:copied] if line.startswith("WORKDIR")][-1]
    settings = next(line for line in lines if line.startswith("ENV "))
    assert f"PYTHONPATH={folder}" in settings.split()
