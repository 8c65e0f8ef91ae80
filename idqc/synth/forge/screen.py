"""The card shown on a display: phone, tablet, laptop, monitor or television, drawn sub-pixel by sub-pixel.

The lattice is kept in the picture, so that the camera which photographs it makes the moiré by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from idqc.photo.geometry import rectangle
from idqc.synth.assets import Assets, kinds
from idqc.synth.card import PX_PER_MM, Card, FlatObject
from idqc.synth.forge.desktop import furnish, in_bezel
from idqc.synth.forge.original import degraded, rounded_mask
from idqc.synth.mock.draws import between, chance, pick

SCREENS = 40
TEXELS = 7_500_000
"""The most texels of the lit part; nine and more make one pixel of the display."""
DISPLAY_GAMMA = 2.2
DEVICES: tuple[tuple[str, float, float], ...] = (
    ("phone", 0.048, 0.08),
    ("phone", 0.055, 0.10),
    ("tablet", 0.085, 0.15),
    ("laptop", 0.10, 0.20),
    ("monitor", 0.18, 0.32),
    ("television", 0.30, 0.65),
)
"""Device and the range of its pixel pitch in mm."""
LATTICES = {
    "phone": ("stripe", "pentile", "pentile", "diamond"),
    "tablet": ("stripe", "stripe", "bgr", "pentile"),
    "laptop": ("stripe", "stripe", "bgr", "chevron"),
    "monitor": ("stripe", "chevron", "bgr", "stripe"),
    "television": ("stripe", "bgr", "chevron", "rgbw"),
}


@dataclass(frozen=True)
class Screen:
    """A kind of display: what all pieces of one model share."""

    id: str
    device: str
    pitch_mm: float
    lattice: str
    texels: int
    """Texture pixels a display pixel."""
    off: float
    """Light of a sub-pixel's surroundings, as a share of its own: optics and glass smear it."""
    row_gap: float
    gamut: float
    gamma: float
    black: float


def screen_kind(screen_id: str) -> Screen:
    """The same display for the same id, always."""
    number = int(screen_id[1:])
    rng = np.random.default_rng([31, number])
    device, low, high = DEVICES[number % len(DEVICES)]
    lattice = pick(rng, LATTICES[device])
    texels = 4 if lattice in ("pentile", "diamond", "rgbw") else 3
    return Screen(
        screen_id,
        device,
        between(rng, low, high),
        lattice,
        texels,
        off=between(rng, 0.02, 0.35),
        row_gap=between(rng, 0.1, 0.9),
        gamut=between(rng, 0.75, 1.2),
        gamma=between(rng, 0.85, 1.2),
        black=between(rng, 0.0, 0.05) if device != "phone" else between(rng, 0.0, 0.015),
    )


def lattice_tile(kind: Screen) -> np.ndarray:
    """One period of the sub-pixel lattice: (h, w, 3) float32 in BGR, light of each sub-pixel 0..1 in linear light."""
    k = kind.texels
    if kind.lattice in ("pentile", "diamond"):
        tile = np.zeros((2 * k, 2 * k, 3), np.float32)
        y, x = np.mgrid[0 : 2 * k, 0 : 2 * k] + 0.5
        for row in range(2):
            for column in range(2):
                colour = 0 if (row + column) % 2 else 2
                for channel, dx, dy, size in ((1, 0.25, 0.25, 0.24), (colour, 0.75, 0.75, 0.33)):
                    away_x = np.abs((x / k - column - dx + 1) % 2 - 1)
                    away_y = np.abs((y / k - row - dy + 1) % 2 - 1)
                    away = away_x + away_y if kind.lattice == "diamond" else np.hypot(away_x, away_y) * 1.15
                    tile[..., channel] += np.clip((size * 1.4 - away) * k + 0.5, 0, 1).astype(np.float32)
    elif kind.lattice == "rgbw":
        tile = np.full((k, k, 3), 0.0, np.float32)
        for column, channel in ((0, 2), (1, 1), (2, 0)):
            tile[:, column, channel] = 1.0
        tile[:, 3] = 0.7
        tile[-1] *= 1 - kind.row_gap
    else:
        order = (0, 1, 2) if kind.lattice == "bgr" else (2, 1, 0)
        tile = np.zeros((k, k, 3), np.float32)
        for column, channel in enumerate(order):
            tile[:, column, channel] = 1.0
        tile[-1] *= 1 - kind.row_gap
        if kind.lattice == "chevron":
            tile = np.concatenate([tile, np.roll(tile, 1, axis=1)])
    return np.clip(tile, 0, 1) * (1 - kind.off) + kind.off


