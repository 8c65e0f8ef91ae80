"""Mock documents: cards drawn by a procedural layout, with made-up values and the word SPECIMEN on each."""

from __future__ import annotations

import numpy as np

from idqc.synth.assets import Assets
from idqc.synth.card import Card
from idqc.synth.mock.licence import draw_licence
from idqc.synth.mock.other import draw_unsupported
from idqc.synth.mock.passport import draw_passport
from idqc.synth.mock.resident import draw_resident
from idqc.synth.mock.td1 import draw_identity_card

__all__ = ["draw_card", "draw_unsupported"]


def draw_card(
    rng: np.random.Generator, document_type: str, layout_id: str, split: str, assets: Assets, expired: bool = False
) -> Card:
    """Draws a card of a supported type: kr_resident, kr_driver, passport or td1.

    Args:
        rng: where every draw of this card comes from; the same state draws the same card.
        document_type: one of the four types.
        layout_id: L000 to L239; structure, colours and order of fields come from it.
        split: train, calibrate or test; decides on the faces and font families.
        assets: faces and fonts.
        expired: whether the validity ended before 2026-11-21. Resident cards do not expire.

    Raises:
        ValueError: for another type.
    """
    if document_type == "kr_resident":
        return draw_resident(rng, layout_id, split, assets)
    if document_type == "kr_driver":
        return draw_licence(rng, layout_id, split, assets, expired)
    if document_type == "passport":
        return draw_passport(rng, layout_id, split, assets, expired)
    if document_type == "td1":
        return draw_identity_card(rng, layout_id, split, assets, expired)
    raise ValueError(f"no mock of {document_type!r}; one of kr_resident, kr_driver, passport, td1")
