"""Finding the face with InsightFace, from ONNX files on this machine. Nothing is downloaded.

The packs that InsightFace publishes are for non-commercial research; which files a bank may use is the bank's to know.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from idqc.errors import SetupError
from idqc.inspection import Image, Points
from idqc.models.portrait import PortraitReading, crop_quad
from idqc.photo.geometry import homography, project, rectangle, rectify

LOOKED_AT_PX = 320
"""The portrait is laid flat at this size: detectors of this kind want a face of some 100 pixels."""
CANDIDATE_CONFIDENCE = 0.05
"""Weaker boxes are noise. No decision: the threshold of portrait.missing stands on the score."""


class InsightFaces:
    """An InsightFace detector as a face engine: its confidence decides whether there is a face, and where."""

    def __init__(self, detector: Any) -> None:
        self._detector = detector

    def check(self, image_bgr: Image, portrait_quad_xy: Points, reading: PortraitReading) -> PortraitReading:
        """The reading with `missing`, `landmarks_xy` and `single_face_present` as the detector sees them."""
        quad = crop_quad(portrait_quad_xy)
        flat = rectify(image_bgr, quad, LOOKED_AT_PX, LOOKED_AT_PX)
        boxes, points = self._detector.detect(flat, input_size=(LOOKED_AT_PX, LOOKED_AT_PX))
        if len(boxes) == 0:
            return replace(reading, missing=1.0)
        best = int(np.argmax(boxes[:, 4]))
        landmarks = reading.landmarks_xy
        if points is not None:
            back = homography(rectangle(LOOKED_AT_PX, LOOKED_AT_PX), quad)
            landmarks = project(back, np.asarray(points[best], np.float32))
        second = float(np.sort(boxes[:, 4])[-2]) if len(boxes) > 1 else 0.0
        components = {**reading.components, "single_face_present": second}
        missing = float(1.0 - np.clip(boxes[best, 4], 0.0, 1.0))
        return replace(reading, missing=missing, landmarks_xy=landmarks, components=components)


def open_insight(folder: Path | None) -> InsightFaces:
    """Opens the face detector among the ONNX files of a folder.

    Raises:
        SetupError: no folder, no ONNX file, none of them a face detector, or insightface is not installed.
    """
    files = sorted(folder.glob("*.onnx")) if folder is not None else []
    if not files:
        raise SetupError(
            "IDQC_FACE_ENGINE=insightface needs ONNX files; IDQC_ENGINE_DIR is not set or holds none.",
            "Set IDQC_ENGINE_DIR to a folder with a detector that you may use; nothing is downloaded.",
            code="setup.engine_files",
        )
    try:
        from insightface.model_zoo import get_model
    except ImportError as missing:
        raise SetupError(
            "IDQC_FACE_ENGINE=insightface needs the package insightface, which is not installed.",
            "Install the extra in an environment of its own: pip install 'idqc[insightface]'.",
            code="setup.engine_missing",
        ) from missing
    for file in files:
        try:
            model = get_model(str(file), providers=["CPUExecutionProvider"])
        except Exception as broken:  # the package raises whatever onnxruntime and its parsers raise
            raise SetupError(
                f"InsightFace cannot open an ONNX file of IDQC_ENGINE_DIR: {type(broken).__name__}.",
                "Leave only files there that this insightface can load.",
                code="setup.engine_broken",
            ) from broken
        if model is not None and getattr(model, "taskname", "") == "detection":
            model.prepare(ctx_id=-1, input_size=(LOOKED_AT_PX, LOOKED_AT_PX), det_thresh=CANDIDATE_CONFIDENCE)
            return InsightFaces(model)
    raise SetupError(
        f"None of the {len(files)} ONNX files in IDQC_ENGINE_DIR is a face detector.",
        "Add the detector's file (SCRFD or RetinaFace) to the folder.",
        code="setup.engine_files",
    )
