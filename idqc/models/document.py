"""The document model: where in the photo the document lies, which way up, and of which type it is.

Two networks: a detector with four keypoints looks at the whole photo at 256 px and finds about where; the corners model
looks there more closely, moves the corners to where they are, and tells top from bottom and the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.documents import UNSUPPORTED
from idqc.inspection import Image, Photo, Points
from idqc.models import corners
from idqc.models.boxes import decode, suppress
from idqc.photo.geometry import shrunk
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, Tensors, open_session

NAME = "document"
PLACE_CLASSES = 1
"""The detector knows documents and cards of any kind from everything else; the type is told from a closer look."""
INPUT_PX = 256
LETTERBOX_GREY = 114
CONFIDENCE_FLOOR = 0.01
"""Less than this is not listed at all. No decision: the thresholds of quality.no_document stand far above."""
SAME_DOCUMENT_IOU = 0.5
MOST_PLACES = 3
"""So many are looked at more closely, until a look is certain. For most photos that is the first."""
RIVAL = 0.3
"""A place is worth a closer look from this share of the most confident one's confidence."""
CERTAIN = 0.97
"""A type as sure as this, of corners that stay where they are, is only seen where a card lies."""
REFINEMENTS = 7
"""At most so many looks of the corners model at one place, at least two: each sees a crop that is less far off."""
SETTLED = 0.015
"""Refining ends when no corner moved by more than this share of the document's longest edge."""


@dataclass(frozen=True, eq=False)
class Letterbox:
    """How the photo lies in the model's square input: input pixels a full-size pixel, and the grey bars before it."""

    scale: float
    left_px: float
    top_px: float

    def to_full_size(self, points_xy: Points) -> Points:
        """Carries (..., 2) points from input pixels to full-size photo pixels."""
        return np.asarray(
            (points_xy - np.array([self.left_px, self.top_px], np.float32)) / np.float32(self.scale), np.float32
        )


@dataclass(frozen=True, eq=False)
class Place:
    """Where something like a document seems to lie: (4, 2) in full-size photo pixels, clockwise on the screen.

    The first corner is the document's own top left or its bottom right.
    """

    confidence: float
    quad_xy_px: Points


@dataclass(frozen=True, eq=False)
class Candidate:
    """A document or card. `quad_xy_px` is (4, 2) in full-size photo pixels, clockwise from its own top left.

    `confidence` is that there is a document or card at all, `unsupported` that it is none of the accepted types, 0..1.
    `certainty` is how sure its type is, 0..1; 0 where the corners never stayed in one place.
    """

    type: str
    confidence: float
    quad_xy_px: Points
    unsupported: float
    certainty: float


def letterbox(image_bgr: Image, size_px: int) -> tuple[Image, float, int, int]:
    """Fits an image into a grey square, aspect kept: the square, its pixels a pixel of the image, left and top bar."""
    height, width = image_bgr.shape[:2]
    scale = size_px / max(height, width)
    inner = max(round(width * scale), 1), max(round(height * scale), 1)
    fitted = shrunk(image_bgr, *inner) if scale < 1 else cv2.resize(image_bgr, inner, interpolation=cv2.INTER_LINEAR)
    left, top = (size_px - inner[0]) // 2, (size_px - inner[1]) // 2
    square = np.full((size_px, size_px, 3), LETTERBOX_GREY, np.uint8)
    square[top : top + inner[1], left : left + inner[0]] = fitted
    return square, scale, left, top


def prepare(photo: Photo) -> tuple[dict[str, NDArray[np.float32]], Letterbox]:
    """Makes the detector's input `image` (1, 3, 256, 256), float32 RGB 0..1, and the way back to the photo."""
    square, scale, left, top = letterbox(photo.bgr, INPUT_PX)
    return {"image": corners.normalise(square)[None]}, Letterbox(scale * photo.scale, left, top)


