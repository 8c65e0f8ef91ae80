"""The fraud model: is this a photo of the original card, or of a display, a print, a copy, an edited card?

The traces of an attack are a few pixels wide, so the model looks at small tiles of the full-size photo, laid flat at
the scale they have there, never at the whole card made small. Tiles of the document tell screens, prints and grey
copies; crops of the portrait and of the fields tell edits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Photo, Points
from idqc.models.fraud_maps import COPY_MAP_PX, EDIT_MAP_PX, Map, in_one_row, lay
from idqc.photo.geometry import area, clip_to_frame, homography, one_by_one, project, rectangle, rectify
from idqc.runtime.profile import Profile
from idqc.runtime.session import ModelSpec, Session, open_session

NAME = "fraud"
SPECIES = ("screen", "print", "grayscale_copy", "portrait_tamper", "text_tamper")
"""The order of the model's outputs; `fraud.<species>` is the criterion."""
COPIES = SPECIES[:3]
TILE_PX = 160
GRID_COLUMNS, GRID_ROWS = 4, 2
"""One tile is looked for in each cell of this grid over the document: 8 tiles."""
PREVIEW_WIDTH_PX, PREVIEW_HEIGHT_PX = 192, 120
LEAST_WIDTH_PX, LEAST_HEIGHT_PX = 480.0, 320.0
"""A smaller document is enlarged to this, so that tiles do not cover it whole."""
PORTRAIT_MARGIN = 0.12
FIELD_MARGIN = 0.35
"""Of the field's height: the patch that a forger lays under new text is larger than the text."""
DARK, BURNT = 30, 245
"""Grey levels outside of which colour is noise."""

Look: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""What the network says of one crop: logits (5,) and maps (5, h, w)."""
Together: TypeAlias = Callable[[Sequence[Callable[[], Look]]], list[Look]]


@dataclass(frozen=True, eq=False)
class FraudReading:
    """What the fraud model said.

    `scores` has an entry for each species that could be looked at, 0..1; `fields` the score of each field crop. `maps`
    is {species: (h, w) float32 0..1 over the document}: where on it the attack shows, NaN where no crop looked.
    """

    scores: Mapping[str, float]
    fields: Mapping[str, float]
    maps: Mapping[str, Map]


@dataclass(frozen=True)
class CopyWeights:
    """How the network's logit and the chroma spread make the grey-copy score; kept in the ONNX file."""

    logit: float
    log_chroma: float
    bias: float


def native_size(quad_xy: Points) -> tuple[int, int]:
    """Width and height of the document in pixels of the image that `quad_xy` (4, 2) belongs to, at least 480 x 320."""
    edges = np.linalg.norm(quad_xy - np.roll(quad_xy, -1, axis=0), axis=1)
    width, height = (edges[0] + edges[2]) / 2, (edges[1] + edges[3]) / 2
    return round(max(float(width), LEAST_WIDTH_PX)), round(max(float(height), LEAST_HEIGHT_PX))


def preview(image_bgr: Image, quad_xy: Points) -> Image:
    """The document laid flat and small, (120, 192, 3): where tiles go and how colourful it is are seen on it."""
    return rectify(image_bgr, quad_xy, PREVIEW_WIDTH_PX, PREVIEW_HEIGHT_PX)


def tile_corners(preview_bgr: Image, size_px: tuple[int, int]) -> NDArray[np.float32]:
    """Chooses the top left corners of the 8 tiles, (8, 2) in pixels of the flat document of `size_px`.

    Cells take turns: one wants texture (print, guilloche, where a lattice beats with detail), the next the smoothest
    place (where halftone and moiré lie open). Burnt-out and black places are avoided. The same photo gives the same
    tiles.
    """
    width, height = size_px
    grey = cv2.cvtColor(preview_bgr, cv2.COLOR_BGR2GRAY)
    detail: np.ndarray = cv2.blur(np.abs(cv2.Laplacian(grey, cv2.CV_32F)), (5, 5))
    useless: np.ndarray = ((grey > BURNT) | (grey < DARK)).astype(np.float32)
    down, across = PREVIEW_HEIGHT_PX / height, PREVIEW_WIDTH_PX / width
    box = (max(int(TILE_PX * across), 1), max(int(TILE_PX * down), 1))
    detail, useless = (cv2.boxFilter(plane, -1, box, anchor=(0, 0)) for plane in (detail, useless))
    corners = []
    for row in range(GRID_ROWS):
        for column in range(GRID_COLUMNS):
            places = []
            for v in (0.15, 0.5, 0.85):
                for u in (0.15, 0.5, 0.85):
                    x = np.clip((column + u) * width / GRID_COLUMNS - TILE_PX / 2, 0, width - TILE_PX)
                    y = np.clip((row + v) * height / GRID_ROWS - TILE_PX / 2, 0, height - TILE_PX)
                    at = min(int(y * down), PREVIEW_HEIGHT_PX - 1), min(int(x * across), PREVIEW_WIDTH_PX - 1)
                    wish = detail[at] if (row + column) % 2 == 0 else -detail[at]
                    places.append((float(wish - 1000 * useless[at]), float(x), float(y)))
            _, x, y = max(places)
            corners.append((x, y))
    return np.array(corners, np.float32)


