"""Takes a place of a document away, and looks at what that does to a score.

The fill must not look like the defect. cv2.inpaint does: it draws the rim of the hole inwards, and the rim of a
highlight is its halo. Here a hole gets the mean of what lies around it, from ever coarser pictures (pull and push;
Gortler et al. 1996). The fraud model looks for seams and for places without the camera's grain: for it the fill has
grain and fades in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Photo, Points
from idqc.photo.geometry import homography, rectangle

WIDTH, HEIGHT = 384, 240
"""Places are compared on a grid of this size over the document."""
SHARE = 0.1
CELLS = (24, 15)
"""Strewn places are cells of this grid: 36 of them make a tenth."""
DRAWS = 6
TIMES = 3.0
LEAST_SHARE = 0.05
"""Of the score, that a random tenth is taken to cost at least."""
SEED = 20261122
GRAIN_SIGMA_PX, GRAIN = 1.5, 3.0
"""Grain is what a blur of this width takes away; its deviation in so many medians of that, the least that a clean card
is suspected for."""
SEAM_PX = 16
RIM_PX = 40
"""How much of the photo around a hole is looked at."""

Mask = NDArray[np.uint8]
Scorer = Callable[[Photo], float]


@dataclass(frozen=True)
class Trial:
    """One photo: its score, whether that rejects, and what it loses without the map's top tenth and random ones."""

    score: float
    rejected: bool
    top: float
    random: float

    @property
    def true(self) -> bool:
        """Whether the map points at what makes the score. Random tenths may raise it, and then prove nothing."""
        return self.top >= TIMES * max(self.random, LEAST_SHARE * self.score)


def top_tenth(plane: NDArray[np.float32]) -> Mask:
    """The tenth of the document where a map (h, w) is strongest; of equal places those near strong ones come first."""
    fine = cv2.resize(np.nan_to_num(plane, nan=0.0), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    order = np.argsort(-(fine + 1e-3 * cv2.GaussianBlur(fine, (0, 0), WIDTH / 20)).ravel(), kind="stable")
    mask = np.zeros(WIDTH * HEIGHT, np.uint8)
    mask[order[: round(SHARE * mask.size)]] = 255
    return mask.reshape(HEIGHT, WIDTH)


def random_tenths(mask: Mask, rng: np.random.Generator) -> Iterator[Mask]:
    """As much of the document at random: the mask moved, then cells of a grid."""
    for draw in range(DRAWS):
        if draw % 2 == 0:
            yield np.roll(mask, (int(rng.integers(HEIGHT)), int(rng.integers(WIDTH))), (0, 1))
        else:
            cells = np.zeros(CELLS[0] * CELLS[1], np.uint8)
            cells[rng.choice(cells.size, round(SHARE * cells.size), replace=False)] = 255
            yield cv2.resize(cells.reshape(CELLS[::-1]), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)


def onto_photo(mask: Mask, photo: Photo, quad_xy_px: Points) -> Mask:
    """A mask of the document, over the photo: 0 or 255."""
    matrix = homography(rectangle(WIDTH, HEIGHT), quad_xy_px * np.float32(photo.scale))
    return np.asarray(cv2.warpPerspective(mask, matrix, photo.bgr.shape[1::-1], flags=cv2.INTER_NEAREST), np.uint8)


def filled(bgr: Image, hole: Mask, grain: bool) -> Image:
    """A picture whose hole (255) holds the means of ever wider surroundings; with grain and a soft seam if wanted."""
    x, y, width, height = cv2.boundingRect(hole)
    inside = np.s_[max(y - RIM_PX, 0) : y + height + RIM_PX, max(x - RIM_PX, 0) : x + width + RIM_PX]
    part, gap, done = bgr[inside].astype(np.float32), hole[inside], bgr.copy()
    share = (gap > 0).astype(np.float32)
    if grain:
        gap = np.asarray(cv2.dilate(gap, np.ones((SEAM_PX, SEAM_PX), np.uint8)), np.uint8)
        share = np.asarray(cv2.GaussianBlur(share, (0, 0), SEAM_PX / 4), np.float32)
    guess = _from_around(part, gap)
    if grain:
        residue = cv2.absdiff(bgr[inside], cv2.GaussianBlur(bgr[inside], (0, 0), GRAIN_SIGMA_PX))
        noise = cv2.GaussianBlur(np.random.default_rng(SEED).standard_normal(part.shape, np.float32), (0, 0), 0.6)
        guess = guess + noise * np.float32(GRAIN * np.median(residue) / noise.std())
    laid = part + (guess - part) * share[..., None]
    done[inside] = laid.round().clip(0, 255).astype(np.uint8)
    return done


def _from_around(bgr: NDArray[np.float32], hole: Mask) -> NDArray[np.float32]:
    known = (hole == 0).astype(np.float32)
    values = bgr * known[..., None]
    levels = []
    while min(known.shape) > 2:
        levels.append((values, known))
        half = (known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2
        values, known = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (values, known))
    guess = values / np.maximum(known, 1e-6)[..., None]
    for values, known in reversed(levels):
        guess = cv2.resize(guess, known.shape[::-1], interpolation=cv2.INTER_LINEAR)
        # `values` are weighted by `known` already: what is unknown of a cell comes from the coarser picture.
        guess = values + guess * (1 - known)[..., None]
    return np.asarray(guess, np.float32)


def tried(
    photo: Photo,
    quad_xy_px: Points,
    plane: NDArray[np.float32],
    score: Scorer,
    erase: Callable[[Image, Mask], Image],
    reject: float = np.inf,
    seed: int = SEED,
) -> Trial:
    """Takes the top tenth of a map (h, w) over the document away, and random tenths, which `seed` draws."""
    before = score(photo)
    top = top_tenth(plane)

    def drop(mask: Mask) -> float:
        bgr = erase(photo.bgr, onto_photo(mask, photo, quad_xy_px))
        return before - score(replace(photo, bgr=bgr))

    strewn = random_tenths(top, np.random.default_rng(seed))
    return Trial(before, before >= reject, drop(top), float(np.mean([drop(mask) for mask in strewn])))
