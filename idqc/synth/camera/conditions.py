"""How one photo is taken: frame, pose, light, focus, file. Drawn so that a plan's defects, and no others, come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Points
from idqc.photo.geometry import project
from idqc.photo.quad import (
    PX_PER_MM_AT_ONE,
    PX_PER_MM_AT_ZERO,
    TILT_DEG_AT_ONE,
    TILT_DEG_AT_ZERO,
    cut_off_share,
    low_resolution_score,
    px_per_mm,
    tilt_deg,
    tilt_score,
)
from idqc.synth.assets import Assets
from idqc.synth.camera.light import Lighting, Reflection, gain_for_bright, gain_for_dark, gain_for_white
from idqc.synth.camera.pose import Pose, flat_scan, gentler, plane_to_photo
from idqc.synth.camera.sensor import camera_kind, camera_kinds
from idqc.synth.camera.transfer import MESSENGER_SIDES
from idqc.synth.plan import Plan

BLUR_MM_AT_ZERO, BLUR_MM_AT_ONE = 0.09, 0.50
"""Standard deviation of the blur on the card: 0.09 mm is crisp, 0.3 mm blurs 2 mm print badly, 0.5 mm ends it."""
SEEN_FROM_ATTACK_PX_PER_MM = 8.5
"""What a recapture must keep, or there would be a label without evidence."""
MESSENGERS, SCREENSHOTS, LAMPS, WIDE_SCANS = 0.16, 0.025, 0.08, 0.45
"""Shares: photos sent by a messenger, screenshots, shots by a night lamp, scans with a wide border."""


@dataclass(frozen=True)
class Frame:
    """A frame and where the document stands in it; `quad` (4, 2) in photo pixels."""

    width_px: int
    height_px: int
    matrix: NDArray[np.float64]
    quad: Points
    scan: bool


@dataclass(frozen=True)
class Conditions:
    """Everything about the shot but the object. Blur is on the card, in millimetres (standard deviation)."""

    frame: Frame
    camera: str
    texture: Path | None
    lighting: Lighting
    defocus_mm: float
    motion_mm: float
    motion_deg: float
    noise: float
    quality: int
    first_quality: int | None
    exif_orientation: int
    sent_share: float = 1.0
    """The share of its size that a messenger left of the photo."""
    screenshot: bool = False
    tremble_px: float = 0.0


def blur_score(blur_mm: float) -> float:
    """Severity of quality.blur for a blur of this standard deviation on the card."""
    return float(np.clip((blur_mm - BLUR_MM_AT_ZERO) / (BLUR_MM_AT_ONE - BLUR_MM_AT_ZERO), 0, 1))


def draw_frame(rng: np.random.Generator, plan: Plan, size_mm: tuple[float, float], corners_mm: Points) -> Frame:
    """Draws size and pose of a shot of a document whose corners, in the object's plane, are `corners_mm`."""
    if plan.attack is None and plan.kind != "negative" and not _posed(plan) and rng.random() < 0.09:
        return _scan(rng, size_mm, corners_mm)
    wanted_low = plan.wanted("quality.low_resolution")
    least = SEEN_FROM_ATTACK_PX_PER_MM if plan.attack else PX_PER_MM_AT_ZERO + 0.4
    turned = int(rng.choice([90, 180, 270])) if rng.random() < 0.08 else 0
    rotation = float(np.clip(rng.normal(0, 7), -20, 20)) + turned
    spread = abs(np.cos(np.radians(rotation))) * size_mm[0] + abs(np.sin(np.radians(rotation))) * size_mm[1]
    width, height = _frame_size(rng, 0.95 * spread, 0 if wanted_low else least)
    if wanted_low and rng.random() < 0.6:
        shrink = max(float(rng.uniform(0.3, 0.8)), 340 / min(width, height))
        width, height = round(width * shrink), round(height * shrink)
    reach = 0.95 if height <= width else 0.97
    if wanted_low:
        per_mm = PX_PER_MM_AT_ZERO + (PX_PER_MM_AT_ONE - PX_PER_MM_AT_ZERO) * wanted_low
        coverage = per_mm * spread / width
    else:
        low = min(max(0.45 if plan.attack else 0.25, least * spread / width * 1.04), reach)
        coverage = low + (reach - low) * float(rng.beta(1.6, 1.3))
    wanted_tilt = plan.wanted("quality.tilt")
    tilt = abs(float(rng.normal(0, 9)))
    if wanted_tilt:
        tilt = TILT_DEG_AT_ZERO + (TILT_DEG_AT_ONE - TILT_DEG_AT_ZERO) * wanted_tilt
    cut = 0.1 * plan.wanted("quality.cut_off")
    if cut and rng.random() < 0.15:
        cut *= 3
    leave = rotation + float(rng.choice([0, 90, 180, 270])) + float(rng.normal(0, 12))
    pose = Pose(
        rotation_deg=rotation,
        tilt_deg=min(tilt, 62.0) if wanted_tilt else min(tilt, 23.0),
        tilt_axis_deg=float(rng.uniform(0, 360)),
        coverage=float(np.clip(max(coverage, 0.5) if cut else coverage, 0.12, reach)),
        place=(float(rng.beta(2.5, 2.5)), float(rng.beta(2.5, 2.5))),
        cut_off=cut,
        leave_deg=leave,
    )
    return _settle(plan, pose, size_mm, corners_mm, width, height, reach)