def tile_quads(quad_xy: Points, corners_xy: NDArray[np.float32], size_px: tuple[int, int]) -> list[Points]:
    """Where tiles of the flat document lie in the image: (4, 2) quads, about 160 pixels a side."""
    to_image = homography(rectangle(*size_px), quad_xy)
    return [project(to_image, rectangle(TILE_PX, TILE_PX) + corner) for corner in corners_xy]


def in_frame(quads_xy: list[Points], image_bgr: Image) -> list[int]:
    """Which of the quads lie in the image for at least nine tenths of their area."""
    height, width = image_bgr.shape[:2]
    shares = [area(seen) / area(q) if len(seen := clip_to_frame(q, width, height)) else 0.0 for q in quads_xy]
    return [at for at, share in enumerate(shares) if share >= 0.9]


def portrait_quads(portrait_quad_xy: Points) -> list[Points]:
    """Two squares, as wide as the portrait and its margin: one holds the top of it, one the bottom."""
    edges = np.linalg.norm(portrait_quad_xy - np.roll(portrait_quad_xy, -1, axis=0), axis=1)
    width, height = max(float(edges[0] + edges[2]) / 2, 1.0), max(float(edges[1] + edges[3]) / 2, 1.0)
    to_image = homography(rectangle(width, height), portrait_quad_xy)
    side = width * (1 + 2 * PORTRAIT_MARGIN)
    edge = PORTRAIT_MARGIN * width
    tops = (-edge, max(height + edge - side, -edge))
    return [project(to_image, rectangle(side, side) + np.array([-edge, top], np.float32)) for top in tops]