def read(outputs: Tensors, box: Letterbox) -> list[Place]:
    """Turns `prediction` (1, 4 + 1 + 12, cells) into a few places, the most confident first; empty without any."""
    prediction = np.asarray(outputs["prediction"], np.float32)
    listed = decode(prediction, PLACE_CLASSES, CONFIDENCE_FLOOR)
    found = suppress(listed, SAME_DOCUMENT_IOU, by_class=False, most=MOST_PLACES)
    quads = box.to_full_size(found.points_xy * np.float32(INPUT_PX))
    return [
        Place(float(confidence), quad)
        for confidence, quad in zip(found.confidences, quads, strict=True)
        if corners.usable(quad)
    ]


class DocumentModel:
    """The document model over two shared sessions; safe to call from many threads."""

    def __init__(self, document: Session, corner_session: Session) -> None:
        self._document = document
        self._corners = corner_session

    def run(self, photo: Photo) -> list[Candidate]:
        """Finds the document: refined, named, turned right way up. Empty when there is none.

        It is the most confident place, unless a closer look is not sure of a card there but is of one elsewhere.
        `1 - confidence` (1 when the list is empty) says that no document is there.
        """
        inputs, box = prepare(photo)
        places = read(self._document.run(inputs), box)
        if not places:
            return []
        best = self.refine(photo, places[0])
        if best.certainty < CERTAIN:
            rivals = (place for place in places[1:] if place.confidence >= RIVAL * places[0].confidence)
            closer = (self.refine(photo, place) for place in rivals)
            best = next((other for other in closer if _outdoes(other, best)), best)
        return [replace(best, confidence=places[0].confidence)]

    def refine(self, photo: Photo, place: Place) -> Candidate:
        """Moves the corners of a place to where they are, turns the quad right way up and names the type."""
        coarse = corners.landscape(place.quad_xy_px)
        image, shrunk = corners.shrink(photo.bgr, coarse * photo.scale, corners.INNER_WIDTH_PX, corners.INNER_HEIGHT_PX)
        scale = np.float32(photo.scale * shrunk)
        quad, looks = coarse * scale, list[corners.Refined]()
        for step in range(REFINEMENTS):
            # What the model sees on its head it errs on in other ways: every other look is turned.
            turned = 2 * (step % 2)
            look = np.roll(quad, turned, axis=0)
            looks.append(corners.read(self._corners.run(corners.prepare(image, look)), look))
            better = np.roll(looks[-1].quad_xy, turned, axis=0)
            moved = np.linalg.norm(better - quad, axis=1).max()
            quad = better
            settled = bool(moved < SETTLED * np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1).max())
            if step and settled:
                break
        one, other = looks[-2:] if len(looks) % 2 == 0 else looks[:-3:-1]
        upside_down = (one.upside_down + 1.0 - other.upside_down) / 2
        upright = np.roll(quad, 2, axis=0) if upside_down > 0.5 else quad
        types = (one.types + other.types) / 2
        return Candidate(
            corners.DOCUMENT_CLASSES[int(types.argmax())],
            place.confidence,
            np.asarray(upright / scale, np.float32),
            float(types[corners.DOCUMENT_CLASSES.index(UNSUPPORTED)]),
            float(types.max()) if settled else 0.0,
        )


def _outdoes(other: Candidate, first: Candidate) -> bool:
    """Whether a closer look is certain of a card in another place. A bank card outdoes no doubtful identity card, if
    corners stay on that."""
    doubtful_identity = first.certainty > 0 and first.type != UNSUPPORTED
    return other.certainty >= CERTAIN and not (other.type == UNSUPPORTED and doubtful_identity)


def open_document(folder: Path, specs: Mapping[str, ModelSpec], profile: Profile) -> DocumentModel:
    """Opens `document` and `corners` of a weights folder. Raises SetupError when a file is not the manifest's."""
    return DocumentModel(open_session(folder, specs[NAME], profile), open_session(folder, specs[corners.NAME], profile))
