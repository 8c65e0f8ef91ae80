"""The portrait on a card: cut from a picture of a face, before another background, printed in one of several ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.assets import Face, drawn_face
from idqc.synth.mock.draws import between, chance, pick, weighted
from idqc.synth.mock.paint import Colour, add_grain, box_quad

WORK_PX = 96
"""Longest side at which the background of a face picture is told from the head."""
STUDIO_PX = 600
"""Pictures taller than this are studio pictures before a plain wall, where the head is small and the cut is clean."""
HEAD_SHARE = 0.965
"""How much of the oval where the head must be a cut has to keep."""


@dataclass(frozen=True)
class PortraitStyle:
    """How a layout prints portraits. `backdrop` is a colour, or None for the ground showing through."""

    backdrop: Colour | None
    process: str
    shape: str
    frame: Colour | None
    eye_share: float
    eye_height: float


PROCESSES = ("colour", "laser", "tinted", "halftone")
SHAPES = ("square", "rounded", "oval", "faded")


def draw_portrait_style(layout: np.random.Generator, ground: Colour) -> PortraitStyle:
    """The style of a layout; `ground` is the colour of the card there."""
    white, pale, blue = (250, 250, 250), (232, 230, 226), (235, 215, 190)
    backdrop = pick(layout, (white, white, pale, blue, (225, 225, 235), ground, None, None))
    process = weighted(layout, (("colour", 0.62), ("laser", 0.22), ("tinted", 0.1), ("halftone", 0.06)))
    shape = weighted(layout, (("square", 0.62), ("rounded", 0.18), ("oval", 0.07), ("faded", 0.13)))
    frame = pick(layout, (None, None, (90, 80, 70), (200, 200, 200)))
    return PortraitStyle(backdrop, process, shape, frame, between(layout, 0.25, 0.32), between(layout, 0.42, 0.48))


@lru_cache(maxsize=400)
def _picture(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f"{path} cannot be read as a picture")
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=1000)
def _head_mask(path: Path) -> Image:
    """Where the person is, (height, width) uint8 0..255 at a small size: GrabCut from a head-and-shoulders guess.

    255 everywhere, so that the background stays, when the cut would take a piece of the head with it.
    """
    image = _picture(path)
    scale = WORK_PX / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    cv2.ellipse(guess, (width // 2, height // 2), (int(width * 0.34), int(height * 0.46)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(guess, (width // 2, height), (int(width * 0.5), int(height * 0.2)), 0, 0, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(
        guess, (width // 2, int(height * 0.56)), (int(width * 0.19), int(height * 0.24)), 0, 0, 360, cv2.GC_FGD, -1
    )
    side = int(width * 0.22)
    guess[: int(height * 0.05), :side] = cv2.GC_BGD
    guess[: int(height * 0.05), -side:] = cv2.GC_BGD
    edge = max(int(width * 0.03), 1)
    guess[: int(height * 0.6), :edge] = cv2.GC_BGD
    guess[: int(height * 0.6), -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    person = np.asarray((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD), np.uint8) * 255
    _, parts, stats, _ = cv2.connectedComponentsWithStats(person)
    if len(stats) > 1:
        person = np.asarray(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.uint8) * 255
    head = np.zeros_like(person)
    cv2.ellipse(head, (width // 2, int(height * 0.48)), (int(width * 0.24), int(height * 0.36)), 0, 0, 360, 255, -1)
    if image.shape[0] > STUDIO_PX or person[head > 0].mean() > HEAD_SHARE * 255:
        person = np.asarray(
            cv2.morphologyEx(person, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))), np.uint8
        )
        return np.asarray(cv2.GaussianBlur(person, (0, 0), 1.2), np.uint8)
    return np.full_like(person, 255)


def _source(rng: np.random.Generator, face: Face | None) -> tuple[Image, Points, Image | None]:
    """The picture, its five landmarks (the middle of the picture where unknown) and the mask of the person."""
    if face is None:
        image, points = drawn_face(rng)
        return image, points, None
    image = _picture(face.path)
    height, width = image.shape[:2]
    if face.landmarks is not None:
        return image, face.landmarks, _head_mask(face.path)
    guess = np.asarray([[0.4, 0.42], [0.6, 0.42], [0.5, 0.54], [0.43, 0.63], [0.57, 0.63]], np.float32)
    return image, guess * np.asarray([width, height], np.float32), _head_mask(face.path)


def cut_portrait(
    rng: np.random.Generator, face: Face | None, style: PortraitStyle, width: int, height: int
) -> tuple[Image, Image, Points | None]:
    """A head-and-shoulders crop of the given size.

    Returns the picture (height, width, 3), the share of the person (height, width) uint8 (255 everywhere when the
    background stays) and the landmarks (5, 2) in it, None where the picture has none.
    """
    image, points, mask = _source(rng, face)
    eyes = points[:2].mean(axis=0)
    distance = float(np.linalg.norm(points[1] - points[0]))
    scale = width * style.eye_share * between(rng, 0.92, 1.06) / distance
    eye_height = style.eye_height + between(rng, -0.02, 0.03)
    if face is not None:
        below = image.shape[0] - float(eyes[1])
        scale = max(
            scale, height * (1 - eye_height) / below, 0.49 * width / float(min(eyes[0], image.shape[1] - eyes[0]))
        )
    turn = between(rng, -1.5, 1.5)
    matrix = cv2.getRotationMatrix2D((float(eyes[0]), float(eyes[1])), turn, scale)
    matrix[:, 2] += np.array([width * between(rng, 0.48, 0.52), height * eye_height]) - eyes
    flip = chance(rng, 0.5)
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 0.6 else None
    if scaled is not None:
        small = matrix.copy()
        small[:, :2] = small[:, :2] / scale
        crop = np.asarray(
            cv2.warpAffine(scaled, small, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
    else:
        crop = np.asarray(
            cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
    share = np.full((height, width), 255, np.uint8)
    if mask is not None:
        ratio = image.shape[1] / mask.shape[1]
        shrunk = matrix.copy()
        shrunk[:, :2] = shrunk[:, :2] * ratio
        share = np.asarray(
            cv2.warpAffine(mask, shrunk, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
    found = None
    if face is None or face.landmarks is not None:
        found = np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)
    if flip:
        crop, share = np.ascontiguousarray(crop[:, ::-1]), np.ascontiguousarray(share[:, ::-1])
        if found is not None:
            found[:, 0] = width - 1 - found[:, 0]
            found = found[[1, 0, 2, 4, 3]]
    return crop, share, found


def develop(rng: np.random.Generator, crop: Image, process: str, ink: Colour) -> Image:
    """The crop as a card printer renders it."""
    middle = float(crop[crop.shape[0] // 4 : -crop.shape[0] // 5, crop.shape[1] // 4 : -crop.shape[1] // 4].mean())
    wanted = between(rng, 100, 150)
    gain, lift = float(np.clip(wanted / max(middle, 1.0), 0.8, 1.9)), between(rng, -6, 12)
    crop = np.asarray(cv2.convertScaleAbs(crop, alpha=gain, beta=lift), np.uint8)
    if process == "colour":
        if chance(rng, 0.3):
            grey = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
            crop = np.asarray(cv2.addWeighted(crop, between(rng, 0.45, 0.9), grey, 0.3, 0), np.uint8)
        add_grain(rng, crop, between(rng, 0.5, 5.0))
        return crop
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    grey = cv2.createCLAHE(between(rng, 1.0, 2.0), (4, 4)).apply(grey)
    if process == "halftone":
        height, width = grey.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        pitch = between(rng, 3.2, 5.0)
        screen = np.cos((x + y) * (np.pi / pitch)) * np.cos((x - y) * (np.pi / pitch))
        dots = grey.astype(np.float32) + screen * 55
        grey = cv2.GaussianBlur(np.asarray(np.clip((dots - 127) * 2.2 + 127, 0, 255), np.uint8), (0, 0), 0.8)
    tint = np.asarray(ink if process == "tinted" else (25, 25, 25), np.float32)
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    table = np.asarray(
        np.clip(tint + (np.asarray([250, 250, 250], np.float32) - tint) * ramp, 0, 255), np.uint8
    ).reshape(1, 256, 3)
    crop = np.asarray(cv2.LUT(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), table), np.uint8)
    add_grain(rng, crop, between(rng, 3.0, 9.0))
    return crop


def shape_mask(shape: str, width: int, height: int) -> Image:
    """The outline of the portrait as (height, width) uint8."""
    mask = np.zeros((height, width), np.uint8)
    if shape == "oval":
        cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 1, height // 2 - 1), 0, 0, 360, 255, -1, cv2.LINE_AA)
    elif shape == "rounded":
        r = max(width // 10, 2)
        cv2.rectangle(mask, (r, 0), (width - r, height), 255, -1)
        cv2.rectangle(mask, (0, r), (width, height - r), 255, -1)
        for x in (r, width - r - 1):
            for y in (r, height - r - 1):
                cv2.circle(mask, (x, y), r, 255, -1, cv2.LINE_AA)
    elif shape == "faded":
        inset = max(width // 14, 3)
        mask[inset:-inset, inset:-inset] = 255
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), inset / 2.2), np.uint8)
    else:
        mask[:] = 255
    return mask


def paste(
    rng: np.random.Generator,
    bgr: Image,
    face: Face | None,
    style: PortraitStyle,
    box: tuple[float, float, float, float],
    ink: Colour,
    opacity: float = 1.0,
) -> tuple[Points, Points | None]:
    """Prints a portrait into a box of the card. Returns its quad and the landmarks in card pixels."""
    x0, y0, x1, y1 = (round(v) for v in box)
    width, height = x1 - x0, y1 - y0
    crop, share, landmarks = cut_portrait(rng, face, style, width, height)
    crop = develop(rng, crop, style.process, ink)
    part = bgr[y0:y1, x0:x1]
    weight = share.astype(np.float32) / 255
    if style.backdrop is not None:
        backdrop = np.full_like(crop, style.backdrop)
        if style.process in ("laser", "halftone"):
            backdrop[:] = int(np.mean(style.backdrop))
        add_grain(rng, backdrop, 2.0)
        crop = np.asarray(cv2.blendLinear(crop, backdrop, weight, 1 - weight), np.uint8)
        weight = np.ones_like(weight)
    elif style.process != "colour":
        crop = np.asarray(cv2.multiply(crop, part, scale=1 / 235), np.uint8)
    weight = weight * (shape_mask(style.shape, width, height).astype(np.float32) * (opacity / 255))
    part[:] = cv2.blendLinear(crop, part, weight, 1 - weight)
    if style.frame is not None and style.shape == "square" and opacity == 1.0:
        cv2.rectangle(bgr, (x0, y0), (x1 - 1, y1 - 1), style.frame, 2)
    if landmarks is not None:
        landmarks = landmarks + np.asarray([x0, y0], np.float32)
    return box_quad(x0, y0, x1, y1), landmarks
