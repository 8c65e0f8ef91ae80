"""A card without a camera: cheap pictures of many layouts, for a model that learns where fields stand."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.labels import Label
from idqc.photo.geometry import homography, project, rectangle
from idqc.synth.camera.conditions import Conditions, Frame
from idqc.synth.camera.dress import dress
from idqc.synth.camera.labelling import Seen, label
from idqc.synth.camera.light import GRID_EDGE, GRID_H, GRID_W, Lighting
from idqc.synth.camera.sensor import encode
from idqc.synth.card import FlatObject
from idqc.synth.plan import Plan

PX_PER_MM = 8.0


def copy_flat(rng: np.random.Generator, plan: Plan, flat: FlatObject, file: str) -> tuple[bytes, Label]:
    """The dressed card cut out along its edges, 8 px a millimetre: the JPEG file and its label."""
    stage, portrait_print = dress(rng, plan, flat, hands=False)
    width, height = (round(side * PX_PER_MM) for side in flat.card.size_mm)
    matrix = homography(stage.document_quad, rectangle(width, height))
    shrink = PX_PER_MM / stage.px_per_mm
    smooth = cv2.GaussianBlur(stage.bgr, (0, 0), 0.4 / shrink) if shrink < 0.8 else stage.bgr
    bgr = np.asarray(cv2.warpPerspective(smooth, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
    frame = Frame(width, height, np.asarray(matrix, np.float64), project(matrix, stage.document_quad), scan=True)
    even = Lighting(1.0, 0.0, (1.0, 1.0, 1.0), 0.0, 0.0, 0.0)
    shot = Conditions(frame, "", None, even, 0.0, 0.0, 0.0, 0.0, int(rng.integers(75, 96)), None, 1)
    nothing_lost = np.zeros((GRID_H + 2 * GRID_EDGE, GRID_W + 2 * GRID_EDGE), np.float32)
    answer = label(plan, flat, stage, shot, Seen(0.0, 0.0, nothing_lost, 0.0, portrait_print), file)
    answer.camera = None
    return encode(bgr, shot.quality, 1), answer
