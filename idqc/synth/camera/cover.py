"""Things on the card before it is photographed: fingers, stickers, tape, paper, pens; wear and holograms."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, project, rectangle
from idqc.synth.card import FlatObject

ROOM_MM = 30.0
"""Room around the object on which fingers that reach beyond its edge are drawn; the hand behind is drawn by `shot`."""


@dataclass(eq=False)
class Stage:
    """A flat object with room around it, being dressed before the photo; arrays are changed in place.

    `covered` marks what lies on top of the object, 255 where nothing below can be seen. `things` are the outlines
    (4, 2) of what covers content; `arms` are (root, direction, skin, width in mm) of fingers, for the hand behind them.
    """

    bgr: Image
    opaque: NDArray[np.uint8]
    covered: NDArray[np.uint8]
    document_quad: Points
    px_per_mm: float
    card_to_stage: NDArray[np.float64]
    things: list[Points] = field(default_factory=list)
    arms: list[tuple[Points, Points, Points, float]] = field(default_factory=list)

    def place(self, quad_card_xy: Points) -> Points:
        """Carries points from card pixels to stage pixels."""
        return project(self.card_to_stage, quad_card_xy)

    def hidden_share(self, quad_xy: Points) -> float:
        """The share of a stage quad that is covered, 0..1."""
        x, y, w, h = cv2.boundingRect(np.round(quad_xy).astype(np.int32))
        top, left = max(y, 0), max(x, 0)
        part = self.covered[top : y + h, left : x + w]
        inside = np.zeros(part.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.round(quad_xy - np.asarray([left, top], np.float32)).astype(np.int32), 1)
        total = int(inside.sum())
        return float((part[inside > 0] > 127).sum() / total) if total else 0.0


def set_stage(flat: FlatObject, room: bool) -> Stage:
    """A private copy of the object, with room around it when fingers will need it."""
    edge = round(ROOM_MM * flat.px_per_mm) if room else 0
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
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.5 * stage.px_per_mm)[y0:y1, x0:x1, None]
    mask, colour = mask[y0:y1, x0:x1], colour[y0:y1, x0:x1]
    window = np.s_[top + y0 : top + y1, left + x0 : left + x1]
    below = stage.bgr[window].astype(np.float32) * (1 - 0.35 * shadow)
    alpha = (mask * solid)[..., None]
    stage.bgr[window] = (below * (1 - alpha) + colour * alpha).clip(0, 255).astype(np.uint8)
    solid_mask = (mask * 255).astype(np.uint8)
    stage.opaque[window] = np.maximum(stage.opaque[window], solid_mask)
    if solid > 0.6:
        stage.covered[window] = np.maximum(stage.covered[window], solid_mask)


def finger(
    rng: np.random.Generator, stage: Stage, tip: Points, away: Points, skin_bgr: Points, width_mm: float, nail: bool
) -> None:
    """Draws a finger whose tip lies at `tip` (stage pixels) and that comes from the direction `away`."""
    r = width_mm * stage.px_per_mm / 2
    away = away / max(float(np.linalg.norm(away)), 1e-6)
    length = 60 * stage.px_per_mm
    root = tip + away * length
    start = tip + away * r
    low = np.floor(np.minimum(tip, root) - 1.4 * r).astype(int)
    high = np.ceil(np.maximum(tip, root) + 1.4 * r).astype(int)
    low = np.maximum(low, 0)
    high = np.minimum(high, [stage.bgr.shape[1], stage.bgr.shape[0]])
    if (high <= low).any():
        return
    x, y = np.meshgrid(np.arange(low[0], high[0], dtype=np.float32), np.arange(low[1], high[1], dtype=np.float32))
    along = (x - start[0]) * away[0] + (y - start[1]) * away[1]
    across = (y - start[1]) * away[0] - (x - start[0]) * away[1]
    radius = r * (1 + 0.16 * np.clip(along / (3 * r), 0, 1.5) + 0.03 * np.sin(along / r * 1.7))
    distance = np.sqrt(np.minimum(along, 0) ** 2 + across**2) / radius
    mask = ((1 - distance) * r / 1.5).clip(0, 1).astype(np.float32)
    round_light = (
        np.sqrt(np.maximum(1 - distance**2, 0.0)) * 0.45 + 0.55 + 0.10 * (across / radius) * rng.choice([-1, 1])
    )
    for _ in range(int(rng.integers(1, 4))):
        round_light -= 0.05 * np.exp(-(((along - rng.uniform(1.5, 4) * r + 0.15 * across) / (0.06 * r)) ** 2))
    colour = round_light[..., None] * skin_bgr
    colour[..., 2] += 14 * np.exp(-((along / r + 0.6) ** 2))
    colour += cv2.resize(
        rng.normal(0, 5, (mask.shape[0] // 6 + 1, mask.shape[1] // 6 + 1)).astype(np.float32), mask.shape[::-1]
    )[..., None]
    if nail:
        plate = np.exp(-(np.maximum(((along - 0.15 * r) / (0.72 * r)) ** 2 + (across / (0.62 * r)) ** 2, 0) ** 4))
        colour = colour * (1 - plate[..., None] * 0.7) + plate[..., None] * 0.7 * (
            skin_bgr * 0.55 + np.asarray([105, 105, 125], np.float32)
        )
    lay(stage, mask, np.asarray(colour, np.float32), int(low[1]), int(low[0]))
    stage.arms.append((tip + away * 1.5 * r, away, skin_bgr, width_mm))


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


def wear(rng: np.random.Generator, stage: Stage) -> None:
    """Life of a genuine card that is no defect: fine scratches, dirt, a hologram's pale colours."""
    x, y, w, h = cv2.boundingRect(np.round(stage.document_quad).astype(np.int32))
    area = stage.bgr[max(y, 0) : y + h, max(x, 0) : x + w]
    if rng.random() < 0.5:
        size = int(rng.uniform(0.15, 0.45) * area.shape[0])
        cx, cy = rng.integers(0, area.shape[1]), rng.integers(0, area.shape[0])
        window = area[max(cy - size, 0) : cy + size, max(cx - size, 0) : cx + size]
        yy, xx = np.mgrid[0 : window.shape[0], 0 : window.shape[1]].astype(np.float32) / size - 1
        fade = (1 - (xx**2 + yy**2)).clip(0, 1) * rng.uniform(0.04, 0.16)
        phase = (xx * rng.normal() + yy * rng.normal()) * 3
        hue = np.stack([np.sin(phase + k) for k in (0.0, 2.1, 4.2)], axis=-1) * 127 + 128
        window[:] = (window * (1 - fade[..., None]) + hue * fade[..., None]).astype(np.uint8)
    for _ in range(int(rng.integers(0, 6))):
        a = rng.uniform(0, 1, 2) * (area.shape[1], area.shape[0])
        b = a + rng.normal(0, 0.12, 2) * area.shape[1]
        tone = tuple(int(v) for v in rng.integers(90, 230, 3))
        thin = np.ascontiguousarray(area)
        cv2.line(thin, a.astype(int).tolist(), b.astype(int).tolist(), tone, 1, cv2.LINE_AA)
        area[:] = cv2.addWeighted(area, 0.7, thin, 0.3, 0)
