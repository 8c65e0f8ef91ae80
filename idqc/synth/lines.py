"""Pictures of single text lines, as they come out of a rectified document: what the text recogniser learns from.

A line is set in a random font on a printed background, then photographed: perspective, low resolution, blur, noise,
JPEG, and a crop that is too loose, too tight, or shows the neighbouring lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from idqc.inspection import Image
from idqc.synth.assets import Assets, Font
from idqc.synth.cmap import characters
from idqc.synth.line_texts import random_text

LINE_HEIGHT_PX = 48
SCRIPT_SHARES = {"hangul": 0.54, "latin": 0.36, "mrz": 0.1}
"""Of the lines drawn for training. MRZ lines are long and their letters known to the trunk, so few are enough."""
_SCRIPTS = tuple(SCRIPT_SHARES)
Floats = NDArray[Any]
"""float32; cv2 does not say so in its types."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line picture (48, width, 3) BGR uint8, what it says, its script and how badly it was treated (0..1)."""

    bgr: Image
    text: str
    script: str
    damage: float


@lru_cache(maxsize=256)
def _typeface(path: str, index: int, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_px, index=index)


_letters = lru_cache(maxsize=256)(characters)


def draws(font: Font, text: str) -> bool:
    """Whether the font has every letter of the text."""
    letters = _letters(font.path, font.index)
    return all(ord(letter) in letters for letter in text if letter != " ")


