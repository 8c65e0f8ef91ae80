"""Opening what is installed: one build of each engine in the environment, one verified release, every model loaded."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import distributions

import cv2

from idqc.engines.insight import open_insight
from idqc.engines.paddle import open_paddle
from idqc.errors import SetupError
from idqc.inspector import Inspector, open_inspector
from idqc.release import load_release
from idqc.settings import FaceEngine, Settings, TextEngine

BUILDS = {
    "onnxruntime": frozenset({"onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml"}),
    "cv2": frozenset(
        {"opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"}
    ),
}
"""Distributions that write into one import package. Two of them overwrite each other's files, and the last one wins."""


def check_builds(installed: Iterable[str] | None = None) -> None:
    """Looks for two builds of onnxruntime or cv2 in one environment.

    Args:
        installed: names of distributions, by default those of this environment.

    Raises:
        SetupError: there are two, with their names.
    """
    if installed is None:
        installed = [distribution.metadata["Name"] for distribution in distributions()]
    names = {name.lower().replace("_", "-") for name in installed}
    for module, builds in BUILDS.items():
        found = sorted(builds & names)
        if len(found) > 1:
            raise SetupError(
                f"Two builds of {module} in one environment: {' and '.join(found)}.",
                f"pip uninstall {' '.join(found)}; then install the one that you want again.",
                code="setup.two_builds",
            )


def open_installation(settings: Settings) -> Inspector:
    """The Inspector that the settings describe.

    Raises:
        SetupError: two builds of an engine; weights, thresholds or engine files that are missing or differ.
    """
    check_builds()
    # One request, one thread: OpenCV's own pool would take cores that other requests were given.
    cv2.setNumThreads(1)
    text_engine = face_engine = None
    if settings.text_engine is TextEngine.PADDLEOCR:
        text_engine = open_paddle(settings.engine_dir)
    if settings.face_engine is FaceEngine.INSIGHTFACE:
        face_engine = open_insight(settings.engine_dir)
    release = load_release(settings.weights_dir, settings.thresholds)
    return open_inspector(release, cores=settings.threads, text_engine=text_engine, face_engine=face_engine)
