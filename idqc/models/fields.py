"""The field detector: where each visible field, the portrait, the seal and whatever covers them lie on the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.models.assignment import assign
from idqc.models.boxes import decode, pool, suppress, taken
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
NOT_TEXT = ("mrz", "portrait", "seal", OBSTACLE)
"""Classes that look like nothing else. The others are lines of text, which differ by what they say and where."""
INPUT_WIDTH_PX, INPUT_HEIGHT_PX = 512, 352
"""Four pixels a millimetre of a passport page: captions, which tell one date from another, stay six pixels tall."""
CONFIDENCE_FLOOR = 0.05
"""Less than this is not listed at all; whether a field counts as seen is decided by thresholds elsewhere."""
SAME_FIELD_IOU = 0.5
LEAST_LINE_CONFIDENCE = 0.25
"""Less sure places are bits of pattern, captions and halves of lines."""
WITHIN_ANOTHER = 0.6
"""A place with this share of it inside of a surer one is a part of that."""
LEAST_LIKENESS = 0.004
"""A line is given to a field only if the model finds it likelier than this that it is that field."""


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
class Line:
    """A place where text stands, whatever it is: a box, and how likely it is each field by the look of it, 0..1."""

    box: Box
    likeness: Mapping[str, float]


@dataclass(frozen=True)
class FieldBoxes:
    """The box of every field that was found, by name, and all obstacles, the most confident first.

    `lines` are all places with text. Each field has its own line; lines that fit no field are left over. `visible` says
    of some fields how sure it is that they are seen at all, 0..1, whichever line they are: a surname that may be either
    of two lines is surely there. For the others it is their box's confidence.
    """

    fields: Mapping[str, Box]
    obstacles: tuple[Box, ...]
    lines: tuple[Line, ...] = ()
    visible: Mapping[str, float] = field(default_factory=dict)

    def visibility(self, name: str) -> float:
        """How sure it is that a field can be seen, 0..1."""
        return self.visible.get(name, self.fields[name].confidence if name in self.fields else 0.0)


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
        _box(FIELD_CLASSES[index], confidence, box)
        for index, confidence, box in zip(found.classes, found.confidences, found.boxes_xyxy, strict=True)
    ]


def read(outputs: Tensors, names: Iterable[str] = FIELD_CLASSES) -> FieldBoxes:
    """Turns `prediction` (1, 4 + 21, anchors) into one box a field and all obstacles.

    Args:
        names: the fields that this type of document has.
    """
    found = decode(np.asarray(outputs["prediction"], np.float32), len(FIELD_CLASSES), CONFIDENCE_FLOOR)
    apart = [FIELD_CLASSES.index(name) for name in NOT_TEXT]
    best: dict[str, Box] = {}
    obstacles = []
    things = suppress(taken(found, np.isin(found.classes, apart)), SAME_FIELD_IOU, by_class=True)
    for index, confidence, xyxy in zip(things.classes, things.confidences, things.boxes_xyxy, strict=True):
        box = _box(FIELD_CLASSES[index], confidence, xyxy)
        if box.name == OBSTACLE:
            obstacles.append(box)
        elif box.name in names:
            best.setdefault(box.name, box)
    known = [name for name in FIELD_CLASSES if name in set(names) and name not in NOT_TEXT]
    columns = [FIELD_CLASSES.index(name) for name in known]
    text = pool(taken(found, ~np.isin(found.classes, apart)), SAME_FIELD_IOU)
    lines: list[Line] = []
    for index, confidence, xyxy, likeness in zip(
        text.classes, text.confidences, text.boxes_xyxy, text.probabilities, strict=True
    ):
        box = _box(FIELD_CLASSES[index], confidence, xyxy)
        if confidence >= LEAST_LINE_CONFIDENCE and all(_inside(box, line.box) < WITHIN_ANOTHER for line in lines):
            lines.append(Line(box, dict(zip(known, map(float, likeness[columns]), strict=True))))
    return FieldBoxes({**best, **named(lines, likeness_gains(lines, known), known)}, tuple(obstacles), tuple(lines))


def likeness_gains(lines: Sequence[Line], names: Sequence[str]) -> NDArray[np.float64]:
    """(lines, names): what giving a line to a field gains by its looks alone, in natural logarithms."""
    likeness = np.array([[line.likeness.get(name, 0.0) for name in names] for line in lines], np.float64)
    sure = np.array([line.box.confidence for line in lines], np.float64)
    gains = np.log((likeness.reshape(len(lines), len(names)) + 1e-4) / LEAST_LIKENESS)
    return np.asarray(gains + np.log(sure[:, None] / 0.5), np.float64)


def named(lines: Sequence[Line], gains: NDArray[np.float64], names: Sequence[str]) -> dict[str, Box]:
    """Gives each field at most one line so that the gains (lines, names) add up to most; the boxes carry the names."""
    return {
        names[column]: replace(line.box, name=names[column])
        for line, column in zip(lines, assign(gains), strict=True)
        if column is not None
    }


def _inside(box: Box, other: Box) -> float:
    """The share of a box that lies inside of another one."""
    width = min(box.right, other.right) - max(box.left, other.left)
    height = min(box.bottom, other.bottom) - max(box.top, other.top)
    return max(width, 0.0) * max(height, 0.0) / max((box.right - box.left) * (box.bottom - box.top), 1e-9)


def _box(name: str, confidence: float, xyxy: NDArray[np.float32]) -> Box:
    return Box(name, float(confidence), *map(float, np.clip(xyxy, 0.0, 1.0)))


def quad_in_photo(box: Box, document_quad_xy_px: Points) -> Points:
    """The (4, 2) corners of a box in photo pixels, given the document's quad there."""
    to_photo = homography(rectangle(1.0, 1.0), document_quad_xy_px)
    corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
    return project(to_photo, np.array(corners, np.float32))


class FieldsModel:
    """The field detector over one shared session; safe to call from many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, document_bgr: Image, names: Iterable[str] = FIELD_CLASSES) -> FieldBoxes:
        """Finds the fields `names` of a rectified document, about 25 ms on one core."""
        return read(self._session.run(prepare(document_bgr)), names)


def open_fields(folder: Path, spec: ModelSpec, profile: Profile) -> FieldsModel:
    """Opens the field detector of a weights folder. Raises SetupError when the file is not the manifest's."""
    return FieldsModel(open_session(folder, spec, profile))