def _posed(plan: Plan) -> bool:
    posed = (
        "quality.cut_off",
        "quality.low_resolution",
        "quality.tilt",
        "quality.dark",
        "quality.blur",
        "quality.glare",
    )
    return any(plan.wanted(code) for code in posed)


def _settle(
    plan: Plan, pose: Pose, size_mm: tuple[float, float], corners_mm: Points, width: int, height: int, reach: float
) -> Frame:
    """Mends a pose until what the plan does not want is normal: tilt below its ramp, resolution above."""
    for _ in range(8):
        matrix = plane_to_photo(pose, corners_mm, width, height)
        quad = project(matrix, corners_mm)
        dense = px_per_mm(quad, size_mm)
        if not plan.wanted("quality.tilt") and tilt_score(tilt_deg(quad, size_mm, width, height)) > 0:
            pose = gentler(pose)
        elif plan.wanted("quality.low_resolution") or low_resolution_score(dense) == 0:
            break
        elif pose.coverage < reach:
            pose = replace(pose, coverage=min(pose.coverage * 1.12, reach))
        else:
            width, height = round(width * 1.15), round(height * 1.15)
    if pose.cut_off == 0 and cut_off_share(quad, width, height) > 0:
        pose = replace(pose, coverage=pose.coverage * 0.93)
        matrix = plane_to_photo(pose, corners_mm, width, height)
        quad = project(matrix, corners_mm)
    larger = 1.02 * PX_PER_MM_AT_ZERO / px_per_mm(quad, size_mm)
    if larger > 1.0 and not plan.wanted("quality.low_resolution"):
        matrix, quad = np.diag([larger, larger, 1.0]) @ matrix, quad * np.float32(larger)
        width, height = round(width * larger), round(height * larger)
    return Frame(width, height, matrix, quad, scan=False)


def _frame_size(rng: np.random.Generator, spread_mm: float, least_px_per_mm: float) -> tuple[int, int]:
    """Width and height of a frame, large enough for the document at the least resolution."""
    tall, wide = [(4, 3), (16, 9), (3, 4), (9, 16)][int(rng.choice(4, p=[0.46, 0.16, 0.28, 0.10]))]
    draw = rng.random()
    low, high = (1.0, 3.0) if draw < 0.82 else (3.0, 6.0) if draw < 0.96 else (8.0, 12.2)
    pixels = rng.uniform(low, high) * 1e6 if high != 3.0 else 1e6 * (1 + 2 * rng.beta(1.2, 1.8))
    width = max((pixels * tall / wide) ** 0.5, least_px_per_mm * spread_mm / 0.86)
    return round(width), round(width * wide / tall)


def _scan(rng: np.random.Generator, size_mm: tuple[float, float], corners_mm: Points) -> Frame:
    per_mm = float(rng.uniform(7.9, 16.0))
    margin = tuple(float(v) for v in np.abs(rng.normal(0, 0.012, 4)) * rng.choice([0, 1], p=[0.4, 0.6]))
    if rng.random() < WIDE_SCANS:
        # A card on the glass of an office scanner, and the software that cut the page out generously.
        margin = tuple(float(v) for v in rng.uniform(0.03, 0.45, 4))
    span = np.ptp(corners_mm, axis=0)
    across, down = 1 + margin[0] + margin[2], 1 + margin[1] + margin[3]
    width, height = round(float(span[0]) * per_mm * across), round(float(span[1]) * per_mm * down)
    left, top, right, bottom = (v / side for v, side in zip(margin, (across, down, across, down), strict=True))
    matrix = flat_scan(corners_mm, width, height, (left, top, right, bottom))
    return Frame(width, height, matrix, project(matrix, corners_mm), scan=True)


