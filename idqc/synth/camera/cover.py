"""Things on the card before it is photographed: fingers, stickers, tape, paper, pens; erased fields."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, project, rectangle
from idqc.synth.card import FlatObject

ROOM_MM = 30.0
"""Room around the object on which fingers that reach beyond its edge are drawn; the hand behind is drawn by `hand`."""
PATCH_SLIVER_MM, FINGER_SLIVER_MM = 0.5, 1.5
"""What reaches less than this into the document is not labelled as an obstacle."""


@dataclass(eq=False)
class Stage:
    """A flat object with room around it, being dressed before the photo; arrays are changed in place.

    `covered` marks what lies on top of the object, 255 where nothing below can be seen. `things` are the boxes
    (4, 2) of what lies on the document, harmless or not; `arms` are (root, direction, skin, width in mm) of fingers for
    the hand behind them; `palm` is the skin of a hand that holds the object from below, if one does.
    """

    bgr: Image
    opaque: NDArray[np.uint8]
    covered: NDArray[np.uint8]
    document_quad: Points
    px_per_mm: float
    card_to_stage: NDArray[np.float64]
    things: list[Points] = field(default_factory=list)
    arms: list[tuple[Points, Points, Points, float]] = field(default_factory=list)
    palm: Points | None = None

    def place(self, quad_card_xy: Points) -> Points:
        """Carries points from card pixels to stage pixels."""
        return project(self.card_to_stage, quad_card_xy)

    def note(self, mask: NDArray[np.float32], top: int, left: int, least_mm: float) -> None:
        """Keeps the box around the part of a thing's mask that lies on the document, unless that is a sliver."""
        low = np.round(self.document_quad.min(axis=0)).astype(int) - (left, top)
        high = np.round(self.document_quad.max(axis=0)).astype(int) - (left, top)
        x0, y0 = np.maximum(low, 0)
        part = mask[y0 : max(high[1], 0), x0 : max(high[0], 0)]
        if part.size == 0:
            return
        x, y, w, h = cv2.boundingRect((part > 0.5).astype(np.uint8))
        if min(w, h) >= least_mm * self.px_per_mm:
            corner = np.asarray([x + x0 + left, y + y0 + top], np.float32)
            self.things.append(rectangle(w, h) + corner)

    def hidden_share(self, quad_xy: Points) -> float:
        """The share of a stage quad that is covered, 0..1."""
        x, y, w, h = cv2.boundingRect(np.round(quad_xy).astype(np.int32))
        top, left = max(y, 0), max(x, 0)
        part = self.covered[top : y + h, left : x + w]
        inside = np.zeros(part.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.round(quad_xy - np.asarray([left, top], np.float32)).astype(np.int32), 1)
        total = int(inside.sum())
        return float((part[inside > 0] > 127).sum() / total) if total else 0.0


