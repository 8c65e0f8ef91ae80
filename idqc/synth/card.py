"""What the generator passes from hand to hand: a drawn card and the flat object that a camera photographs."""

from __future__ import annotations

from dataclasses import dataclass

from idqc.inspection import Image, Points

PX_PER_MM = 14.0
"""Resolution of card art: an ID-1 card is 1198 x 756 px, a passport page 1750 x 1232 px."""


@dataclass(frozen=True, eq=False)
class TextStyle:
    """How a text was set, so that a forger can set another in the same way (`idqc.synth.mock.paint.set_line`)."""

    font_path: str
    font_index: int
    size_px: float
    colour_bgr: tuple[int, int, int]
    spacing_px: float


@dataclass(frozen=True, eq=False)
class CardField:
    """One field as printed.

    `quad_xy` is (4, 2) in card pixels, upright, tight around the ink of the value (captions are outside).
    `lines` are the text lines in reading order with their own quads; `text` is the lines joined by a line end.
    A portrait or a seal has no text, no lines and no style.
    """

    quad_xy: Points
    text: str
    lines: tuple[tuple[Points, str], ...]
    style: TextStyle | None


@dataclass(frozen=True, eq=False)
class Card:
    """A drawn card face, upright, as if scanned by a perfect scanner.

    `document_type` is None for a card that no bank accepts as identity document. `fields` includes title, portrait and
    seal. `face_landmarks` is (5, 2): the eyes from left to right in the image, the nose, the mouth corners from left to
    right, or None where they are not known. `keys` holds what a split keeps apart: person, layout, font.
    """

    bgr: Image
    document_type: str | None
    size_mm: tuple[float, float]
    corner_radius_mm: float
    fields: dict[str, CardField]
    portrait_quad: Points | None
    face_landmarks: Points | None
    keys: dict[str, str]


@dataclass(frozen=True, eq=False)
class FlatObject:
    """What the camera photographs: the card itself, a screen that shows it, a sheet of paper with its print.

    `opaque` is (height, width) uint8, 255 where the object is and 0 where one sees past it (rounded corners, cut-outs).
    `document_quad` is (4, 2) in the pixels of this object; `px_per_mm` is of the physical object, `gloss` 0 (matt) to
    1 (mirror-like); `emissive` tells a display. `keys` holds screen, printer and edit, where there is one.
    """

    bgr: Image
    opaque: Image
    document_quad: Points
    px_per_mm: float
    gloss: float
    emissive: bool
    card: Card
    attack: str | None
    keys: dict[str, str]
