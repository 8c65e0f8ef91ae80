"""Simple measures taken inside the rectified document: sharpness, saturation, exposure, contrast, chroma, noise.

They are the floor that the models must beat, and an input of the quality model, whose 224 px image hides mild blur.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image
from idqc.photo.geometry import shrunk

Plane: TypeAlias = NDArray[Any]
"""One channel, (height, width); the dtype is what the operation at hand gives."""

MEASURED_WIDTH_PX = 1000
"""The width at which a document is measured, whatever the photo had: measures of two photos then compare."""

LINEAR_UP_TO = 1.5
"""A document up to so many times as wide is brought to its width by linear interpolation."""

TILE_PX = 100
"""About a centimetre of an ID-1 card: tiles with print and tiles without it fall apart."""

SATURATED_GREY = 250
GLOSSY_GREY = 235
DARK_GREY = 40
GLOSSY_SPREAD = 14
"""A highlight takes the lamp's colour: bright pixels whose channels differ by at most this much count as gloss."""

SCALES = (1, 2, 4)
DIRECTIONS = 4

NAMES: tuple[str, ...] = (
    *(f"log_laplacian_{what}_at_{scale}" for scale in SCALES for what in ("variance", "p50", "p90", "max")),
    *(f"log_gradient_p90_at_{scale}" for scale in SCALES),
    *(f"log_direction_{what}_at_{scale}" for scale in SCALES for what in ("weakest", "strongest")),
    "log_noise",
    "saturated_share",
    "glossy_share",
    "largest_saturated_share",
    "largest_glossy_share",
    "tile_floor_max",
    "tile_floor_p90",
    "dark_share",
    "grey_mean",
    "grey_p05",
    "grey_p25",
    "grey_p50",
    "grey_p75",
    "grey_p95",
    "tile_grey_min",
    "tile_grey_max",
    "log_contrast",
    "log_tile_contrast_p10",
    "log_tile_contrast_p50",
    "log_tile_contrast_p90",
    "chroma_mean",
    "chroma_p95",
    "chroma_spread",
)
"""The order of `Measures.vector`; it is part of the quality model's input and only grows with a new model."""

FLOOR: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "quality.blur": ("log_laplacian_variance_at_1", -1.0),
        "quality.glare": ("saturated_share", 1.0),
        "quality.dark": ("grey_mean", -1.0),
        "quality.bright": ("grey_mean", 1.0),
        "fraud.grayscale_copy": ("chroma_spread", -1.0),
    }
)
"""The one measure, and its sign, that a model of this criterion must beat."""


@dataclass(frozen=True, eq=False)
class Measures:
    """What `measure` found. `vector` is (len(NAMES),) float32 in the order of NAMES."""

    vector: NDArray[np.float32]

    def __getitem__(self, name: str) -> float:
        return float(self.vector[NAMES.index(name)])

    def floor_score(self, criterion: str) -> float:
        """The simple measure for a criterion of FLOOR, signed so that more is worse; its unit is the measure's."""
        name, sign = FLOOR[criterion]
        return sign * self[name]


