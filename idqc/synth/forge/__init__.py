"""Forgeries: what an attacker makes of a card before the camera sees it. One function a species.

Named kinds of screens, printers and edits belong to one split each, so that a model is measured on attacks
it never saw.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card, FlatObject
from idqc.synth.forge.original import original
from idqc.synth.forge.paper import colour_print, grayscale_copy
from idqc.synth.forge.portrait import portrait_tamper
from idqc.synth.forge.screen import screen
from idqc.synth.forge.text import text_tamper

FORGERIES: dict[str, Callable[[np.random.Generator, Card, str, Assets], FlatObject]] = {
    "screen": screen,
    "print": colour_print,
    "grayscale_copy": grayscale_copy,
    "portrait_tamper": portrait_tamper,
    "text_tamper": text_tamper,
}
"""Species -> (generator, card, split, assets) -> what the camera photographs, with `attack` and `keys` set."""

__all__ = ["FORGERIES", "original"]
