"""The ground of a layout with its watermark words, pale emblem, hologram and machine-readable zone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from idqc.inspection import Image
from idqc.synth.assets import Font
from idqc.synth.card import PX_PER_MM, TextStyle
from idqc.synth.mock.draws import between, chance, of_layout, pick
from idqc.synth.mock.ground import Palette, draw_palette, paint_ground, repeat_words
from idqc.synth.mock.ornament import crest, hologram
from idqc.synth.mock.paint import mix

KOREAN_WORDS = ("대한민국", "REPUBLIC OF KOREA", "견본", "KOREA")
LATIN_WORDS = (
    "REPUBLIC",
    "IDENTITY",
    "SPECIMEN",
    "REPUBLIK",
    "PASSPORT",
    "UTOPIA",
    "IDENTITAS",
    "CONFEDERATION",
    "ID CARD",
)
MRZ_TOP = 0.755
"""Where the machine-readable zone of a passport page begins, as a share of its height."""


def draw_ground(
    rng: np.random.Generator, document_type: str, width: int, height: int, font: Font
) -> tuple[Palette, Image]:
    """A palette and everything of a card that lies under its text: (height, width, 3)."""
    palette = draw_palette(rng)
    bgr = paint_ground(rng, palette, width, height)
    scale = width / 1198
    if chance(rng, 0.35):
        words = pick(rng, KOREAN_WORDS if document_type.startswith("kr_") else LATIN_WORDS)
        size = between(rng, 0.9, 3.2) * PX_PER_MM
        style = TextStyle(font.path, font.index, size, palette.caption, size * pick(rng, (0.0, 0.1, 0.3)))
        repeat_words(rng, bgr, words, style, between(rng, 0.05, 0.15), pick(rng, (0.0, 0.0, 20.0, -35.0)))
    if chance(rng, 0.6):
        centre = (between(rng, 0.25, 0.8) * width, between(rng, 0.4, 0.62) * height)
        crest(rng, bgr, centre, between(rng, 0.15, 0.34) * height, palette.title, between(rng, 0.07, 0.2))
    if chance(rng, 0.35):
        centre = (between(rng, 0.1, 0.9) * width, between(rng, 0.2, 0.8) * height)
        hologram(rng, bgr, centre, between(rng, 50, 110) * scale, between(rng, 0.12, 0.3))
    if document_type == "passport" and chance(rng, 0.5):
        zone = bgr[round(height * MRZ_TOP) :]
        mix(zone, np.full_like(zone, 245), between(rng, 0.3, 0.95))
    return palette, bgr


@lru_cache(maxsize=96)
def layout_ground(document_type: str, layout_id: str, width: int, height: int, font: Font) -> tuple[Palette, Image]:
    """The ground of a layout, drawn once a process; not to be changed in place."""
    return draw_ground(of_layout(f"{document_type}/ground", layout_id), document_type, width, height, font)
