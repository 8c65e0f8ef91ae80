"""Takes the photo: the dressed object is laid into a scene, lit, blurred and developed, and labelled on the way."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from idqc.inspection import Image
from idqc.labels import Label
from idqc.photo.geometry import project, rectify
from idqc.synth.assets import Assets, texture_key
from idqc.synth.camera.conditions import Conditions, Frame, draw_conditions, draw_frame, draw_reflection
from idqc.synth.camera.cover import Stage
from idqc.synth.camera.dress import dress
from idqc.synth.camera.hand import draw_arms, draw_palm
from idqc.synth.camera.labelling import Seen, glare_score, label, label_without_card
from idqc.synth.camera.lens import fringe, tone_map, wobble
from idqc.synth.camera.light import Lighting, content_lost, illuminate, reflect, shine
from idqc.synth.camera.scene import background
from idqc.synth.camera.sensor import Light, camera_kind, develop, encode, to_light
from idqc.synth.camera.transfer import move_label, screenshot
from idqc.synth.card import FlatObject
from idqc.synth.plan import Plan

GLARE_TRIES = 16
MOTION_PER_DEVIATION = 12**0.5
"""A uniform smear of length l has a standard deviation of l / sqrt(12)."""


def photograph(
    rng: np.random.Generator, plan: Plan, flat: FlatObject, assets: Assets, file: str
) -> tuple[bytes, Label]:
    """Photographs an object as planned: the JPEG file and its label. About 0.2 s at 2 MP on one core."""
    corners_mm = np.asarray((flat.document_quad - flat.document_quad.mean(axis=0)) / flat.px_per_mm, np.float32)
    size_mm = flat.card.size_mm
    frame = draw_frame(rng, plan, size_mm, corners_mm)
    hands = not frame.scan and not flat.emissive and _fills(flat)
    stage, portrait_print = dress(rng, plan, flat, hands)
    frame = replace(frame, matrix=frame.matrix @ _to_millimetres(stage))
    shot = draw_conditions(rng, plan, frame, size_mm, flat.gloss, flat.emissive, assets)
    shot = replace(shot, lighting=_with_glare(rng, plan, flat, shot.lighting))
    exposure = _exposure(flat) if flat.emissive else 1.0
    bgr = np.asarray(cv2.convertScaleAbs(_scene(rng, shot, stage, flat.emissive), alpha=exposure**-0.5), np.uint8)
    _compose(bgr, stage, frame, flat.emissive, rng)
    kind = camera_kind(shot.camera)
    quad = frame.quad
    if kind.fringe and not frame.scan:
        bgr = fringe(bgr, kind.fringe)
    if shot.tremble_px:
        bgr = wobble(rng, bgr, shot.tremble_px)
    light = to_light(bgr)
    gain, dark, bright = illuminate(rng, _vignetted(shot), quad, frame.width_px, frame.height_px)
    gain *= np.float32(exposure)
    cv2.multiply(light, cv2.resize(gain, (frame.width_px, frame.height_px)), dst=light)
    if shot.lighting.veil:
        light += np.asarray(shot.lighting.veil * min(shot.lighting.gain, 2.0), np.float32)
    reflected = reflect(rng, shot.lighting.reflections)
    shine(light, reflected, quad)
    dense = float(np.sqrt(cv2.contourArea(quad) / (size_mm[0] * size_mm[1])))
    light = _blur(light, shot, dense, kind.lens_px)
    jpeg, moved = _finish(rng, light, shot, lattice=flat.emissive)
    blur_mm = float((shot.defocus_mm**2 + shot.motion_mm**2 + (kind.lens_px / dense) ** 2) ** 0.5)
    seen = Seen(dark, bright, content_lost(reflected, shot.lighting.gain), blur_mm, portrait_print)
    answer = label(plan, flat, stage, replace(shot, frame=_sent(frame, shot.sent_share)), seen, file)
    if moved != (0, 0):
        move_label(answer, *moved)
    return jpeg, answer


def photograph_scene(rng: np.random.Generator, plan: Plan, assets: Assets, file: str) -> tuple[bytes, Label]:
    """A photo without a document."""
    corners = np.asarray([[-43, -27], [43, -27], [43, 27], [-43, 27]], np.float32)
    frame = draw_frame(rng, plan, (86.0, 54.0), corners)
    shot = draw_conditions(rng, plan, frame, (86.0, 54.0), 0.3, False, assets)
    bgr = background(rng, frame.width_px, frame.height_px, shot.texture)
    light = to_light(bgr)
    gain = illuminate(rng, _vignetted(shot), frame.quad, frame.width_px, frame.height_px)[0]
    cv2.multiply(light, cv2.resize(gain, (frame.width_px, frame.height_px)), dst=light)
    jpeg, _ = _finish(rng, light, shot, lattice=False)
    return jpeg, label_without_card(plan, shot.camera, texture_key(shot.texture) if shot.texture else None, file)


def _fills(flat: FlatObject) -> bool:
    """Whether the document is all of the object, so that a finger at its edge lies on the document."""
    height, width = flat.opaque.shape
    return bool(cv2.contourArea(flat.document_quad) > 0.97 * width * height)


def _sent(frame: Frame, share: float) -> Frame:
    """The frame of the photo that a messenger left."""
    if share >= 1:
        return frame
    width, height = max(round(frame.width_px * share), 1), max(round(frame.height_px * share), 1)
    ratio = np.array([width / frame.width_px, height / frame.height_px])
    shrunk = np.diag([ratio[0], ratio[1], 1.0]) @ frame.matrix
    return Frame(width, height, shrunk, np.asarray(frame.quad * ratio, np.float32), frame.scan)


def _exposure(flat: FlatObject) -> float:
    """What a camera makes up for when a display is darker than the card that it shows: most of it is black matrix."""
    shown = rectify(flat.bgr, flat.document_quad, 120, 76)
    printed = cv2.resize(flat.card.bgr, (120, 76), interpolation=cv2.INTER_AREA)
    light = [float(to_light(np.asarray(image, np.uint8)).mean()) for image in (shown, printed)]
    return float(np.clip(light[1] / max(light[0], 1e-3), 1.0, 6.0))


def _to_millimetres(stage: Stage) -> NDArray[np.float64]:
    """From stage pixels to the plane of the object in millimetres, with the document's centre at the origin."""
    centre = stage.document_quad.mean(axis=0).astype(np.float64)
    scale = 1 / stage.px_per_mm
    return np.array([[scale, 0, -centre[0] * scale], [0, scale, -centre[1] * scale], [0, 0, 1]])


