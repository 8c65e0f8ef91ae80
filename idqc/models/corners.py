"""The corners model: sees the document almost laid flat; says how far each corner is off, what is up, and which type.

It works on a crop: the photo rectified by a coarse quad with a margin on each side, always landscape. What lies outside
of the photo is grey, so that the edge of the frame is not taken for the edge of the document.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.documents import UNSUPPORTED
from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, project, shrunk
from idqc.runtime.session import Tensors

NAME = "corners"
DOCUMENT_CLASSES = ("kr_resident", "kr_driver", "passport", "td1", UNSUPPORTED)
"""The order of the model's types; the last is a card that is none of the accepted types."""
CROP_WIDTH_PX, CROP_HEIGHT_PX = 224, 160
MARGIN = 0.15
"""Width and height added on each side, as a share of the coarse quad's."""
INNER_WIDTH_PX, INNER_HEIGHT_PX = CROP_WIDTH_PX / (1 + 2 * MARGIN), CROP_HEIGHT_PX / (1 + 2 * MARGIN)
OUTSIDE_GREY = 114
CROP_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * np.float32(1 / (1 + 2 * MARGIN)) + np.float32(
    MARGIN / (1 + 2 * MARGIN)
)
"""(4, 2): where the coarse quad's corners lie in the crop, in shares of its width and height."""


def crop_to_photo(quad_xy: Points) -> np.ndarray:
    """The 3x3 matrix from shares of the crop (0..1 across) to the pixels in which `quad_xy` is given."""
    return homography(CROP_CORNERS, quad_xy)


def warp(image_bgr: Image, shares_to_image: np.ndarray, width_px: int, height_px: int) -> Image:
    """Samples (height_px, width_px, 3) from an image, grey outside. (0, 0) is the outer corner of the first pixel."""
    size = np.diag([1.0 / width_px, 1.0 / height_px, 1.0])
    centre, back = np.eye(3), np.eye(3)
    centre[:2, 2], back[:2, 2] = 0.5, -0.5
    return np.asarray(
        cv2.warpPerspective(
            image_bgr,
            back @ shares_to_image @ size @ centre,
            (width_px, height_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(OUTSIDE_GREY,) * 3,
        ),
        np.uint8,
    )


def shrink(image_bgr: Image, quad_xy: Points, width_px: float, height_px: float) -> tuple[Image, float]:
    """Shrinks an image until the quad is about as large as it will be laid flat, so that fine print does not alias.

    Returns:
        The image and how many of its pixels one pixel of the given image has become (at most 1).
    """
    edges = np.linalg.norm(quad_xy - np.roll(quad_xy, -1, axis=0), axis=1)
    across = float(min(max(edges[0], edges[2]) / width_px, max(edges[1], edges[3]) / height_px))
    if across <= 1.2:
        return image_bgr, 1.0
    height, width = image_bgr.shape[:2]
    size = (max(round(width / across), 1), max(round(height / across), 1))
    return shrunk(image_bgr, *size), size[0] / width


def landscape(quad_xy: Points) -> Points:
    """Turns the order of the corners by one where the quad is far too upright for a document's own top left.

    Every type is wider than high. A steep view can make one look as wide as high, but hardly 1 : 1.25.
    """
    edges = np.linalg.norm(quad_xy - np.roll(quad_xy, -1, axis=0), axis=1)
    return np.roll(quad_xy, 1, axis=0) if 1.25 * (edges[0] + edges[2]) < edges[1] + edges[3] else quad_xy


def usable(quad_xy: Points) -> bool:
    """Whether the quad is convex, clockwise on the screen and not degenerate, so that it can be rectified."""
    edge = np.roll(quad_xy, -1, axis=0) - quad_xy
    following = np.roll(edge, -1, axis=0)
    turns = edge[:, 0] * following[:, 1] - edge[:, 1] * following[:, 0]
    scale = float(np.square(edge).sum(axis=1).mean())
    return bool(np.all(turns > 0.02 * max(scale, 1e-9)))


def normalise(crop_bgr: Image) -> NDArray[np.float32]:
    """(..., h, w, 3) uint8 BGR -> (..., 3, h, w) float32 RGB 0..1."""
    rgb = np.moveaxis(np.asarray(crop_bgr)[..., ::-1], -1, -3)
    return np.asarray(rgb, np.float32, order="C") / np.float32(255)


def prepare(image_bgr: Image, quad_xy: Points) -> dict[str, NDArray[np.float32]]:
    """Makes the model's input `crop` (1, 3, 160, 224), float32 RGB 0..1, for a coarse quad in pixels of `image_bgr`."""
    return {"crop": normalise(warp(image_bgr, crop_to_photo(quad_xy), CROP_WIDTH_PX, CROP_HEIGHT_PX))[None]}


@dataclass(frozen=True, eq=False)
class Refined:
    """A better quad in the order of the coarse one, the probability that it stands on its head, and that of each of
    DOCUMENT_CLASSES: (5,), their sum is 1."""

    quad_xy: Points
    upside_down: float
    types: NDArray[np.float64]


def read(outputs: Tensors, quad_xy: Points) -> Refined:
    """Turns `offsets` (1, 8), `flip` (1, 1) and `type` (1, 5) into a better quad and what stands in it.

    Args:
        quad_xy: the coarse quad given to `prepare`; the better one is in the same pixels.
    """
    offsets = np.asarray(outputs["offsets"], np.float32).reshape(4, 2)
    logit = float(np.asarray(outputs["flip"]).ravel()[0])
    better = project(crop_to_photo(quad_xy), CROP_CORNERS + offsets)
    logits = np.asarray(outputs["type"], np.float64).ravel()
    types = np.exp(logits - logits.max())
    types /= types.sum()
    return Refined(
        better if usable(better) else quad_xy,
        float(1.0 / (1.0 + np.exp(-np.clip(logit, -50, 50)))),
        types,
    )