def ink(text: str, font: Font, size_px: int, spacing_px: float) -> Floats:
    """The text's ink, 0..1, tight: (height, width) float32."""
    typeface = _typeface(font.path, font.index, size_px)
    left, top, right, bottom = typeface.getbbox(text)
    width = int(right - left + max(spacing_px, 0) * len(text)) + 4
    sheet = Picture.new("L", (max(width, 4), int(bottom - top) + 4), 0)
    draw = ImageDraw.Draw(sheet)
    if abs(spacing_px) < 0.5:
        draw.text((2 - left, 2 - top), text, fill=255, font=typeface)
    else:
        x = 2.0 - left
        for letter in text:
            draw.text((x, 2 - top), letter, fill=255, font=typeface)
            x += typeface.getlength(letter) + spacing_px
    mask: Floats = np.asarray(sheet, np.float32) / np.float32(255)
    columns, rows = np.flatnonzero(mask.max(0) > 0.2), np.flatnonzero(mask.max(1) > 0.2)
    if not len(columns):
        return mask
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def background(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Printed stock: a tint with a gradient, often waves or a bar. (height, width, 3) float32, 0..255."""
    base = rng.uniform(150, 252) + rng.normal(0, 14, 3)
    slope = rng.normal(0, 10, (2, 3)) * (rng.random() < 0.7)
    across, down = np.linspace(-1, 1, width)[None, :, None], np.linspace(-1, 1, height)[:, None, None]
    paper: Floats = (base + slope[0] * across + slope[1] * down).astype(np.float32)
    if rng.random() < 0.6:
        art = np.zeros((height, width), np.uint8)
        x = np.arange(0, width + 8, 6)
        period, drift, thick = rng.uniform(20, 220), rng.uniform(-0.5, 0.5), int(rng.integers(1, 3))
        swing, gap = rng.uniform(2, 30), rng.uniform(4, 16)
        count = min(int((height + 2 * swing + abs(drift) * width) / gap) + 1, 60)
        for number in range(count):
            y = (
                -swing
                - max(drift, 0) * width
                + number * gap
                + swing * np.sin(x / period * 6.28 + number * 0.2)
                + drift * x
            )
            cv2.polylines(art, [np.stack([x, y], 1).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
        tint = rng.normal(0, 26, 3).astype(np.float32) * np.float32(rng.uniform(0.3, 1.2))
        paper += art[..., None].astype(np.float32) / 255 * tint
    if rng.random() < 0.15:
        position = int(rng.integers(0, height))
        cv2.line(
            paper, (0, position), (width, position), (base - rng.uniform(20, 90)).tolist(), int(rng.integers(1, 3))
        )
    return paper


def _blend(paper: Floats, mask: Floats, x: int, y: int, colour: Floats) -> None:
    """Prints the ink at (x, y); parts outside the paper are cut off."""
    height, width = paper.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + mask.shape[1], width), min(y + mask.shape[0], height)
    if x1 > x0 and y1 > y0:
        alpha = mask[y0 - y : y1 - y, x0 - x : x1 - x, None]
        paper[y0:y1, x0:x1] = paper[y0:y1, x0:x1] * (1 - alpha) + colour * alpha


def _printed(rng: np.random.Generator, text: str, font: Font, script: str, damage: float) -> Floats:
    size = int(rng.integers(30, 46))
    spacing = 0.0 if rng.random() < 0.6 else size * rng.uniform(-0.04, 0.22)
    mask = ink(text, font, size, spacing)
    if rng.random() < 0.25 and script != "mrz":
        mask = (
            cv2.dilate(mask, np.ones((2, 2), np.uint8))
            if rng.random() < 0.7
            else cv2.erode(mask, np.ones((2, 2), np.uint8))
        )
    squeeze = rng.uniform(0.5, 0.75) if script == "mrz" else rng.uniform(0.52, 1.05)
    mask = cv2.resize(mask, (max(int(mask.shape[1] * squeeze), 3), mask.shape[0]), interpolation=cv2.INTER_AREA)
    line = max(mask.shape[0], int(size * 0.72))
    above, below = (int(v * line) for v in rng.uniform(-0.02, 0.42, 2))
    before, after = (int(v * line) for v in rng.uniform(0.0, 0.9, 2) * rng.choice([0.2, 1.0]))
    # Short lines of a longer field end in bare stock, which must read as nothing.
    after += int(line * rng.uniform(0, 6)) if rng.random() < 0.15 and script != "mrz" else 0
    height, width = line + max(above, 0) + max(below, 0), mask.shape[1] + before + after
    paper = background(rng, height, width)
    mean = paper.mean((0, 1))
    contrast = rng.uniform(0.25, 0.6) if rng.random() < 0.3 * damage + 0.05 else rng.uniform(0.6, 1.0)
    target = rng.uniform(0, 60) + (rng.uniform(0, 70, 3) if rng.random() < 0.35 else np.zeros(3))
    if rng.random() < 0.07:
        paper *= rng.uniform(0.25, 0.5)
        mean, target = paper.mean((0, 1)), rng.uniform(210, 255) + np.zeros(3)
    colour = (mean + (target - mean) * contrast).astype(np.float32)
    y = max(above, 0) + (line - mask.shape[0]) // 2
    _blend(paper, mask, before, y, colour)
    if rng.random() < 0.25:
        other = mask[:, ::-1]
        shift = int(rng.integers(-width // 2, width // 2))
        if rng.random() < 0.5:
            _blend(paper, other, before + shift, y - int(line * rng.uniform(1.1, 1.3)), colour)
        else:
            _blend(paper, other, before + shift, y + int(line * rng.uniform(1.1, 1.3)), colour)
    return paper


def _photographed(rng: np.random.Generator, paper: Floats, damage: float) -> Image:
    height, width = paper.shape[:2]
    if rng.random() < 0.7:
        turn = rng.normal(0, 0.012) * height / max(height, width / 6)
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        moved = corners + rng.normal(0, 0.02 + 0.02 * damage, (4, 2)).astype(np.float32) * height
        moved[:, 1] += (moved[:, 0] - width / 2) * np.float32(turn)
        matrix = cv2.getPerspectiveTransform(corners, moved)
        paper = cv2.warpPerspective(
            paper, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    low = int(np.clip(rng.uniform(38, 50) - damage * rng.uniform(8, 36), 14, LINE_HEIGHT_PX))
    ratio = low / height
    small = cv2.resize(paper, (max(int(width * ratio), 4), low), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.25 + 0.5 * damage:
        sigma = rng.uniform(0.3, 0.5 + 0.9 * damage * low / 30)
        small = cv2.GaussianBlur(small, (0, 0), sigma)
    if rng.random() < 0.2 * damage:
        length = int(rng.integers(2, 3 + int(low / 10)))
        kernel = np.full((1, length), 1 / length, np.float32)
        small = cv2.filter2D(small, -1, kernel if rng.random() < 0.6 else kernel.T)
    if rng.random() < 0.3:
        light = 1 + rng.uniform(-0.35, 0.35) * np.linspace(-1, 1, small.shape[1], dtype=np.float32)
        small = small * light[None, :, None]
    small = (small - 128) * np.float32(rng.uniform(0.7, 1.1)) + 128 + np.float32(rng.normal(0, 12))
    small += rng.normal(0, rng.uniform(0.5, 3 + 9 * damage), small.shape).astype(np.float32)
    picture = small.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.1:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.6:
        quality = int(rng.uniform(95 - 55 * damage, 96))
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    target = max(round(picture.shape[1] * LINE_HEIGHT_PX / low), 16)
    way = cv2.INTER_CUBIC if rng.random() < 0.3 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (target, LINE_HEIGHT_PX), interpolation=way), np.uint8)


def draw_line(
    rng: np.random.Generator, assets: Assets, split: str, script: str | None = None, damage: float | None = None
) -> Line:
    """One random line of a split's fonts.

    `script` is hangul, latin or mrz (drawn by SCRIPT_SHARES when None); `damage` 0 is a crisp scan, 1 the worst crop
    that a person can still read (drawn when None, small values more often).
    """
    script = script or _SCRIPTS[int(rng.choice(3, p=list(SCRIPT_SHARES.values())))]
    damage = float(rng.beta(1.1, 1.6)) if damage is None else damage
    family = script if script != "latin" or rng.random() < 0.6 else "hangul"
    fonts = assets.fonts(split, family)
    while True:
        text = random_text(rng, script)
        for _ in range(6):
            font = fonts[int(rng.integers(len(fonts)))]
            if draws(font, text):
                paper = _printed(rng, text, font, script, damage)
                return Line(_photographed(rng, paper, damage), text, script, damage)