def _vignetted(shot: Conditions) -> Lighting:
    return replace(shot.lighting, vignette=shot.lighting.vignette * camera_kind(shot.camera).vignette)


def _with_glare(rng: np.random.Generator, plan: Plan, flat: FlatObject, lighting: Lighting) -> Lighting:
    """Adds the reflection that the plan wants; without one, drops reflections that would hide content."""
    wanted = plan.wanted("quality.glare")
    names = [name for name in flat.card.fields if name not in ("title", "seal")]
    best, distance = lighting, 9.0
    for turn in range(GLARE_TRIES if wanted else 2):
        if wanted:
            at = tuple(float(v) for v in rng.uniform(0.05, 0.95, 2))
            if names and rng.random() < 0.75:
                centre = flat.card.fields[str(rng.choice(names))].quad_xy.mean(axis=0)
                at = tuple(
                    float(v)
                    for v in centre / np.asarray(flat.card.bgr.shape[1::-1], np.float32) + rng.normal(0, 0.05, 2)
                )
            spot = draw_reflection(rng, (at[0], at[1]), float(rng.uniform(0.6, 1.6)))
            tried = replace(lighting, reflections=(spot,))
        else:
            tried = lighting if turn == 0 else replace(lighting, reflections=())
        lost = content_lost(reflect(np.random.default_rng(turn), tried.reflections), lighting.gain)
        reached = glare_score(lost, flat)
        if abs(reached - wanted) < distance - 0.02:
            best, distance = tried, abs(reached - wanted)
        if distance < 0.02:
            break
    return best


def _scene(rng: np.random.Generator, shot: Conditions, stage: Stage, emissive: bool) -> Image:
    """The background, with the hand whose fingers lie on the card. Around a display rooms are often dark."""
    frame = shot.frame
    if frame.scan:
        return np.full((frame.height_px, frame.width_px, 3), int(rng.choice([255, 250, 235, 20, 0])), np.uint8)
    bgr = background(rng, frame.width_px, frame.height_px, shot.texture)
    if emissive and rng.random() < 0.4:
        bgr = np.asarray(cv2.convertScaleAbs(bgr, alpha=float(rng.uniform(0.1, 0.9))), np.uint8)
    draw_palm(rng, bgr, stage, frame)
    draw_arms(bgr, stage, frame)
    return bgr


