"""Decides what lies on the card: what the plan wants hidden, and the harmless life of a genuine card."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.documents import document_types
from idqc.inspection import Points
from idqc.photo.geometry import intersection_area, project, rectangle
from idqc.synth.camera.cover import Stage, erase, finger, patch, set_stage, skin, wear
from idqc.synth.card import FlatObject
from idqc.synth.plan import Plan

PORTRAIT_BLUR_AT_ZERO, PORTRAIT_BLUR_AT_ONE = 0.01, 0.05
"""Standard deviation of blur as a share of the portrait's width: at 0.05 the eyes are one grey smear."""
PORTRAIT_CONTRAST_AT_ZERO, PORTRAIT_CONTRAST_AT_ONE = 0.6, 0.08
PORTRAIT_COVER_AT_ONE = 0.6
PATCHES = ("sticker", "tape", "paper", "fluid", "pen", "dark")


def dress(rng: np.random.Generator, plan: Plan, flat: FlatObject, hands: bool) -> tuple[Stage, float]:
    """Returns the dressed object and the severity of what was done to the print of the portrait."""
    low_quality = plan.wanted("portrait.low_quality")
    missing = plan.wanted("portrait.missing")
    hidden = plan.wanted("field.hidden")
    way = str(rng.choice(["blur", "wash", "dark", "cover"], p=[0.35, 0.25, 0.15, 0.25])) if low_quality else ""
    finger_covers = bool(rng.random() < 0.35) and (hidden > 0.25 or missing > 0 or way == "cover")
    fingers_at_edge = hands and not finger_covers and bool(rng.random() < 0.4)
    stage = set_stage(flat, room=finger_covers or fingers_at_edge)
    if flat.attack is None and flat.card.document_type is not None and rng.random() < 0.5:
        wear(rng, stage)
    worst = 0.0
    portrait = stage.place(flat.card.portrait_quad) if flat.card.portrait_quad is not None else None
    if portrait is not None and low_quality and way != "cover":
        worst = spoil_portrait(rng, stage, portrait, way, low_quality)
    if portrait is not None and (missing or way == "cover"):
        if missing and rng.random() < 0.4:
            _empty_portrait(rng, stage, portrait)
        elif finger_covers and not missing:
            _cover_with_finger(rng, stage, portrait)
        else:
            _cover_share(rng, stage, portrait, 1.15 if missing else PORTRAIT_COVER_AT_ONE * low_quality)
    targets = _hideable(flat)
    if targets and plan.wanted("field.erased"):
        quad = stage.place(flat.card.fields[str(rng.choice(targets))].quad_xy)
        erase(rng, stage, quad)
    if targets and hidden:
        quad = stage.place(flat.card.fields[str(rng.choice(targets))].quad_xy)
        if finger_covers:
            _cover_with_finger(rng, stage, quad)
        else:
            _cover_share(rng, stage, quad, hidden)
    if fingers_at_edge:
        _harmless_fingers(rng, stage, flat)
    return stage, worst


def _hideable(flat: FlatObject) -> list[str]:
    """Mandatory fields with text that this card has."""
    if flat.card.document_type is None:
        return []
    mandatory = document_types()[flat.card.document_type].mandatory_fields
    return sorted(name for name in mandatory if name in flat.card.fields and name != "portrait")


def _cover_share(rng: np.random.Generator, stage: Stage, quad: Points, share: float) -> None:
    """Lays something over about this share of the quad, from one end, reaching out over its edges."""
    right, down = quad[1] - quad[0], quad[3] - quad[0]
    height = float(np.linalg.norm(down))
    unit = right / max(float(np.linalg.norm(right)), 1e-6)
    out = unit * rng.uniform(0.1, 0.8) * min(height, 6 * stage.px_per_mm)
    over = down * rng.uniform(0.1, 0.45)
    share = min(share, 1.15)
    from_left = rng.random() < 0.5
    start = quad[0] - out if from_left else quad[1] - right * share
    end = quad[0] + right * share if from_left else quad[1] + out
    shape = np.asarray([start - over, end - over, end + down + over, start + down + over], np.float32)
    shape += rng.normal(0, 0.05 * height, (4, 2)).astype(np.float32)
    kind = str(rng.choice(PATCHES))
    if kind == "pen":
        slant = unit * rng.normal(0, 0.3) * height
        reach = down / max(height, 1e-6) * rng.uniform(5, 18) * stage.px_per_mm
        shape = np.asarray(
            [start - reach - slant, end - reach - slant, end + down + reach + slant, start + down + reach + slant],
            np.float32,
        )
    patch(rng, stage, shape, kind)
    _note(stage, shape)


