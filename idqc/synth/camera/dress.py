"""Decides what lies on the card: what the plan wants hidden, and the harmless life of a genuine card."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.documents import document_types
from idqc.inspection import Points
from idqc.photo.geometry import intersection_area
from idqc.synth.camera.cover import ROOM_MM, Stage, erase, finger, patch, set_stage, skin
from idqc.synth.camera.portrait_print import SPOIL_SHARES, SPOILS, empty_portrait, spoil_portrait
from idqc.synth.camera.sleeve import ROOM_MM as SLEEVE_ROOM_MM
from idqc.synth.camera.sleeve import slip_into_sleeve
from idqc.synth.camera.wear import wear
from idqc.synth.card import FlatObject
from idqc.synth.plan import Plan

PORTRAIT_COVER_AT_ONE = 0.6
PATCHES = ("sticker", "tape", "paper", "fluid", "pen", "dark")
TAMPERS = ("portrait_tamper", "text_tamper")
SLEEVES, PALMS = 0.07, 0.12
"""Shares of cards in a sleeve, and of cards without fingers on them that a hand holds from below."""


def dress(rng: np.random.Generator, plan: Plan, flat: FlatObject, hands: bool) -> tuple[Stage, float]:
    """Returns the dressed object and the severity of what was done to the print of the portrait."""
    low_quality = plan.wanted("portrait.low_quality")
    missing = plan.wanted("portrait.missing")
    hidden = plan.wanted("field.hidden")
    worst = float(flat.keys.get("portrait_fault", "0"))
    spoilt = low_quality and not worst
    way = str(rng.choice(SPOILS, p=SPOIL_SHARES)) if spoilt else ""
    finger_covers = bool(rng.random() < 0.35) and (hidden > 0.25 or missing > 0 or way == "cover")
    fingers_at_edge = hands and not finger_covers and bool(rng.random() < 0.4)
    sleeve = hands and bool(rng.random() < SLEEVES)
    room = ROOM_MM if finger_covers or fingers_at_edge else SLEEVE_ROOM_MM if sleeve else 0.0
    stage = set_stage(flat, room)
    if flat.attack in (None, *TAMPERS) and flat.card.document_type is not None and rng.random() < 0.65:
        x, y, w, h = cv2.boundingRect(np.round(stage.document_quad).astype(np.int32))
        wear(rng, stage.bgr[max(y, 0) : y + h, max(x, 0) : x + w], stage.px_per_mm)
    portrait = stage.place(flat.card.portrait_quad) if flat.card.portrait_quad is not None else None
    if portrait is not None and spoilt and way != "cover":
        marks = None if flat.card.face_landmarks is None else stage.place(flat.card.face_landmarks)
        worst = spoil_portrait(rng, stage, portrait, marks, way, low_quality)
    if sleeve:
        slip_into_sleeve(rng, stage)
    if portrait is not None and (missing or way == "cover"):
        if missing and rng.random() < 0.4:
            empty_portrait(rng, stage, portrait)
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
    if hands and not stage.arms and rng.random() < PALMS:
        stage.palm = skin(rng)
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


def _harmless_fingers(rng: np.random.Generator, stage: Stage, flat: FlatObject) -> None:
    """Finger tips that hold the card at its edge and cover no field: labelled as obstacles, and no defect."""
    tone = skin(rng)
    fields = [stage.place(item.quad_xy) for item in flat.card.fields.values()]
    quad = stage.document_quad
    wanted = int(rng.integers(1, 5))
    held_at = int(rng.integers(4))
    sides = (held_at, held_at) if rng.random() < 0.5 else (held_at, (held_at + 2) % 4)
    for _ in range(2 * wanted):
        if len(stage.arms) >= wanted:
            break
        side = sides[int(rng.integers(2))]
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