def draw_conditions(
    rng: np.random.Generator,
    plan: Plan,
    frame: Frame,
    size_mm: tuple[float, float],
    gloss: float,
    emissive: bool,
    assets: Assets,
) -> Conditions:
    """Draws light, focus and file of a shot whose frame is known."""
    camera = str(rng.choice(camera_kinds(plan.split)))
    kind = camera_kind(camera)
    textures = assets.textures(plan.split)
    texture = textures[int(rng.integers(len(textures)))] if textures and rng.random() < 0.68 else None
    dense = float(np.sqrt(_density(frame.quad, size_mm)))
    defocus, motion = 0.0, 0.0
    wanted_blur = plan.wanted("quality.blur")
    if wanted_blur:
        total = BLUR_MM_AT_ZERO + (BLUR_MM_AT_ONE - BLUR_MM_AT_ZERO) * wanted_blur
        added = max(total**2 - (kind.lens_px / dense) ** 2, 0) ** 0.5
        defocus, motion = (added, 0.0) if rng.random() < 0.6 else (0.25 * added, added)
    elif emissive and rng.random() < 0.35:
        # Out of focus by so little that print stays crisp: the lattice and its moire are gone.
        defocus = float(rng.uniform(0.035, 0.085))
    dark = plan.wanted("quality.dark")
    sent = _sent_share(rng, plan, frame, size_mm)
    tremble = 0.0 if frame.scan or rng.random() >= kind.tremble else float(rng.uniform(0.5, 2.0))
    screenshot = not plan.wanted("quality.cut_off") and not plan.copied and rng.random() < SCREENSHOTS
    orientation = 1 if screenshot or frame.scan or rng.random() < 0.85 else int(rng.choice([3, 6, 8]))
    quality = int(rng.integers(kind.quality[0], kind.quality[1]))
    return Conditions(
        frame=frame,
        camera=camera,
        texture=texture,
        lighting=_lighting(rng, plan, frame.scan, gloss, emissive),
        defocus_mm=defocus,
        motion_mm=motion,
        motion_deg=float(rng.uniform(0, 180)),
        noise=float(rng.uniform(0.6, 1.3)) * (0.4 if frame.scan else 1.0) * (1 + 2.5 * dark),
        quality=max(quality, 70) if plan.attack else quality,
        first_quality=int(rng.integers(72, 97)) if rng.random() < 0.25 else None,
        exif_orientation=orientation,
        sent_share=sent,
        screenshot=screenshot,
        tremble_px=tremble,
    )


def _sent_share(rng: np.random.Generator, plan: Plan, frame: Frame, size_mm: tuple[float, float]) -> float:
    """What a messenger leaves of the photo's size: 1 mostly, and where less would be too coarse for the plan."""
    if rng.random() >= MESSENGERS:
        return 1.0
    share = float(rng.choice(MESSENGER_SIDES)) / max(frame.width_px, frame.height_px)
    if plan.wanted("quality.low_resolution"):
        return 1.0
    least = SEEN_FROM_ATTACK_PX_PER_MM if plan.attack else PX_PER_MM_AT_ZERO + 0.1
    return float(np.clip(share, min(least / px_per_mm(frame.quad, size_mm), 1.0), 1.0))


def _density(quad: Points, size_mm: tuple[float, float]) -> float:
    x, y = quad[:, 0].astype(np.float64), quad[:, 1].astype(np.float64)
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 / (size_mm[0] * size_mm[1]))


def _lighting(rng: np.random.Generator, plan: Plan, scan: bool, gloss: float, emissive: bool) -> Lighting:
    """The light of a shot. Reflections that hide content are added by `shot` where the plan wants them."""
    dark, bright = plan.wanted("quality.dark"), plan.wanted("quality.bright")
    gain = gain_for_dark(dark) if dark else gain_for_bright(bright) if bright else gain_for_white(rng.uniform(172, 246))
    warm = float(rng.normal(0, 0.02 if scan else 0.07))
    colour = (1 - warm * 1.2, 1 + float(rng.normal(0, 0.015)), 1 + warm)
    calm = scan or emissive
    lamp = 0.0
    if not calm and not dark and not bright and rng.random() < LAMPS:
        lamp, warm = float(rng.uniform(0.5, 0.95)), float(rng.uniform(0.1, 0.28))
        colour = (1 - warm * 1.3, 1 - 0.12 * warm, 1 + 0.6 * warm)
    spots: tuple[Reflection, ...] = ()
    if not scan and rng.random() < 0.35 * gloss + 0.08:
        spots = (
            draw_reflection(
                rng, (float(rng.uniform(-0.1, 1.1)), float(rng.uniform(-0.1, 1.1))), float(rng.uniform(0.05, 0.32))
            ),
        )
    return Lighting(
        gain=gain,
        unevenness=float(rng.uniform(0, 0.08 if calm else 0.32)),
        colour_bgr=colour,
        shadow=0.0 if calm or rng.random() > 0.3 else float(rng.uniform(0.08, 0.34)),
        vignette=0.0 if scan else 1.0,
        veil=float(0.02 * rng.random() + 0.22 * bright * rng.random()),
        reflections=spots,
        lamp=lamp,
    )


def draw_reflection(rng: np.random.Generator, at: tuple[float, float], strength: float) -> Reflection:
    """A specular spot of any shape at a place (shares of the document)."""
    return Reflection(
        shape=str(rng.choice(["ellipse", "streak", "window", "flash"], p=[0.36, 0.2, 0.24, 0.2])),
        at=at,
        size=float(rng.uniform(0.08, 0.45)),
        strength=strength,
        angle_deg=float(rng.uniform(0, 180)),
        softness=float(rng.uniform(0.1, 0.8)),
    )