def screen(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> FlatObject:
    """The card shown on a display of the split. At most about 10 million texels, under a quarter of a second."""
    kind = screen_kind(pick(rng, kinds("S", SCREENS, split)))
    ratio = card.size_mm[1] / card.size_mm[0]
    quarter_turn = kind.device == "phone" and chance(rng, 0.35)
    margins = rng.uniform(0.02, 0.30, 4) if chance(rng, 0.8) else rng.uniform(0.0, 0.03, 4)
    across, down = 1 + margins[0] + margins[2], ratio * (1 + margins[1] + margins[3])
    room = (TEXELS / (across * down)) ** 0.5 / kind.texels
    shown_mm = {"phone": (55, 140), "tablet": (85, 220), "laptop": (85, 280), "monitor": (85, 400)}.get(
        kind.device, (250, 700)
    )
    width = int(min(max(between(rng, *shown_mm) / kind.pitch_mm, 420), room, 1500))
    height = round(width * ratio)

    content, quad = _content(rng, card, width, height, margins, assets, split, kind.device)
    content = _displayed(rng, content, kind)
    tile = lattice_tile(kind)
    if quarter_turn:
        tile = np.ascontiguousarray(np.rot90(tile))
    k = kind.texels
    bgr = cv2.resize(content, None, fx=k, fy=k, interpolation=cv2.INTER_NEAREST)
    bgr = cv2.multiply(bgr, _cover(_encoded(rng, tile), bgr.shape[0], bgr.shape[1]), scale=1 / 255)
    if chance(rng, 0.4):
        bgr = cv2.add(bgr, _reflection(rng, bgr.shape[1], bgr.shape[0]))
    quad = quad * np.float32(k)
    opaque = np.full(bgr.shape[:2], 255, np.uint8)
    if chance(rng, 0.45):
        bgr, quad, opaque = in_bezel(rng, np.asarray(bgr, np.uint8), quad, k / kind.pitch_mm, kind.device)
    gloss = between(rng, 0.1, 0.9)
    return FlatObject(
        np.asarray(bgr, np.uint8), opaque, quad, k / kind.pitch_mm, gloss, True, card, "screen", {"screen": kind.id}
    )


def _content(
    rng: np.random.Generator,
    card: Card,
    width: int,
    height: int,
    margins: np.ndarray,
    assets: Assets,
    split: str,
    device: str,
) -> tuple[np.ndarray, np.ndarray]:
    """The picture in the display's own pixels: the card, what lies around it, a program. With the card's quad."""
    art: np.ndarray = degraded(rng, card.bgr, between(rng, 0.2, 1.0))
    way = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA]))
    art = cv2.resize(art, (width, height), interpolation=way)
    left, top, right, bottom = (int(v) for v in np.round(margins * width))
    size = (width + left + right, height + top + bottom)
    pictures = assets.textures(split)
    choice = rng.random()
    if pictures and choice < 0.4:
        texture = np.asarray(cv2.imread(str(pick(rng, pictures)), cv2.IMREAD_REDUCED_COLOR_2))
        back = cv2.resize(texture, size, interpolation=cv2.INTER_AREA)
    else:
        tone = (
            rng.integers(0, 40, 3)
            if choice < 0.65
            else rng.integers(225, 256, 3)
            if choice < 0.85
            else rng.integers(0, 256, 3)
        )
        back = np.full((size[1], size[0], 3), tone, np.uint8)
    place = back[top : top + height, left : left + width]
    mask = rounded_mask(height, width, card.corner_radius_mm * PX_PER_MM * width / card.bgr.shape[1])
    if chance(rng, 0.35):
        mask[:] = 255
    cv2.copyTo(art, mask, place)
    if chance(rng, 0.55):
        furnish(rng, np.asarray(back, np.uint8), (left, top, left + width, top + height), device)
    return back, rectangle(width, height) + np.array([left, top], np.float32)


