"""Life of a genuine card that is no defect: holograms, sheen, scratches, worn edges, creases, dirt."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.ornament import hologram

SHEEN_LEVELS = 26.0
"""The most that a laminate's sheen adds: white print on black keeps nine tenths of its contrast, so it is no glare."""
SCRATCH_LEVELS = 70.0


def wear(rng: np.random.Generator, area_bgr: Image, px_per_mm: float) -> None:
    """Ages the face of a card in place: (height, width, 3) uint8, `px_per_mm` of the card."""
    used = float(rng.beta(1.1, 2.2))
    if chance(rng, 0.45):
        kinegram(rng, area_bgr)
    if chance(rng, 0.3):
        sheen(rng, area_bgr)
    if chance(rng, 0.15 + 0.7 * used):
        scratch(rng, area_bgr, px_per_mm, used)
    if chance(rng, 0.15 + 0.6 * used):
        whiten_edges(rng, area_bgr, px_per_mm, used)
    if chance(rng, 0.12 * used):
        crease(rng, area_bgr, px_per_mm)
    if chance(rng, 0.4 * used):
        soil(rng, area_bgr, px_per_mm)


def kinegram(rng: np.random.Generator, area_bgr: Image) -> None:
    """One to three pale rainbow patches, a rainbow band or a field of small emblems, in place."""
    height, width = area_bgr.shape[:2]
    way = pick(rng, ("patch", "rosette", "band", "emblems"))
    if way == "rosette":
        for _ in range(int(rng.integers(1, 3))):
            at = between(rng, 0.1, 0.9) * width, between(rng, 0.1, 0.9) * height
            hologram(rng, area_bgr, at, between(rng, 0.12, 0.3) * height, between(rng, 0.06, 0.2))
        return
    left, right, top, bottom = 0, width, 0, height
    if way == "patch":
        size = int(between(rng, 0.15, 0.45) * height)
        cx, cy = int(rng.integers(width)), int(rng.integers(height))
        left, right = max(cx - size, 0), min(cx + size, width)
        top, bottom = max(cy - size, 0), min(cy + size, height)
    elif way == "band":
        left = int(between(rng, 0.0, 0.8) * width)
        right = min(left + int(between(rng, 0.08, 0.2) * width), width)
    window = area_bgr[top:bottom, left:right]
    if min(window.shape[:2]) < 8:
        return
    h, w = max(window.shape[0] // 4, 2), max(window.shape[1] // 4, 2)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    xx, yy = xx * np.float32(2 / w) - 1, yy * np.float32(2 / h) - 1
    phase = (xx * np.float32(rng.normal()) + yy * np.float32(rng.normal())) * np.float32(between(rng, 2, 7))
    if way == "patch":
        share = np.clip(1 - (xx**2 + yy**2), 0, 1)
    elif way == "band":
        share = np.clip(1.4 * (1 - np.abs(xx)), 0, 1)
    else:
        count = between(rng, 3, 8)
        waves = np.cos(xx * np.float32(np.pi * count)) * np.cos(yy * np.float32(np.pi * count * 0.63))
        share = np.clip(waves * 4 - 2, 0, 1)
    share = cv2.resize(share * np.float32(between(rng, 0.05, 0.17)), window.shape[1::-1])
    hue = np.stack([np.sin(phase + np.float32(k)) for k in (0.0, 2.1, 4.2)], axis=-1) * 120 + 130
    colours = cv2.resize(np.asarray(hue, np.uint8), window.shape[1::-1])
    window[:] = cv2.blendLinear(colours, np.ascontiguousarray(window), share, 1 - share)


def sheen(rng: np.random.Generator, area_bgr: Image) -> None:
    """Broad soft light on a laminate, far too weak to hide anything, in place."""
    small: np.ndarray = np.zeros((40, 64), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        at = rng.uniform(0, 1, 2) * (64, 40)
        angle = between(rng, 0, np.pi)
        step = np.array([np.cos(angle), np.sin(angle)]) * between(rng, 8, 60)
        ends = [tuple(int(v) for v in at + sign * step) for sign in (-1, 1)]
        cv2.line(small, ends[0], ends[1], between(rng, 0.4, 1.0), int(rng.integers(2, 14)), cv2.LINE_AA)
    small = cv2.GaussianBlur(small, (0, 0), between(rng, 1.0, 5.0))
    levels = small / max(float(small.max()), 1e-3) * np.float32(between(rng, 6, SHEEN_LEVELS))
    light = cv2.resize(np.asarray(levels, np.uint8), area_bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    cv2.add(area_bgr, cv2.merge([light] * 3), dst=area_bgr)


def scratch(rng: np.random.Generator, area_bgr: Image, px_per_mm: float, used: float) -> None:
    """Fine scratches, alone and in bundles of one direction, lighter or darker than the face, in place."""
    height, width = area_bgr.shape[:2]
    marks = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 3 + round(5 * used)))):
        a = rng.uniform(0, 1, 2) * (width, height)
        angle, length = between(rng, 0, 2 * np.pi), between(rng, 3, 35) * px_per_mm
        for _ in range(int(rng.integers(1, 9)) if chance(rng, 0.4) else 1):
            turn = angle + rng.normal(0, 0.06)
            start = a + rng.normal(0, 1.2 * px_per_mm, 2)
            bend = start + np.array([np.cos(turn), np.sin(turn)]) * length / 2 + rng.normal(0, 0.4 * px_per_mm, 2)
            end = start + np.array([np.cos(turn), np.sin(turn)]) * length * between(rng, 0.6, 1.0)
            path = np.round(np.stack([start, bend, end]) * 8).astype(np.int32)
            cv2.polylines(marks, [path], False, int(rng.integers(60, 256)), 1, cv2.LINE_AA, 3)
    strength = between(rng, 0.25, 1.0) * SCRATCH_LEVELS / 255
    faint = cv2.merge([cv2.convertScaleAbs(marks, alpha=strength)] * 3)
    (cv2.add if chance(rng, 0.7) else cv2.subtract)(area_bgr, faint, dst=area_bgr)


