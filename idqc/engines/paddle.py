"""Reading fields with PaddleOCR, from a folder on this machine. Nothing is downloaded."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from idqc.documents import FieldSpec
from idqc.errors import SetupError
from idqc.inspection import Image
from idqc.models.text import CHARACTERS_A_LINE, As, Reading
from idqc.models.text_lines import split_lines

DESCRIPTION = "inference.yml"
GRAPHS = {"inference.onnx": "onnxruntime", "inference.json": "paddle_static", "inference.pdmodel": "paddle_static"}
"""The files that make a folder a model, and the PaddleX engine that runs each."""


class PaddleReader:
    """A PaddleOCR recogniser as a text engine. It gives one confidence a line, which stands for mean and minimum."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def read_field(self, crop_bgr: Image, spec: FieldSpec) -> Reading:
        """Splits a field's crop into lines and reads them all in one call."""
        return self._read(split_lines(crop_bgr, spec.max_lines, exactly=spec.format in CHARACTERS_A_LINE))

    def look(self, crop_bgr: Image) -> As:
        """Reads one line; PaddleOCR reads it the same way for every format."""
        reading = self._read(split_lines(crop_bgr, 1))
        return lambda kind: reading

    def _read(self, lines: list[Image]) -> Reading:
        found = [self._recogniser.predict(line)[0] for line in lines]
        read = [(str(line["rec_text"]).strip(), float(line["rec_score"])) for line in found]
        kept = [(text, score) for text, score in read if text]
        if not kept:
            return Reading("", 0.0, 0.0)
        weakest = min(score for _, score in kept)
        mean = sum(score * len(text) for text, score in kept) / sum(len(text) for text, _ in kept)
        return Reading("\n".join(text for text, _ in kept), mean, weakest)


def open_paddle(folder: Path | None) -> PaddleReader:
    """Opens the recogniser in a folder: `inference.yml` beside `inference.onnx`, `.json` or `.pdmodel`.

    Raises:
        SetupError: the folder or a file is missing, paddleocr is not installed, or it refuses the files.
    """
    graph = find_graph(folder)
    try:
        from paddleocr import TextRecognition
    except ImportError as missing:
        raise SetupError(
            "IDQC_TEXT_ENGINE=paddleocr needs the package paddleocr, which is not installed.",
            "Install the extra in an environment of its own: pip install 'idqc[paddle]'.",
            code="setup.engine_missing",
        ) from missing
    logging.getLogger("paddlex").setLevel(logging.ERROR)
    try:
        import yaml

        described = yaml.safe_load((graph.parent / DESCRIPTION).read_text(encoding="utf-8"))
        recogniser = TextRecognition(
            model_name=described["Global"]["model_name"], model_dir=str(graph.parent), engine=GRAPHS[graph.name]
        )
    except Exception as broken:  # paddlex raises whatever its parts raise; each means that the folder is no model
        raise SetupError(
            f"PaddleOCR cannot open the recogniser in IDQC_ENGINE_DIR: {type(broken).__name__}.",
            f"The folder must hold a text recogniser that this paddleocr can run, with its own {DESCRIPTION}.",
            code="setup.engine_broken",
        ) from broken
    return PaddleReader(recogniser)


def find_graph(folder: Path | None) -> Path:
    """The model file of a PaddleOCR folder. Raises SetupError that names what is missing."""
    if folder is None:
        raise SetupError(
            "IDQC_TEXT_ENGINE=paddleocr needs a folder with a recogniser; IDQC_ENGINE_DIR is not set.",
            f"Set IDQC_ENGINE_DIR to a folder that holds {DESCRIPTION} and one of: {', '.join(GRAPHS)}.",
            code="setup.engine_files",
        )
    graph = next((folder / name for name in GRAPHS if (folder / name).is_file()), None)
    if graph is None or not (folder / DESCRIPTION).is_file():
        missing = DESCRIPTION if graph is not None else " or ".join(GRAPHS)
        raise SetupError(
            f"The folder of IDQC_ENGINE_DIR has no {missing}.",
            "Copy a complete PaddleOCR recogniser there; nothing is downloaded.",
            code="setup.engine_files",
        )
    return graph
