"""Paper that is not flat: creases of a folded sheet and the bow of a curled one. Fields move with the paper."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, project, rectangle
from idqc.synth.card import CardField, FlatObject
from idqc.synth.mock.draws import between, chance

BOW_MM = 1.1
"""The most that a curled sheet moves print along itself; corners of the document stay."""


def crumpled(rng: np.random.Generator, flat: FlatObject) -> FlatObject:
    """The sheet after a life in a pocket: folded, curled, or as it was (more often than not)."""
    if chance(rng, 0.25):
        flat = replace(flat, bgr=folded(rng, flat.bgr, flat.px_per_mm))
    return curled(rng, flat) if chance(rng, 0.22) else flat


def folded(rng: np.random.Generator, bgr: Image, px_per_mm: float) -> Image:
    """One to three creases across the sheet: a pale broken line, with a light and a shaded side."""
    height, width = bgr.shape[:2]
    h, w = max(height // 8, 2), max(width // 8, 2)
    shade = np.ones((h, w), np.float32)
    x, y = np.meshgrid(np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32))
    out = bgr
    lines = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        angle = float(rng.choice([0.0, np.pi / 2])) + float(rng.normal(0, 0.12))
        normal = np.array([np.cos(angle), np.sin(angle)])
        offset = between(rng, -0.5, 0.5)
        side = x * np.float32(normal[0]) + y * np.float32(normal[1]) - np.float32(offset)
        depth = np.float32(between(rng, 0.04, 0.16) * rng.choice([-1, 1]))
        shade += depth * np.tanh(side * 40) * np.exp(-np.abs(side) * np.float32(between(rng, 1, 8)))
        along = np.array([-normal[1], normal[0]])
        steps = np.linspace(-1.6, 1.6, 40)[:, None]
        path = (normal * offset + along * steps + 1) / 2 * (width, height)
        path += rng.normal(0, 0.06 * px_per_mm, path.shape)
        cv2.polylines(
            lines, [path.astype(np.int32)], False, int(rng.integers(30, 120)), max(round(0.12 * px_per_mm), 1)
        )
    gain = cv2.resize(np.clip(shade * 128, 0, 255).astype(np.uint8), (width, height))
    out = np.asarray(cv2.multiply(out, cv2.merge([gain] * 3), scale=1 / 128), np.uint8)
    return np.asarray(cv2.add(out, cv2.merge([lines] * 3)), np.uint8)


def curled(rng: np.random.Generator, flat: FlatObject) -> FlatObject:
    """A sheet that arches along one axis: print moves by up to `BOW_MM`, light falls off to one side."""
    height, width = flat.bgr.shape[:2]
    most = np.float32(between(rng, 0.3, BOW_MM) * flat.px_per_mm * rng.choice([-1, 1]))
    (left, top), (right, bottom) = flat.document_quad.min(axis=0), flat.document_quad.max(axis=0)
    across = chance(rng, 0.5)
    start, length = (left, right - left) if across else (top, bottom - top)

    def bow(at: np.ndarray) -> np.ndarray:
        return np.asarray(most * np.sin(np.pi * np.clip((at - start) / length, 0, 1)), np.float32)

    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    if across:
        y -= bow(np.arange(width, dtype=np.float32))[None]
    else:
        x -= bow(np.arange(height, dtype=np.float32))[:, None]
    bgr = cv2.remap(flat.bgr, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    opaque = cv2.remap(flat.opaque, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    ramp = np.cos(np.linspace(0, np.pi, 64) + rng.normal(0, 0.6)) * between(rng, 0.03, 0.16)
    light = np.clip((1 + ramp) * 128, 0, 255).astype(np.uint8)
    gain = cv2.resize(light[None] if across else light[:, None], (width, height))
    bgr = cv2.multiply(bgr, cv2.merge([gain] * 3), scale=1 / 128)

    to_sheet = homography(rectangle(*flat.card.bgr.shape[1::-1]), flat.document_quad)
    back = np.linalg.inv(to_sheet)

    def moved(points: Points) -> Points:
        there = project(to_sheet, points)
        there[:, 1 if across else 0] += bow(there[:, 0 if across else 1])
        return project(back, there)

    card = flat.card
    fields = {
        name: CardField(moved(item.quad_xy), item.text, tuple((moved(q), t) for q, t in item.lines), item.style)
        for name, item in card.fields.items()
    }
    card = replace(
        card,
        fields=fields,
        portrait_quad=None if card.portrait_quad is None else moved(card.portrait_quad),
        face_landmarks=None if card.face_landmarks is None else moved(card.face_landmarks),
    )
    return replace(flat, bgr=np.asarray(bgr, np.uint8), opaque=np.asarray(opaque, np.uint8), card=card)