def _cover_with_finger(rng: np.random.Generator, stage: Stage, quad: Points) -> None:
    """A thumb that reaches over the field from the nearest edge of the document."""
    inside = stage.document_quad
    centre = quad.mean(axis=0)
    middles = (inside + np.roll(inside, -1, axis=0)) / 2
    edge = middles[int(np.argmin(np.linalg.norm(middles - centre, axis=1) + rng.uniform(0, 8 * stage.px_per_mm, 4)))]
    axis = edge - inside.mean(axis=0)
    away = axis / max(float(np.linalg.norm(axis)), 1e-6)
    away = away + rng.normal(0, 0.25, 2)
    away = away / np.linalg.norm(away)
    width_mm = float(rng.uniform(15, 23))
    tip = centre - away * rng.uniform(0.1, 0.5) * width_mm * stage.px_per_mm
    finger(
        rng, stage, tip.astype(np.float32), away.astype(np.float32), skin(rng), width_mm, nail=bool(rng.random() < 0.75)
    )
    side = np.array([-away[1], away[0]]) * width_mm * stage.px_per_mm * 0.55
    far = tip + away * 45 * stage.px_per_mm
    _note(stage, np.asarray([tip - side, tip + side, far + side, far - side], np.float32))


def _note(stage: Stage, shape: Points) -> None:
    """Keeps the outline of a thing, cut to the document, as a quad."""
    to_unit = cv2.getPerspectiveTransform(stage.document_quad, rectangle(1, 1))
    unit = project(to_unit, shape).clip(0, 1)
    low, high = unit.min(axis=0), unit.max(axis=0)
    if (high - low).min() > 0.01:
        box = np.asarray([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]], np.float32)
        stage.things.append(project(np.linalg.inv(to_unit), box))


def _harmless_fingers(rng: np.random.Generator, stage: Stage, flat: FlatObject) -> None:
    """Finger tips that hold the card at its edge and cover no field."""
    tone = skin(rng)
    fields = [stage.place(item.quad_xy) for item in flat.card.fields.values()]
    quad = stage.document_quad
    for _ in range(int(rng.integers(1, 4))):
        side = int(rng.integers(4))
        a, b = quad[side], quad[(side + 1) % 4]
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
        outward = np.array([along[1], -along[0]])
        width_mm = float(rng.uniform(12, 19))
        tip = a + (b - a) * rng.uniform(0.08, 0.92) - outward * rng.uniform(0.5, 8.0) * stage.px_per_mm
        away = outward + along * rng.normal(0, 0.3)
        half = along * width_mm * stage.px_per_mm * 0.75
        box = np.asarray([tip - half, tip + half, tip + half + outward * 400, tip - half + outward * 400], np.float32)
        if all(intersection_area(box, field) <= 0 for field in fields):
            finger(
                rng, stage, tip.astype(np.float32), away.astype(np.float32), tone, width_mm, bool(rng.random() < 0.7)
            )


def _empty_portrait(rng: np.random.Generator, stage: Stage, quad: Points) -> None:
    """A portrait's place without a portrait: the bare ground, a flat colour or a grey outline."""
    erase(rng, stage, quad)
    if rng.random() < 0.6:
        inner = np.round(quad).astype(np.int32)
        tone = tuple(int(v) for v in (rng.uniform(120, 245) + rng.normal(0, 10, 3)).clip(0, 255))
        cv2.fillConvexPoly(stage.bgr, inner, tone, cv2.LINE_AA)
        if rng.random() < 0.5:
            x, y, w, h = cv2.boundingRect(inner)
            darker = tuple(int(v * 0.75) for v in tone)
            cv2.ellipse(
                stage.bgr, (x + w // 2, y + int(0.42 * h)), (w // 5, int(h * 0.2)), 0, 0, 360, darker, -1, cv2.LINE_AA
            )
            cv2.ellipse(
                stage.bgr, (x + w // 2, y + h), (int(w * 0.4), int(h * 0.34)), 0, 180, 360, darker, -1, cv2.LINE_AA
            )


def spoil_portrait(rng: np.random.Generator, stage: Stage, quad: Points, way: str, severity: float) -> float:
    """Prints the portrait badly, in place: `blur`, `wash` or `dark`. Returns the severity."""
    x, y, w, h = cv2.boundingRect(np.round(quad).astype(np.int32))
    x, y = max(x, 0), max(y, 0)
    part = stage.bgr[y : y + h, x : x + w]
    if part.size == 0:
        return 0.0
    if way == "blur":
        sigma = w * (PORTRAIT_BLUR_AT_ZERO + (PORTRAIT_BLUR_AT_ONE - PORTRAIT_BLUR_AT_ZERO) * severity)
        if rng.random() < 0.5:
            part[:] = cv2.GaussianBlur(part, (0, 0), sigma)
        else:
            cells = max(round(w / (sigma * 3.0)), 3), max(round(h / (sigma * 3.0)), 3)
            small = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(small, (w, part.shape[0]), interpolation=cv2.INTER_CUBIC)
    else:
        contrast = PORTRAIT_CONTRAST_AT_ZERO + (PORTRAIT_CONTRAST_AT_ONE - PORTRAIT_CONTRAST_AT_ZERO) * severity
        goal = float(rng.uniform(215, 250)) if way == "wash" else float(rng.uniform(5, 30))
        part[:] = cv2.convertScaleAbs(part, alpha=contrast, beta=goal * (1 - contrast))
    return severity
