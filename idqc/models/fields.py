"""The field detector: where each visible field, the portrait, the seal and whatever covers them lie on the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.models.boxes import decode, suppress
from idqc.models.corners import normalise
from idqc.photo.geometry import homography, project, rectangle, shrunk
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, Tensors, open_session

NAME = "fields"
FIELD_CLASSES = (
    "title",
    "name",
    "surname",
    "given_names",
    "id_number",
    "document_number",
    "address",
    "issue_date",
    "expiry_date",
    "birth_date",
    "birth_place",
    "sex",
    "nationality",
    "issuer",
    "personal_number",
    "serial",
    "license_class",
    "mrz",
    "portrait",
    "seal",
    "obstacle",
)
"""The order of the model's classes. An obstacle is a thing that covers part of the document: finger, sticker, tape."""
OBSTACLE = "obstacle"
INPUT_WIDTH_PX, INPUT_HEIGHT_PX = 512, 352
"""Four pixels a millimetre of a passport page: captions, which tell one date from another, stay six pixels tall."""
CONFIDENCE_FLOOR = 0.05
"""Less than this is not listed at all; whether a field counts as seen is decided by thresholds elsewhere."""
SAME_FIELD_IOU = 0.5


@dataclass(frozen=True)
class Box:
    """One found thing; corners in shares of the rectified document's width and height, 0..1."""

    name: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class FieldBoxes:
    """The best box of every field that was found, by name, and all obstacles, the most confident first."""

    fields: Mapping[str, Box]
    obstacles: tuple[Box, ...]


def prepare(document_bgr: Image) -> dict[str, NDArray[np.float32]]:
    """Makes the model's input `image` (1, 3, 352, 512), float32 RGB 0..1, from the rectified document of any size."""
    size = (INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    shrinks = document_bgr.shape[1] > INPUT_WIDTH_PX
    fitted = shrunk(document_bgr, *size) if shrinks else cv2.resize(document_bgr, size, interpolation=cv2.INTER_LINEAR)
    return {"image": normalise(np.asarray(fitted, np.uint8))[None]}


def read_all(outputs: Tensors, confidence_floor: float = CONFIDENCE_FLOOR) -> list[Box]:
    """Turns `prediction` (1, 4 + 21, anchors) into all boxes that suppression leaves, most confident first."""
    prediction = np.asarray(outputs["prediction"], np.float32)
    found = suppress(decode(prediction, len(FIELD_CLASSES), confidence_floor), SAME_FIELD_IOU, by_class=True, most=100)
    return [
        Box(FIELD_CLASSES[index], float(confidence), *map(float, np.clip(box, 0.0, 1.0)))
        for index, confidence, box in zip(found.classes, found.confidences, found.boxes_xyxy, strict=True)
    ]


def read(outputs: Tensors) -> FieldBoxes:
    """Turns `prediction` (1, 4 + 21, anchors) into the best box a field and all obstacles."""
    best: dict[str, Box] = {}
    obstacles = []
    for box in read_all(outputs):
        if box.name == OBSTACLE:
            obstacles.append(box)
        else:
            best.setdefault(box.name, box)
    return FieldBoxes(best, tuple(obstacles))


def quad_in_photo(box: Box, document_quad_xy_px: Points) -> Points:
    """The (4, 2) corners of a box in photo pixels, given the document's quad there."""
    to_photo = homography(rectangle(1.0, 1.0), document_quad_xy_px)
    corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
    return project(to_photo, np.array(corners, np.float32))


class FieldsModel:
    """The field detector over one shared session; safe to call from many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, document_bgr: Image) -> FieldBoxes:
        """Finds the fields of a rectified document, about 55 ms on one core."""
        return read(self._session.run(prepare(document_bgr)))


def open_fields(folder: Path, spec: ModelSpec, profile: Profile) -> FieldsModel:
    """Opens the field detector of a weights folder. Raises SetupError when the file is not the manifest's."""
    return FieldsModel(open_session(folder, spec, profile))