def field_crop(image_bgr: Image, field_quad_xy: Points) -> Image:
    """A whole field in one (160, 160, 3) crop: a long one is cut into two or three rows that stand under each other."""
    quad, rows = field_strip(field_quad_xy)
    flat = rectify(image_bgr, quad, rows * TILE_PX, TILE_PX // rows)
    crop = np.concatenate([flat[:, i * TILE_PX : (i + 1) * TILE_PX] for i in range(rows)])
    return np.pad(crop, ((0, TILE_PX - crop.shape[0]), (0, 0), (0, 0)), mode="edge")


def field_strip(field_quad_xy: Points) -> tuple[Points, int]:
    """The (4, 2) quad around a field that its crop shows, and the number of rows that it is cut into."""
    edges = np.linalg.norm(field_quad_xy - np.roll(field_quad_xy, -1, axis=0), axis=1)
    width, height = max(float(edges[0] + edges[2]) / 2, 1.0), max(float(edges[1] + edges[3]) / 2, 1.0)
    margin = FIELD_MARGIN * height
    ratio = (width + 2 * margin) / (height + 2 * margin)
    rows = 1 if ratio <= 2 else 2 if ratio <= 6 else 3
    row_px = TILE_PX // rows
    # The strip keeps the field's aspect: what is missing in height is taken from around it.
    tall = max(height + 2 * margin, (width + 2 * margin) * row_px / (rows * TILE_PX))
    wide = max(width + 2 * margin, tall * rows * TILE_PX / row_px)
    strip = rectangle(wide, tall) + np.array([(width - wide) / 2, (height - tall) / 2], np.float32)
    return project(homography(rectangle(width, height), field_quad_xy), strip), rows


def tile(image_bgr: Image, quad_xy: Points) -> Image:
    """Lays a quad flat: a (160, 160, 3) crop."""
    return rectify(image_bgr, quad_xy, TILE_PX, TILE_PX)


def cut(image_bgr: Image, quads_xy: list[Points]) -> list[Image]:
    """Lays each quad flat: (160, 160, 3) crops."""
    return [tile(image_bgr, quad) for quad in quads_xy]


def prepare(crops_bgr: list[Image]) -> dict[str, NDArray[np.float32]]:
    """Makes the model's input `tiles` (n, 3, 160, 160) float32 RGB 0..1."""
    rgb = np.stack(crops_bgr)[..., ::-1].transpose(0, 3, 1, 2)
    return {"tiles": np.ascontiguousarray(rgb, np.float32) / np.float32(255)}


def chroma_spread(preview_bgr: Image) -> float:
    """How much colours differ over the document, whatever the white balance: 0 for a perfect grey copy.

    Spread (10th to 90th percentile) of the log ratios blue to green and red to green, over pixels neither dark nor
    burnt.
    """
    planes = cv2.split(cv2.blur(preview_bgr, (3, 3)))
    usable = (cv2.min(cv2.min(*planes[:2]), planes[2]) > DARK) & (cv2.max(cv2.max(*planes[:2]), planes[2]) < BURNT)
    if usable.sum() < 200:
        usable = np.ones_like(usable)
    blue, green, red = (np.log(plane[usable].astype(np.float32) + 8) for plane in planes)
    ends = [np.percentile(ratio, (10, 90)) for ratio in (blue - green, red - green)]
    return float(np.hypot(ends[0][1] - ends[0][0], ends[1][1] - ends[1][0]))


def grayscale_score(logit: float, chroma: float, weights: CopyWeights) -> float:
    """The grey-copy score 0..1 from the network's mean logit and the chroma spread."""
    return _sigmoid(weights.logit * logit + weights.log_chroma * float(np.log(max(chroma, 1e-4))) + weights.bias)


def read_copies(logits: NDArray[np.float32], chroma: float, weights: CopyWeights) -> dict[str, float]:
    """Scores of the three copies from tile logits (n, 5): tiles are pooled by their mean."""
    mean = logits.mean(axis=0)
    scores = {name: _sigmoid(float(mean[at])) for at, name in enumerate(COPIES)}
    return {**scores, "grayscale_copy": grayscale_score(float(mean[2]), chroma, weights)}


class FraudModel:
    """The fraud model over one shared session; safe to call from many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        kept = session.metadata.get("grayscale_copy", '{"logit": 1.0, "log_chroma": 0.0, "bias": 0.0}')
        self._copy_weights = CopyWeights(**json.loads(kept))

    def run(
        self,
        photo: Photo,
        quad_xy_px: Points,
        portrait_quad_xy_px: Points | None = None,
        field_quads_xy_px: Mapping[str, Points] | None = None,
        together: Together = one_by_one,
        with_maps: bool = False,
    ) -> FraudReading:
        """Looks for every species whose place is given; about 5 ms a crop (8-bit, with VNNI).

        Args:
            photo: decoded at full size. At a smaller scale the traces are lost, and the scores mean little.
            quad_xy_px: (4, 2) corners of the document in full-size photo pixels.
            portrait_quad_xy_px: the portrait, for portrait_tamper; not looked at when None.
            field_quads_xy_px: the text fields to look at for text_tamper, by name.
            together: runs the looks at all crops and answers in their order; side by side if it can.
            with_maps: lays out `maps` too, which a verdict does not need; about 10 ms.
        """
        scale = np.float32(photo.scale)
        quad = np.asarray(quad_xy_px * scale, np.float32)
        size, small = native_size(quad), preview(photo.bgr, quad)
        quads = tile_quads(quad, tile_corners(small, size), size)
        # A document that lies mostly outside is judged by what there is, its repeated border included.
        quads = [quads[at] for at in in_frame(quads, photo.bgr) or range(len(quads))]
        faces: list[Points] = []
        if portrait_quad_xy_px is not None:
            faces = portrait_quads(np.asarray(portrait_quad_xy_px * scale, np.float32))
        named = {name: np.asarray(place * scale, np.float32) for name, place in (field_quads_xy_px or {}).items()}
        looks = [partial(self._look, tile, photo.bgr, place) for place in (*quads, *faces)]
        looks += [partial(self._look, field_crop, photo.bgr, place) for place in named.values()]
        logits, maps = (np.stack(part) for part in zip(*together(looks), strict=True))
        tiles, portraits, edits = np.split(np.arange(len(looks)), [len(quads), len(quads) + len(faces)])
        scores = read_copies(logits[tiles], chroma_spread(small), self._copy_weights)
        if faces:
            scores["portrait_tamper"] = _sigmoid(float(logits[portraits, 3].mean()))
        fields = {name: _sigmoid(float(logit)) for name, logit in zip(named, logits[edits, 4], strict=True)}
        if fields:
            scores["text_tamper"] = max(fields.values())
        laid: dict[str, Map] = {}
        if with_maps:
            laid = {name: lay(maps[tiles, at], quads, quad, COPY_MAP_PX) for at, name in enumerate(COPIES)}
        if with_maps and faces:
            laid["portrait_tamper"] = lay(maps[portraits, 3], faces, quad, EDIT_MAP_PX)
        if with_maps and fields:
            strips, rows = zip(*map(field_strip, named.values()), strict=True)
            laid["text_tamper"] = lay(map(in_one_row, maps[edits, 4], rows), strips, quad, EDIT_MAP_PX)
        return FraudReading(scores, fields, laid)

    def _look(self, crop: Callable[[Image, Points], Image], image_bgr: Image, quad_xy: Points) -> Look:
        """Logits (5,) and maps (5, h, w) of one crop a run: on a CPU, larger batches cost more per crop."""
        found = self._session.run(prepare([crop(image_bgr, quad_xy)]))
        return found["logits"][0], found["maps"][0]


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


def open_fraud(folder: Path, spec: ModelSpec, profile: Profile) -> FraudModel:
    """Opens the fraud model of a weights folder. Raises SetupError when the file is not the manifest's."""
    return FraudModel(open_session(folder, spec, profile))