def _displayed(rng: np.random.Generator, content: np.ndarray, kind: Screen) -> np.ndarray:
    """What the panel makes of the picture: gamut, gamma, brightness, black level, viewing tint, refresh bands."""
    height, width = content.shape[:2]
    light: np.ndarray = content.astype(np.float32) / 255
    grey = light @ np.array([0.114, 0.587, 0.299], np.float32)
    light = grey[..., None] + (light - grey[..., None]) * np.float32(kind.gamut * between(rng, 0.9, 1.1))
    white = np.array([between(rng, 0.86, 1.08), 1.0, between(rng, 0.86, 1.06)], np.float32)
    black = np.float32(kind.black * between(rng, 0.5, 2.0))
    shape = np.float32(kind.gamma * between(rng, 0.9, 1.1))
    light = cv2.pow(np.clip(light, 0, 1), float(shape)) * white * np.float32(between(rng, 0.8, 1.15))
    if chance(rng, 0.6):
        angle, drop = rng.uniform(0, 2 * np.pi), between(rng, 0.0, 0.35)
        x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(angle))
        y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(np.sin(angle))
        ramp = (x[None, :] + y[:, None] + 1.42) / 2.84
        tint = 1 - np.float32(drop) * np.float32(rng.uniform(0.5, 1.0, 3))
        light *= 1 - ramp[..., None] * (1 - tint)
    if chance(rng, 0.25):
        bands = rng.uniform(0.5, 4.0) * np.linspace(0, 2 * np.pi, height if chance(rng, 0.7) else width)
        wave = 1 - between(rng, 0.03, 0.3) * (0.5 + 0.5 * np.tanh(3 * np.sin(bands + rng.uniform(0, 7)))).astype(
            np.float32
        )
        light *= wave[:, None, None] if len(wave) == height else wave[None, :, None]
    return np.asarray(np.clip(black + (1 - black) * light, 0, 1) * 255).astype(np.uint8)


def _encoded(rng: np.random.Generator, tile: np.ndarray) -> np.ndarray:
    """The lattice as a factor on gamma-encoded values. A camera exposes for the mean, so dark ones are lifted."""
    mean = tile.mean(axis=(0, 1), keepdims=True)
    lifted = np.clip(tile / mean ** np.float32(between(rng, 0.45, 0.95)), 0, 1)
    return np.asarray(lifted ** (1 / DISPLAY_GAMMA) * 255).astype(np.uint8)


def _cover(tile: np.ndarray, height: int, width: int) -> np.ndarray:
    """Repeats the tile over (height, width), cut at the far edges."""
    down, across = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    return cv2.repeat(tile, down, across)[:height, :width]


def _reflection(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Soft mirror images on the glass, to be added: lamps, windows, whoever photographs it. (height, width, 3)."""
    small: np.ndarray = np.zeros((48, 72, 3), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        colour = (rng.uniform(20, 110) * rng.uniform(0.75, 1.0, 3)).tolist()
        x, y = (int(v) for v in rng.integers([0, 0], [72, 48]))
        if chance(rng, 0.5):
            cv2.ellipse(
                small,
                (x, y),
                (int(rng.integers(3, 24)), int(rng.integers(3, 16))),
                rng.uniform(0, 180),
                0,
                360,
                colour,
                -1,
            )
        else:
            cv2.rectangle(small, (x, y), (x + int(rng.integers(4, 30)), y + int(rng.integers(4, 24))), colour, -1)
    if chance(rng, 0.35):
        # A bright room with the dark shape of a person who holds up a phone.
        small += np.float32(between(rng, 8, 34))
        x, y, size = int(rng.integers(15, 57)), int(rng.integers(14, 34)), int(rng.integers(6, 13))
        cv2.ellipse(small, (x, y), (size // 2, size * 2 // 3), 0, 0, 360, (3, 3, 3), -1)
        cv2.ellipse(small, (x, y + 3 * size), (size * 3 // 2, size * 9 // 4), 0, 0, 360, (3, 3, 3), -1)
        cv2.rectangle(small, (x - size // 2, y + size), (x + size // 2, y + 2 * size), (1, 1, 1), -1)
    small = cv2.GaussianBlur(small, (0, 0), between(rng, 1.0, 6.0))
    return cv2.resize(small.clip(0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