def measure(document_bgr: Image) -> Measures:
    """Measures a document laid flat, about 15 ms.

    Args:
        document_bgr: (height, 1000, 3) uint8 BGR 0..255. Another width is brought to 1000 px first.

    Returns:
        The measures. Greys are 0..255, shares 0..1, chroma is distance from grey in 8-bit Lab units, `log_*` are
        natural logarithms of squared grey levels.
    """
    height_px, width_px = document_bgr.shape[:2]
    if width_px != MEASURED_WIDTH_PX:
        size = MEASURED_WIDTH_PX, max(round(height_px * MEASURED_WIDTH_PX / width_px), 1)
        # Between neighbouring sizes area means cost ten times as much and say the same.
        near = width_px < LINEAR_UP_TO * MEASURED_WIDTH_PX
        document_bgr = np.asarray(cv2.resize(document_bgr, size), np.uint8) if near else shrunk(document_bgr, *size)
    grey = np.asarray(cv2.cvtColor(document_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    values = [
        *_sharpness(grey),
        *_gloss_and_exposure(document_bgr, grey),
        *_contrast(grey),
        *_chroma(document_bgr),
    ]
    return Measures(np.array(values, np.float32))


def tiles_of(plane: Plane, tile_px: int) -> NDArray[np.float32]:
    """Means of a (height, width) plane over tiles of about `tile_px`, which share out the whole of it: (n,)."""
    down, across = _borders(plane, tile_px)
    # OpenCV adds up the rows of a stretch several times faster than NumPy does.
    stretches = [cv2.reduce(plane[a:b], 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0] for a, b in pairwise(down)]
    return _means(stretches, across)


def _borders(plane: Plane, tile_px: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    down, across = (np.linspace(0, side, max(side // tile_px, 1) + 1).astype(np.intp) for side in plane.shape)
    return down, across


def _means(stretches: Sequence[Plane], across: NDArray[np.intp]) -> NDArray[np.float32]:
    sums = np.add.reduceat(np.stack(stretches), across[:-1], axis=1)
    return np.asarray(sums / np.diff(across), np.float32).ravel()


def _log(value: float) -> float:
    """Natural logarithm with a floor of a hundredth of a squared grey level, which an empty plane gives."""
    return math.log(max(value, 0.0) + 0.01)


def _sharpness(grey: Plane) -> list[float]:
    laplacians: list[float] = []
    gradients: list[float] = []
    directions: list[float] = []
    for scale in SCALES:
        size = max(grey.shape[1] // scale, 1), max(grey.shape[0] // scale, 1)
        plane = shrunk(grey, *size)
        tiles, variance, xx, yy, xy = _energies(plane, TILE_PX // scale)
        p50, p90 = np.percentile(tiles, (50, 90))
        laplacians += [_log(variance), _log(float(p50)), _log(float(p90)), _log(float(tiles.max()))]
        # Motion blur empties one direction and leaves the one across it: energies along 0, 45, 90 and 135 degrees.
        energies = np.stack([xx, (xx + yy) / 2 + xy, yy, (xx + yy) / 2 - xy, xx + yy])
        *turned, whole = (float(value) for value in np.percentile(energies, 90, axis=1))
        gradients.append(_log(whole))
        directions += [_log(min(turned)), _log(max(turned))]
    return [*laplacians, *gradients, *directions, _noise(grey)]


def _energies(plane: Plane, tile_px: int) -> tuple[Plane, float, Plane, Plane, Plane]:
    """By tile the mean squares of the Laplacian (and its variance over the whole plane), of the gradient across and of
    that down, and the mean product of these two."""
    down, columns = _borders(plane, tile_px)
    products: list[list[Plane]] = [[], [], [], []]
    total = squares = 0.0
    for band, inner in _bands(plane, down):
        laplacian = cv2.Laplacian(band, cv2.CV_16S)[inner].astype(np.float32)
        dx, dy = (cv2.Sobel(band, cv2.CV_16S, *step)[inner].astype(np.float32) for step in ((1, 0), (0, 1)))
        pairs = (laplacian, laplacian), (dx, dx), (dy, dy), (dx, dy)
        for found, pair in zip(products, pairs, strict=True):
            found.append(_row_mean_of_product(*pair))
        total += float(laplacian.sum(dtype=np.float64))
        squares += float(products[0][-1].sum(dtype=np.float64)) * len(laplacian)
    tiles, xx, yy, xy = (_means(found, columns) for found in products)
    return tiles, squares / plane.size - (total / plane.size) ** 2, xx, yy, xy


def _bands(plane: Plane, down: NDArray[np.intp]) -> Iterator[tuple[Plane, slice]]:
    """The stretches between borders, each with a row more on both sides for a 3 x 3 filter; which rows are its own.

    Planes this small stay in the processor's cache; whole ones are written to memory that is asked for anew.
    """
    for first, last in pairwise(down):
        above = max(first - 1, 0)
        yield plane[above : last + 1], slice(first - above, last - above)


def _row_mean_of_product(a: Plane, b: Plane) -> Plane:
    return np.asarray(np.einsum("ij,ij->j", a, b) / np.float32(len(a)))


def _noise(grey: Plane) -> float:
    """Log variance of sensor noise in the calmest tiles (Immerkaer 1996)."""
    kernel = np.array([1, -2, 1], np.float32)
    down, columns = _borders(grey, TILE_PX // 4)
    residues = (
        cv2.sepFilter2D(band, cv2.CV_16S, kernel, kernel)[inner].astype(np.float32)
        for band, inner in _bands(grey, down)
    )
    squares = [_row_mean_of_product(residue, residue) for residue in residues]
    return _log(float(np.percentile(_means(squares, columns), 10)) / 36.0)


def _largest_share(mask: Plane) -> float:
    """The share of the picture that the largest connected blob of a 0/255 mask takes, at a quarter of its size."""
    small = shrunk(mask, max(mask.shape[1] // 4, 1), max(mask.shape[0] // 4, 1))
    _, _, stats, _ = cv2.connectedComponentsWithStats((small > 127).astype(np.uint8), connectivity=8)
    return float(stats[1:, cv2.CC_STAT_AREA].max() / small.size) if len(stats) > 1 else 0.0


def _gloss_and_exposure(document_bgr: Image, grey: Plane) -> list[float]:
    saturated = cv2.inRange(grey, SATURATED_GREY, 255)
    blue, green, red = cv2.split(document_bgr)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    glossy = cv2.bitwise_and(cv2.inRange(grey, GLOSSY_GREY, 255), cv2.inRange(spread, 0, GLOSSY_SPREAD))
    # The darkest print of a tile: high where a veil of glare lies over ink, or where there is no ink.
    floor = cv2.erode(grey, np.ones((15, 15), np.uint8))
    floors = tiles_of(floor, TILE_PX // 2)
    tile_grey = tiles_of(grey, TILE_PX)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    cumulative = np.cumsum(counts) / grey.size
    return [
        cv2.countNonZero(saturated) / grey.size,
        cv2.countNonZero(glossy) / grey.size,
        _largest_share(saturated),
        _largest_share(glossy),
        float(floors.max()),
        float(np.percentile(floors, 90)),
        float(cumulative[DARK_GREY - 1]),
        float(counts @ np.arange(256) / grey.size),
        *(float(np.searchsorted(cumulative, share)) for share in (0.05, 0.25, 0.50, 0.75, 0.95)),
        float(tile_grey.min()),
        float(tile_grey.max()),
    ]


def _contrast(grey: Plane) -> list[float]:
    means = tiles_of(grey, TILE_PX)
    down, columns = _borders(grey, TILE_PX)
    rows = (grey[a:b].astype(np.float32) for a, b in pairwise(down))
    squares = _means([_row_mean_of_product(row, row) for row in rows], columns)
    whole = float(cv2.meanStdDev(grey)[1].item()) ** 2
    return [_log(whole), *(_log(float(value)) for value in np.percentile(squares - means * means, (10, 50, 90)))]


def _chroma(document_bgr: Image) -> list[float]:
    """Chroma at a quarter of the size, where sensor noise and JPEG's chroma blocks have averaged out."""
    small = shrunk(document_bgr, max(document_bgr.shape[1] // 4, 1), max(document_bgr.shape[0] // 4, 1))
    ab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB)[..., 1:], np.float32) - 128.0
    chroma = np.hypot(ab[..., 0], ab[..., 1])
    # Spread around the middle colour: the tint that white balance lays over a grey copy does not count.
    away = ab - np.median(ab.reshape(-1, 2), axis=0)
    spread = float(np.sqrt(np.square(away).sum() / chroma.size))
    return [float(chroma.mean()), float(np.percentile(chroma, 95)), spread]
