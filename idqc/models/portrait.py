"""The portrait model: is there a face in the portrait, where, and could a person be identified by it.

Components carry the names of ISO/IEC 29794-5, in a profile for a printed portrait seen by a phone. Their sign is ours:
0 is a normal portrait, 1 one that fails the component (the standard counts the other way).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, project, rectangle, rectify
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, Tensors, open_session

NAME = "portrait"
SIZE_PX = 160
MARGIN = 0.10
"""How much of the portrait's width and height is added on each side, so that a tight box loses no chin."""

LEARNED_COMPONENTS = (
    "sharpness",
    "face_occlusion_prevention",
    "eyes_visible",
    "under_exposure_prevention",
    "over_exposure_prevention",
    "single_face_present",
    "pose",
)
"""The order of the model's `components`."""
COMPONENTS = (*LEARNED_COMPONENTS, "inter_eye_distance", "head_size")
"""Everything in `PortraitReading.components`; the last two are computed from the landmarks."""

EYE_DISTANCE_PX_AT_ZERO = 24.0
EYE_DISTANCE_PX_AT_ONE = 10.0
"""Photo pixels between the pupils. A card at 7 px/mm shows 35-45; under 10 no eye is more than a spot."""
HEAD_SHARE_AT_ZERO = 0.40
HEAD_SHARE_AT_ONE = 0.20
"""Height of the head as a share of the portrait. ICAO 9303 asks for 0.7-0.8; mock and old cards vary more."""
HEAD_PER_EYE_DISTANCE = 3.4
"""Chin to crown in pupil distances, for a grown-up's face seen from the front (ISO/IEC 39794-5, annex D)."""

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
NORMALISED = ((np.arange(256, dtype=np.float32) / np.float32(255))[:, None] - MEAN).T / DEVIATION[:, None]
"""What each of 256 levels of red, green and blue becomes: (3, 256). Looking it up costs a third of computing it."""


@dataclass(frozen=True, eq=False)
class PortraitReading:
    """What one portrait said; every score is 0 (normal) to 1.

    `landmarks_xy` is (5, 2) in the pixels that the quad given to `run` had: eyes left and right in the picture, nose,
    mouth corners. It means nothing when `missing` is high, and neither do the components.
    """

    missing: float
    low_quality: float
    components: Mapping[str, float]
    landmarks_xy: Points


def crop_quad(portrait_quad_xy: Points) -> Points:
    """The (4, 2) quad that is looked at: the portrait with MARGIN on each side, in the same perspective."""
    to_portrait = homography(rectangle(1.0, 1.0), portrait_quad_xy)
    return project(to_portrait, rectangle(1 + 2 * MARGIN, 1 + 2 * MARGIN) - np.float32(MARGIN))


def crop(image_bgr: Image, portrait_quad_xy: Points) -> Image:
    """The (160, 160, 3) uint8 BGR picture of the portrait that the model sees; aspect is not kept."""
    return rectify(image_bgr, crop_quad(portrait_quad_xy), SIZE_PX, SIZE_PX)


def normalise(crop_bgr: Image) -> NDArray[np.float32]:
    """(..., 160, 160, 3) uint8 BGR -> (..., 3, 160, 160) float32 RGB with ImageNet's mean and deviation."""
    return np.stack([table[crop_bgr[..., 2 - plane]] for plane, table in enumerate(NORMALISED)], axis=-3)


def prepare(image_bgr: Image, portrait_quad_xy: Points) -> dict[str, NDArray[np.float32]]:
    """Makes the model's input `image` (1, 3, 160, 160).

    Args:
        image_bgr: the photo or the rectified document, (h, w, 3) uint8 BGR; the one with more pixels reads better.
        portrait_quad_xy: (4, 2) corners of the portrait in the pixels of `image_bgr`, clockwise from its top left.
    """
    return {"image": normalise(crop(image_bgr, portrait_quad_xy))[None]}


def read(outputs: Tensors, portrait_quad_xy: Points, px_per_full_px: float = 1.0) -> PortraitReading:
    """Turns the model's outputs into a reading.

    Args:
        outputs: `face` (1, 1) probability, `landmarks` (1, 10) shares of the crop, `components` (1, 7) and
            `low_quality` (1, 1), 0..1.
        portrait_quad_xy: the quad given to `prepare`.
        px_per_full_px: pixels of that image a pixel of the full-size photo (`Photo.scale` for a photo).
    """
    to_crop_quad = homography(rectangle(1.0, 1.0), crop_quad(portrait_quad_xy))
    shares = np.asarray(outputs["landmarks"], np.float32).reshape(5, 2)
    landmarks = project(to_crop_quad, shares)
    learned = np.asarray(outputs["components"], np.float32).ravel()
    components = {name: float(value) for name, value in zip(LEARNED_COMPONENTS, learned, strict=True)}
    eye_distance = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    top, bottom = (portrait_quad_xy[0] + portrait_quad_xy[1]) / 2, (portrait_quad_xy[2] + portrait_quad_xy[3]) / 2
    head_share = HEAD_PER_EYE_DISTANCE * eye_distance / max(float(np.linalg.norm(bottom - top)), 1e-6)
    components["inter_eye_distance"] = _ramp(
        eye_distance / max(px_per_full_px, 1e-6), EYE_DISTANCE_PX_AT_ZERO, EYE_DISTANCE_PX_AT_ONE
    )
    components["head_size"] = _ramp(head_share, HEAD_SHARE_AT_ZERO, HEAD_SHARE_AT_ONE)
    return PortraitReading(
        missing=1.0 - float(np.asarray(outputs["face"]).ravel()[0]),
        low_quality=float(np.asarray(outputs["low_quality"]).ravel()[0]),
        components=components,
        landmarks_xy=landmarks,
    )


def _ramp(value: float, at_zero: float, at_one: float) -> float:
    return float(np.clip((at_zero - value) / (at_zero - at_one), 0.0, 1.0))


class FaceEngine(Protocol):
    """A face detector that the operator plugs in; it corrects what the portrait model says of the face's presence."""

    def check(self, image_bgr: Image, portrait_quad_xy: Points, reading: PortraitReading) -> PortraitReading:
        """Answers the reading with the engine's own `missing` and landmarks; arguments as in `PortraitModel.run`."""


class PortraitModel:
    """The portrait model over one shared session; safe to call from many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, image_bgr: Image, portrait_quad_xy: Points, px_per_full_px: float = 1.0) -> PortraitReading:
        """Reads one portrait, about 2 ms; arguments as in `prepare` and `read`."""
        outputs = self._session.run(prepare(image_bgr, portrait_quad_xy))
        return read(outputs, portrait_quad_xy, px_per_full_px)


def open_portrait(folder: Path, spec: ModelSpec, profile: Profile) -> PortraitModel:
    """Opens the portrait model of a weights folder. Raises SetupError when the file is not the manifest's."""
    return PortraitModel(open_session(folder, spec, profile))
