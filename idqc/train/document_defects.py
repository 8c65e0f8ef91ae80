"""Spoils the rectified document of a good photo once more: blur, glare, too little or too much light.

Photos with a quality defect are few in any folder. Here a good one is spoilt to a known severity, by the definitions
of the generator's labels, and then goes through sensor noise and JPEG again, as an unspoilt one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image

BLUR_MM_AT_ZERO, BLUR_MM_AT_ONE = 0.09, 0.50
"""Standard deviation of the blur on the card, as in `idqc.synth.camera`; so are all numbers here."""
DARK_WHITE_AT_ZERO, DARK_WHITE_AT_ONE = 120.0, 40.0
BRIGHT_GAIN_AT_ZERO, BRIGHT_GAIN_AT_ONE = 1.6, 6.0
PAPER_LIGHT, INK_LIGHT = 0.86, 0.04
CONTRAST_READABLE, CONTRAST_LOST = 0.38, 0.12
GLARE_AREA_AT_ONE, GLARE_AREA_WEIGHT = 0.10, 0.6
GLARE_HOLE = 0.5
WHITE_IN_PHOTO = 255.0 * PAPER_LIGHT**0.5
"""Grey level of white paper at a gain of 1: photos keep the square root of light."""

WAYS = ("plain", "blur", "glare", "dark", "bright")
WAY_SHARES = (0.2, 0.25, 0.25, 0.15, 0.15)
MOTION_PER_DEVIATION = 12**0.5


@dataclass(frozen=True, eq=False)
class Spoilt:
    """The document, the severities that came with it, and where glare hides print: (h, w) float32 0..1 or None."""

    document_bgr: Image
    severity: dict[str, float]
    lost: NDArray[np.float32] | None


def spoil_document(
    document_bgr: Image, px_per_mm: float, fields_px: Sequence[tuple[int, int, int, int]], rng: np.random.Generator
) -> Spoilt:
    """Spoils a document in one way or none, and photographs it again.

    Args:
        document_bgr: (h, w, 3) uint8 BGR, laid flat, of a photo without a quality defect.
        px_per_mm: its resolution.
        fields_px: left, top, right, bottom of its mandatory fields: a field that glare hides counts in full.
    """
    way, wanted = str(rng.choice(WAYS, p=WAY_SHARES)), float(rng.uniform(0.05, 1.0))
    white = max(float(np.percentile(document_bgr[::4, ::4].max(axis=2), 97)), 60.0)
    picture, severity, lost = document_bgr.astype(np.float32), {}, None
    if way == "blur":
        deviation_mm = BLUR_MM_AT_ZERO + (BLUR_MM_AT_ONE - BLUR_MM_AT_ZERO) * wanted
        picture, severity["quality.blur"] = _blur(picture, deviation_mm * px_per_mm, rng), wanted
    elif way == "dark":
        level = DARK_WHITE_AT_ZERO + (DARK_WHITE_AT_ONE - DARK_WHITE_AT_ZERO) * wanted
        picture, severity["quality.dark"] = picture * min(level / white, 1.0), wanted
    elif way == "bright":
        gain = BRIGHT_GAIN_AT_ZERO + (BRIGHT_GAIN_AT_ONE - BRIGHT_GAIN_AT_ZERO) * wanted
        picture, severity["quality.bright"] = picture * (gain**0.5 * WHITE_IN_PHOTO / white), wanted
    elif way == "glare":
        reflected = _reflection(document_bgr.shape[0], document_bgr.shape[1], fields_px, rng)
        picture = np.sqrt((picture / 255) ** 2 + reflected[..., None]) * 255
        lost = content_lost(reflected, min((white / WHITE_IN_PHOTO) ** 2, 1.15))
        severity["quality.glare"] = glare_severity(lost, fields_px)
    return Spoilt(_photographed(np.asarray(picture, np.float32), way == "dark", rng), severity, lost)


def content_lost(reflected: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
    """How much of print on white each pixel loses to the reflected light, 0..1."""
    white, black = min(PAPER_LIGHT * gain, 1.0), INK_LIGHT * gain
    before = max(white**0.5 - black**0.5, 1e-3)
    after = np.sqrt(np.minimum(white + reflected, 1)) - np.sqrt(np.minimum(black + reflected, 1))
    lost = (CONTRAST_READABLE - after / before) / (CONTRAST_READABLE - CONTRAST_LOST)
    return np.asarray(lost.clip(0, 1), np.float32)


def glare_severity(lost: NDArray[np.float32], fields_px: Sequence[tuple[int, int, int, int]]) -> float:
    """A field that is gone counts in full, a burnt area without a field at most 0.6."""
    worst = 0.0
    for left, top, right, bottom in fields_px:
        part = lost[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)]
        if part.size:
            columns = part.mean(axis=0)
            stretch = int(min(max(4 * part.shape[0], part.shape[1] * 0.35, 1), len(columns)))
            worst = max(worst, float(np.convolve(columns, np.full(stretch, 1 / stretch), "valid").max()))
    return max(GLARE_AREA_WEIGHT * min(float(lost.mean()) / GLARE_AREA_AT_ONE, 1.0), worst)


def _blur(picture: NDArray[np.float32], deviation_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    way = int(rng.integers(3))
    if way == 0:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation_px), np.float32)
    if way == 1:
        reach = int(np.ceil(2 * deviation_px))
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        kernel = (2 * deviation_px + 0.5 - np.hypot(x, y)).clip(0, 1).astype(np.float32)
    else:
        half = deviation_px * MOTION_PER_DEVIATION / 2
        reach = int(np.ceil(half)) + 1
        angle = rng.uniform(0, np.pi)
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        ends = [
            tuple(round((reach + sign * half * v) * 16) for v in (np.cos(angle), np.sin(angle))) for sign in (-1, 1)
        ]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)


def _reflection(
    height: int, width: int, fields_px: Sequence[tuple[int, int, int, int]], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Light of a lamp, a window or a streak over the document: (height, width), linear."""
    rows, columns = height // 4, width // 4
    spot = np.zeros((rows, columns), np.float32)
    at = rng.uniform(0.05, 0.95, 2) * [columns, rows]
    if fields_px and rng.random() < 0.7:
        left, top, right, bottom = fields_px[int(rng.integers(len(fields_px)))]
        at = np.array([rng.uniform(left, right), rng.uniform(top, bottom)]) / 4
    centre = float(at[0]), float(at[1])
    size, angle = columns * float(rng.uniform(0.05, 0.32)), float(rng.uniform(0, 180))
    way = int(rng.integers(3))
    if way == 0:
        corners = cv2.boxPoints((centre, (size * 1.5, size), angle)) + rng.normal(0, size * 0.06, (4, 2))
        cv2.fillPoly(spot, [corners.astype(np.int32)], 1.0)
    else:
        axes = (1.6, 0.16) if way == 1 else (0.5, float(rng.uniform(0.2, 0.5)))
        box = (centre, (max(size * 2 * axes[0], 2.0), max(size * 2 * axes[1], 2.0)), angle)
        cv2.ellipse(spot, box, 1.0, -1)
    soft = cv2.GaussianBlur(spot, (0, 0), max(size * float(rng.uniform(0.05, 0.4)), 0.7))
    return np.asarray(cv2.resize(soft, (width, height)) * rng.uniform(0.4, 3.0), np.float32)


def _photographed(picture: NDArray[np.float32], dark: bool, rng: np.random.Generator) -> Image:
    """Noise, a little smoothing and JPEG, whether or not the document was spoilt."""
    noise = np.zeros(picture.shape, np.float32)
    cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(0.3, 7.0 if dark else 4.0)))
    picture = picture + noise
    if rng.random() < 0.4:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 0.6))), np.float32)
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