def set_stage(flat: FlatObject, room_mm: float) -> Stage:
    """A private copy of the object, with room around it for what will reach beyond its edge."""
    edge = round(room_mm * flat.px_per_mm)
    bgr = np.asarray(cv2.copyMakeBorder(flat.bgr, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8)
    bare = cv2.copyMakeBorder(flat.opaque, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    opaque = np.asarray(bare, np.uint8)
    quad = flat.document_quad + np.asarray(edge, np.float32)
    card_h, card_w = flat.card.bgr.shape[:2]
    to_stage = homography(rectangle(card_w, card_h), quad)
    return Stage(bgr, opaque, np.zeros(opaque.shape, np.uint8), quad, flat.px_per_mm, to_stage)


def lay(
    stage: Stage, mask: NDArray[np.float32], colour: NDArray[np.float32], top: int, left: int, solid: float = 1.0
) -> None:
    """Lays a thing with a soft mask (h, w) 0..1 and its own colours (h, w, 3) on the stage; it casts a thin shadow."""
    h, w = mask.shape
    y0, x0 = max(-top, 0), max(-left, 0)
    y1, x1 = min(h, stage.bgr.shape[0] - top), min(w, stage.bgr.shape[1] - left)
    if y1 <= y0 or x1 <= x0:
        return
    coarse = cv2.resize(mask, (max(w // 4, 1), max(h // 4, 1)), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), max(0.125 * stage.px_per_mm, 0.3)), (w, h))
    shadow = soft[y0:y1, x0:x1, None]
    mask, colour = mask[y0:y1, x0:x1], colour[y0:y1, x0:x1].astype(np.float32)
    window = np.s_[top + y0 : top + y1, left + x0 : left + x1]
    below = stage.bgr[window] * (1 - np.float32(0.35) * shadow)
    below += (colour - below) * (mask * np.float32(solid))[..., None]
    stage.bgr[window] = below.clip(0, 255).astype(np.uint8)
    solid_mask = (mask * 255).astype(np.uint8)
    stage.opaque[window] = np.maximum(stage.opaque[window], solid_mask)
    if solid > 0.6:
        stage.covered[window] = np.maximum(stage.covered[window], solid_mask)


def finger(
    rng: np.random.Generator, stage: Stage, tip: Points, away: Points, skin_bgr: Points, width_mm: float, nail: bool
) -> None:
    """Draws a finger whose tip lies at `tip` (stage pixels) and that comes from the direction `away`."""
    r = width_mm * stage.px_per_mm / 2
    away = np.asarray(away / max(float(np.linalg.norm(away)), 1e-6), np.float32)
    root = tip + away * np.float32(60 * stage.px_per_mm)
    start = tip + away * np.float32(r)
    low = np.maximum(np.floor(np.minimum(tip, root) - 1.4 * r).astype(int), 0)
    high = np.minimum(np.ceil(np.maximum(tip, root) + 1.4 * r).astype(int), stage.bgr.shape[1::-1])
    if (high - low < 2).any():
        return
    size = int(high[0] - low[0]), int(high[1] - low[1])
    coarse = max(size[0] // 2, 1), max(size[1] // 2, 1)
    x = np.linspace(low[0] + 0.5, high[0] - 1.5, coarse[0], dtype=np.float32)[None] - start[0]
    y = np.linspace(low[1] + 0.5, high[1] - 1.5, coarse[1], dtype=np.float32)[:, None] - start[1]
    along, across = x * away[0] + y * away[1], y * away[0] - x * away[1]
    ratio = along / np.float32(r)
    radius = np.float32(r) * (1 + np.float32(0.053) * np.clip(ratio, 0, 4.5) + np.float32(0.03) * np.sin(ratio * 1.7))
    distance = np.sqrt(np.minimum(along, 0) ** 2 + across**2) / radius
    mask = ((1 - distance) * np.float32(r / 1.5)).clip(0, 1)
    side = np.float32(0.10 * float(rng.choice([-1, 1])))
    round_light = np.sqrt(np.maximum(1 - distance**2, 0)) * np.float32(0.45) + np.float32(0.55) + side * across / radius
    for _ in range(int(rng.integers(1, 4))):
        at = np.float32(rng.uniform(1.5, 4) * r)
        round_light -= np.float32(0.05) * np.exp(-(((along - at + 0.15 * across) / np.float32(0.06 * r)) ** 2))
    tone = skin_bgr.astype(np.float32)
    colour = round_light[..., None] * tone
    colour[..., 2] += 14 * np.exp(-((ratio + np.float32(0.6)) ** 2))
    colour += cv2.resize(rng.normal(0, 5, (coarse[1] // 3 + 1, coarse[0] // 3 + 1)).astype(np.float32), coarse)[
        ..., None
    ]
    if nail:
        inside = (ratio / np.float32(0.72) - np.float32(0.21)) ** 2 + (across / np.float32(0.62 * r)) ** 2
        plate = np.exp(-(inside**4))[..., None] * np.float32(0.7)
        colour += (tone * np.float32(0.55) + np.asarray([105, 105, 125], np.float32) - colour) * plate
    whole = np.asarray(cv2.resize(mask, size), np.float32)
    lay(stage, whole, np.asarray(cv2.resize(colour, size), np.float32), int(low[1]), int(low[0]))
    stage.note(whole, int(low[1]), int(low[0]), FINGER_SLIVER_MM)
    stage.arms.append((tip + away * np.float32(1.5 * r), away, skin_bgr, width_mm))


def skin(rng: np.random.Generator) -> Points:
    """A skin colour, BGR float32."""
    light, dark = np.asarray([165, 185, 228], np.float32), np.asarray([45, 65, 100], np.float32)
    share = np.asarray(rng.beta(1.4, 2.4), np.float32)
    return (light * (1 - share) + dark * share) * np.asarray(rng.uniform(0.85, 1.08), np.float32)


def patch(rng: np.random.Generator, stage: Stage, quad_xy: Points, kind: str) -> None:
    """Lays a sticker, tape, paper, correction fluid or a pen over the quad (stage pixels)."""
    edges = np.round(quad_xy).astype(np.int32)
    x, y, w, h = cv2.boundingRect(edges)
    grow = max(int(0.12 * min(w, h)), 3)
    left, top = x - grow, y - grow
    mask = np.zeros((h + 2 * grow, w + 2 * grow), np.float32)
    shape = (quad_xy - np.asarray([left, top], np.float32)).astype(np.float32)
    if kind in ("paper", "fluid"):
        steps = np.linspace(0, 1, 9, endpoint=False)[:, None]
        shape = np.concatenate([a + (b - a) * steps for a, b in zip(shape, np.roll(shape, -1, axis=0), strict=True)])
        shape += rng.normal(0, (0.10 if kind == "fluid" else 0.03) * min(w, h), shape.shape)
    cv2.fillPoly(mask, [np.round(shape).astype(np.int32)], 1.0, cv2.LINE_AA)
    base = _colours(rng)[kind]
    shade = cv2.resize(
        rng.normal(0, 7, (mask.shape[0] // 24 + 2, mask.shape[1] // 24 + 2)).astype(np.float32), mask.shape[::-1]
    )
    colour = np.asarray(base, np.float32) + shade[..., None]
    if kind == "sticker" and rng.random() < 0.6:
        ring = tuple(float(v) for v in rng.uniform(0, 255, 3))
        cv2.circle(
            colour,
            (mask.shape[1] // 2, mask.shape[0] // 2),
            max(min(mask.shape) // 4, 2),
            ring,
            max(min(mask.shape) // 12, 1),
            cv2.LINE_AA,
        )
    solid = float(rng.uniform(0.85, 0.97)) if kind == "tape" else 1.0
    lay(stage, mask, colour, top, left, solid)
    stage.note(mask, top, left, PATCH_SLIVER_MM)


def _colours(rng: np.random.Generator) -> dict[str, Points]:
    """A colour for every kind of patch, BGR."""
    return {
        "sticker": rng.uniform(30, 255, 3),
        "tape": rng.uniform(120, 235) + rng.normal(0, 14, 3),
        "paper": rng.uniform(205, 250) + rng.normal(0, 5, 3),
        "fluid": np.array([238, 242, 243]),
        "pen": rng.uniform(10, 200, 3),
        "dark": rng.uniform(5, 45) + np.zeros(3),
    }


def erase(rng: np.random.Generator, stage: Stage, quad_xy: Points) -> None:
    """Takes a field away without a trace: its background is drawn over it from the rows above and below."""
    x, y, w, h = cv2.boundingRect(np.round(quad_xy).astype(np.int32))
    grow = max(round(0.2 * stage.px_per_mm), 2)
    top, bottom = max(y - grow, 0), min(y + h + grow, stage.bgr.shape[0] - 1)
    left, right = max(x - grow, 0), min(x + w + grow, stage.bgr.shape[1])
    if bottom - top < 4 or right - left < 4:
        return
    share = np.linspace(0, 1, bottom - top, dtype=np.float32)[:, None, None]
    above = cv2.blur(stage.bgr[top : top + 1, left:right], (9, 1)).astype(np.float32)
    below = cv2.blur(stage.bgr[bottom : bottom + 1, left:right], (9, 1)).astype(np.float32)
    filled = above * (1 - share) + below * share + rng.normal(0, 1.2, (bottom - top, right - left, 1))
    stage.bgr[top:bottom, left:right] = filled.clip(0, 255).astype(np.uint8)
    cv2.fillConvexPoly(stage.covered, np.round(quad_xy).astype(np.int32), 255)