def _compose(bgr: Image, stage: Stage, frame: Frame, emissive: bool, rng: np.random.Generator) -> None:
    """Lays the object into the scene, in place: area-filtered, with the thickness of its edge and a contact shadow."""
    h, w = stage.opaque.shape
    outline = project(frame.matrix, np.asarray([[0, 0], [w, 0], [w, h], [0, h]], np.float32))
    x, y, bw, bh = cv2.boundingRect(outline)
    pad = max(int(0.012 * frame.width_px), 4)
    x0, y0 = max(x - pad, 0), max(y - pad, 0)
    x1, y1 = min(x + bw + pad, frame.width_px), min(y + bh + pad, frame.height_px)
    if x1 <= x0 or y1 <= y0:
        return
    art, mask, matrix = stage.bgr, stage.opaque, frame.matrix
    in_stage = cv2.contourArea(stage.document_quad)
    shrink = float(np.sqrt(in_stage / max(cv2.contourArea(frame.quad), 1.0)))
    if emissive:
        if shrink > 1.2:
            art = np.asarray(cv2.GaussianBlur(art, (0, 0), 0.29 * shrink), np.uint8)
    elif shrink > 1.2:
        size = max(round(w / shrink), 1), max(round(h / shrink), 1)
        art = np.asarray(cv2.resize(art, size, interpolation=cv2.INTER_AREA), np.uint8)
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
        ratio = np.array([w / size[0], h / size[1]])
        matrix = matrix @ np.array([[ratio[0], 0, ratio[0] / 2 - 0.5], [0, ratio[1], ratio[1] / 2 - 0.5], [0, 0, 1]])
    matrix = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64) @ matrix
    size = x1 - x0, y1 - y0
    way = cv2.INTER_CUBIC if shrink < 0.8 else cv2.INTER_LINEAR
    laid = cv2.warpPerspective(art, matrix, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpPerspective(mask, matrix, size, flags=cv2.INTER_LINEAR)
    window = bgr[y0:y1, x0:x1]
    if not frame.scan:
        reach = max(float(rng.uniform(0.002, 0.01)) * frame.width_px, 1.0)
        away = rng.normal(0, 0.8, 2) * reach
        moved = cv2.warpAffine(alpha, np.asarray([[1, 0, away[0]], [0, 1, away[1]]], np.float32), size)
        shadow = cv2.blur(moved, (int(reach) * 2 + 1,) * 2)
        depth = float(rng.uniform(0.15, 0.6))
        window[:] = cv2.multiply(window, cv2.merge([255 - cv2.convertScaleAbs(shadow, alpha=depth)] * 3), scale=1 / 255)
    both = cv2.merge([alpha] * 3)
    window[:] = cv2.add(cv2.multiply(laid, both, scale=1 / 255), cv2.multiply(window, 255 - both, scale=1 / 255))


def _blur(light: Light, shot: Conditions, dense: float, lens_px: float) -> Light:
    """Lens and defocus (a disk), then motion (a line). Strong blur is done on a smaller image: nothing fine is left."""
    h, w = light.shape[:2]
    defocus, motion = shot.defocus_mm * dense, shot.motion_mm * dense * MOTION_PER_DEVIATION
    if defocus < 0.4 and motion < 1.5:
        return np.asarray(cv2.GaussianBlur(light, (3, 3), max(lens_px, 0.3)) if lens_px > 0.3 else light, np.float32)
    shrink = float(np.clip(max(defocus / 2.2, motion / 12.0), 1.0, 8.0))
    small = (
        cv2.resize(light, (max(round(w / shrink), 1), max(round(h / shrink), 1)), interpolation=cv2.INTER_AREA)
        if shrink > 1.2
        else light
    )
    shrink = w / small.shape[1]
    if defocus / shrink >= 0.4:
        small = cv2.filter2D(small, -1, _disk(2.0 * defocus / shrink), borderType=cv2.BORDER_REPLICATE)
    if motion / shrink >= 1.5:
        small = cv2.filter2D(small, -1, _line(motion / shrink, shot.motion_deg), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(
        small if small.shape[:2] == (h, w) else cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.float32
    )


def _disk(radius_px: float) -> NDArray[np.float32]:
    reach = int(np.ceil(radius_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = (radius_px + 0.5 - np.hypot(x, y)).clip(0, 1).astype(np.float32)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _line(length_px: float, angle_deg: float) -> NDArray[np.float32]:
    reach = int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    half = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))]) * (length_px - 1) / 2
    ends = [tuple(round(float((reach + sign * v) * 16)) for v in half) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _finish(rng: np.random.Generator, light: Light, shot: Conditions, lattice: bool) -> tuple[bytes, tuple[int, int]]:
    """The file, and how far its screenshot moved the photo (right, down)."""
    kind = camera_kind(shot.camera)
    bgr = develop(light, kind, shot.noise, lattice, rng)
    if kind.tone_map and not shot.frame.scan:
        bgr = tone_map(bgr, shot.frame.quad, kind.tone_map)
    quality = shot.quality
    if shot.first_quality is not None or shot.sent_share < 1:
        once = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, shot.first_quality or shot.quality])[1]
        bgr = np.asarray(cv2.imdecode(once, cv2.IMREAD_COLOR), np.uint8)
    if shot.sent_share < 1:
        size = _sent(shot.frame, shot.sent_share)
        way = int(rng.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        bgr = np.asarray(cv2.resize(bgr, (size.width_px, size.height_px), interpolation=way), np.uint8)
        quality = int(rng.integers(70 if lattice else 62, 86))
    moved = (0, 0)
    if shot.screenshot:
        bgr, moved = screenshot(rng, bgr)
    return encode(bgr, quality, shot.exif_orientation), moved