def whiten_edges(rng: np.random.Generator, area_bgr: Image, px_per_mm: float, used: float) -> None:
    """Rubbed edges: an uneven pale or dirty rim of under a millimetre, in place."""
    tone = np.full(3, between(rng, 190, 250)) if chance(rng, 0.7) else rng.uniform(60, 120, 3)
    deep = max(round(between(rng, 0.3, 0.4 + 0.8 * used) * px_per_mm), 2)
    for turn in range(4):
        side = np.rot90(area_bgr, turn)
        strip = side[:deep]
        knots = np.asarray(np.clip(rng.normal(0.1, 0.5, 40), 0, 1), np.float32)[None]
        along = cv2.resize(knots, (strip.shape[1], 1), interpolation=cv2.INTER_LINEAR)[0]
        fall = np.clip(along[None, :] - np.linspace(0, 1, deep, dtype=np.float32)[:, None] * 0.9, 0, 1)
        share = fall[..., None] * np.float32(between(rng, 0.4, 0.9))
        strip[:] = (strip + (tone.astype(np.float32) - strip) * share).astype(np.uint8)


def crease(rng: np.random.Generator, area_bgr: Image, px_per_mm: float) -> None:
    """A bent corner or a bend across: a thin broken line with a light and a dark side, in place."""
    height, width = area_bgr.shape[:2]
    marks = np.zeros((height, width), np.uint8)
    reach = between(rng, 0.1, 0.3)
    corner = np.array([int(rng.integers(2)) * width, int(rng.integers(2)) * height])
    inward = np.where(corner > 0, -1, 1)
    a = corner + inward * np.array([reach * width, 0])
    b = corner + inward * np.array([0, reach * between(rng, 0.7, 1.6) * height])
    steps = np.linspace(0, 1, 14)[:, None]
    path = np.round(a + (b - a) * steps + rng.normal(0, 0.12 * px_per_mm, (14, 2))).astype(np.int32)
    cv2.polylines(marks, [path], False, 150, max(round(0.15 * px_per_mm), 1), cv2.LINE_AA)
    cv2.add(area_bgr, cv2.merge([marks] * 3), dst=area_bgr)
    dark = cv2.convertScaleAbs(np.roll(marks, max(round(0.18 * px_per_mm), 1), axis=0), alpha=0.5)
    cv2.subtract(area_bgr, cv2.merge([dark] * 3), dst=area_bgr)


def soil(rng: np.random.Generator, area_bgr: Image, px_per_mm: float) -> None:
    """Specks, and a smudge so faint that print shows through it, in place."""
    height, width = area_bgr.shape[:2]
    marks: np.ndarray = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(3, 40))):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(marks, at, max(round(between(rng, 0.04, 0.16) * px_per_mm), 1), int(rng.integers(20, 90)), -1)
    if chance(rng, 0.5):
        smudge: np.ndarray = np.zeros((32, 48), np.uint8)
        at = (int(rng.integers(48)), int(rng.integers(32)))
        axes = (int(rng.integers(2, 9)), int(rng.integers(2, 9)))
        cv2.ellipse(smudge, at, axes, between(rng, 0, 180), 0, 360, int(rng.integers(12, 36)), -1)
        marks = cv2.add(marks, cv2.resize(cv2.GaussianBlur(smudge, (0, 0), 2.0), (width, height)))
    cv2.subtract(area_bgr, cv2.merge([marks] * 3), dst=area_bgr)
