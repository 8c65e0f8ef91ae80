"""Printed portraits as a phone sees them, made from pictures of faces, with a known defect of known severity.

They stand beside the portraits cut from rendered photos: these have few persons a defect, those have the true camera.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.models.portrait import LEARNED_COMPONENTS, MARGIN, SIZE_PX
from idqc.photo.geometry import homography, project
from idqc.train.faces import EYES_HIDDEN, TURNED, Face
from idqc.train.portrait_defects import face_place, spoil

DEFECTS = (
    "none",
    "sharpness",
    "face_occlusion_prevention",
    "eyes_visible",
    "under_exposure_prevention",
    "over_exposure_prevention",
    "single_face_present",
    "pose",
    "missing",
)
DEFECT_SHARES = (0.34, 0.11, 0.12, 0.08, 0.06, 0.09, 0.04, 0.04, 0.12)
WORK_PX = 256
"""Defects are drawn on a portrait of this height, then it is shrunk into the crop: edges come out as in a photo."""


@dataclass
class Target:
    """What a crop should teach. None means unknown: that output is not trained on this crop."""

    face: float | None = 1.0
    landmarks: list[float] | None = None
    components: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LEARNED_COMPONENTS, 0.0))
    low_quality: float | None = 0.0

    def as_json(self) -> dict[str, Any]:
        """The form kept in the crop cache."""
        known = [self.components.get(name) for name in LEARNED_COMPONENTS]
        return {"face": self.face, "landmarks": self.landmarks, "components": known, "low_quality": self.low_quality}


def mock_portrait(faces: list[Face], rng: np.random.Generator) -> tuple[Image, Target]:
    """One crop of a mock portrait, (160, 160, 3) uint8 BGR, and its target."""
    defect = str(rng.choice(DEFECTS, p=DEFECT_SHARES))
    target = Target()
    if defect == "missing":
        portrait = _no_face(faces, rng)
        target = Target(face=0.0, components={}, low_quality=None)
    else:
        face = _any_face(faces, rng)
        portrait, landmarks = _window(face, rng)
        portrait = _printed(portrait, rng)
        severity = float(rng.beta(1.3, 1.0)) if defect != "none" else 0.0
        if face.caption in EYES_HIDDEN:
            target.components["eyes_visible"] = 0.8
        if face.caption in TURNED:
            target.components["pose"] = 0.7
        if defect != "none":
            second, _ = _window(_any_face(faces, rng), rng)
            portrait, landmarks, severity = spoil(portrait, landmarks, defect, severity, second, rng)
            target.components[defect] = max(severity, target.components[defect])
        target.low_quality = 1.0 - float(np.prod([1.0 - value for value in target.components.values()]))
        if target.components["face_occlusion_prevention"] > 0.9:
            target.face = None
        target.landmarks = None if landmarks is None else landmarks.ravel().tolist()
    return _seen_by_phone(portrait, target, rng), target


def _any_face(faces: list[Face], rng: np.random.Generator) -> Face:
    """Mostly a face seen from the front, as documents carry it: those are the ones with landmarks."""
    face = faces[int(rng.integers(len(faces)))]
    for _ in range(8):
        if face.landmarks is not None or rng.random() < 0.3:
            break
        face = faces[int(rng.integers(len(faces)))]
    return face


def _window(face: Face, rng: np.random.Generator) -> tuple[Image, Points | None]:
    """A passport-style window of the picture, WORK_PX high, and the landmarks in shares of it."""
    image = face.load()
    height, width = image.shape[:2]
    aspect = float(rng.uniform(0.70, 0.86))
    if face.landmarks is None:
        tall = height * rng.uniform(0.9, 1.0)
        left, top = (width - tall * aspect) * rng.uniform(0.35, 0.65), (height - tall) * rng.uniform(0, 1)
        marks = None
    else:
        marks = face.landmarks * np.array([width, height], np.float32)
        eyes = marks[:2].mean(axis=0)
        tall = float(np.linalg.norm(marks[1] - marks[0])) * rng.uniform(3.3, 5.4)
        left = float(eyes[0]) - tall * aspect * rng.uniform(0.45, 0.55)
        top = float(eyes[1]) - tall * rng.uniform(0.36, 0.52)
    scale = WORK_PX / tall
    size = max(round(WORK_PX * aspect), 8), WORK_PX
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float32)
    if rng.random() < 0.5:
        matrix[0] = [-scale, 0, size[0] + left * scale]
        marks = None if marks is None else marks[[1, 0, 2, 4, 3]]
    if scale < 0.6:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / scale), np.uint8)
    window = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if marks is None:
        return np.asarray(window, np.uint8), None
    inside = (marks @ matrix[:, :2].T + matrix[:, 2]) / np.array(size, np.float32)
    return np.asarray(window, np.uint8), np.asarray(inside, np.float32)


def _printed(portrait: Image, rng: np.random.Generator) -> Image:
    """How cards carry portraits: dye print, laser engraving in greys, guilloche and a seal running over it."""
    picture = portrait.astype(np.float32)
    if rng.random() < 0.3:
        grey = cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY).astype(np.float32)[..., None]
        picture = grey * rng.uniform(0.85, 1.05, 3).astype(np.float32)
    picture = (picture - 128) * rng.uniform(0.75, 1.1) + 128 + rng.uniform(-12, 20)
    height, width = portrait.shape[:2]
    if rng.random() < 0.35:
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        wave = np.sin((rows + rng.uniform(3, 12) * np.sin(columns / rng.uniform(8, 30))) / rng.uniform(1.2, 4.0))
        lines = (np.maximum(wave - 0.6, 0) * 2.5)[..., None] * rng.uniform(0.05, 0.3)
        picture = picture * (1 - lines) + rng.uniform(60, 230, 3).astype(np.float32) * lines
    if rng.random() < 0.25:
        overlay = picture.copy()
        centre = int(rng.uniform(0.6, 1.1) * width), int(rng.uniform(0.6, 1.05) * height)
        colour = tuple(map(float, rng.uniform(40, 240, 3)))
        for ring in range(int(rng.integers(1, 4))):
            cv2.circle(overlay, centre, int(width * (0.34 - 0.06 * ring)), colour, int(rng.integers(1, 5)), cv2.LINE_AA)
        strength = rng.uniform(0.2, 0.8)
        picture = picture * (1 - strength) + overlay * strength
    return np.clip(picture, 0, 255).astype(np.uint8)


def _no_face(faces: list[Face], rng: np.random.Generator) -> Image:
    """A portrait area without a face: blank, background only, silhouette, pattern, print or scrambled picture."""
    width, height = int(WORK_PX * rng.uniform(0.7, 0.86)), WORK_PX
    colour, other = rng.uniform(90, 255, 3), rng.uniform(0, 255, 3)
    shaded = colour + np.linspace(-1, 1, height)[:, None, None] * rng.uniform(0, 25)
    blank: Image = np.broadcast_to(np.clip(shaded, 0, 255), (height, width, 3)).astype(np.uint8, order="C")
    way = int(rng.integers(7))
    if way == 0:
        return _printed(blank, rng)
    if way == 1:
        tone = tuple(map(float, other))
        for y, half_width, half_height in ((0.43, 0.25, 0.26), (1.02, 0.46, 0.34)):
            axes = int(width * half_width), int(height * half_height)
            cv2.ellipse(blank, (width // 2, int(height * y)), axes, 0, 0, 360, tone, -1)
        return _printed(blank, rng)
    if way == 2:
        for row in range(int(rng.integers(3, 9))):
            text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(4, 14))))
            at = int(rng.integers(0, 30)), int((row + 1) * height / 9)
            cv2.putText(blank, text, at, int(rng.integers(0, 4)), rng.uniform(0.4, 1.0), tuple(map(float, other)), 1)
        return blank
    picture, _ = _window(faces[int(rng.integers(len(faces)))], rng)
    if way == 3:
        edge = max(picture.shape[1] // 6, 4)
        strip = picture[: height // 2, :edge] if rng.random() < 0.5 else picture[-edge:, :]
        return _printed(np.asarray(cv2.resize(strip, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8), rng)
    if way == 4:
        tiles = int(rng.integers(4, 9))
        square = cv2.resize(picture, (tiles * 32, tiles * 32)).reshape(tiles, 32, tiles, 32, 3).transpose(0, 2, 1, 3, 4)
        mixed = rng.permutation(square.reshape(-1, 32, 32, 3)).reshape(tiles, tiles, 32, 32, 3).transpose(0, 2, 1, 3, 4)
        return np.asarray(cv2.resize(mixed.reshape(tiles * 32, tiles * 32, 3), (width, height)), np.uint8)
    if way == 5:
        noise = rng.normal(0, 60, (int(rng.integers(3, 40)), int(rng.integers(3, 40)), 3)).astype(np.float32)
        clouds = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) + colour
        return np.clip(clouds, 0, 255).astype(np.uint8)
    whole, _, _ = face_place(picture, None)
    smeared = cv2.inpaint(cv2.resize(picture, (90, 112)), _head_mask(whole, picture), 9, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(smeared, (width, height)), np.uint8)


def _head_mask(eyes: np.ndarray, picture: Image) -> np.ndarray:
    """Where the head stands in a 90 x 112 px picture: what an eraser would take out."""
    mask = np.zeros((112, 90), np.uint8)
    at = int(eyes[0] * 90 / picture.shape[1]), int(eyes[1] * 112 / picture.shape[0] + 6)
    cv2.ellipse(mask, at, (34, 50), 0, 0, 360, 255, -1)
    return mask


def _seen_by_phone(portrait: Image, target: Target, rng: np.random.Generator) -> Image:
    """Sets the portrait into a card with the margin of the crop, and photographs it: blur, light, noise, JPEG."""
    height, width = portrait.shape[:2]
    border_x, border_y = round(width * MARGIN), round(height * MARGIN)
    paper = np.full((height + 2 * border_y, width + 2 * border_x, 3), rng.uniform(120, 250, 3))
    paper += np.linspace(-1, 1, paper.shape[1])[None, :, None] * rng.uniform(-25, 25)
    card: Image = np.clip(paper, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        x, y = int(rng.integers(0, card.shape[1])), int(rng.integers(0, card.shape[0]))
        text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(2, 9))))
        ink = tuple(map(float, rng.uniform(0, 160, 3)))
        cv2.putText(card, text, (x, y), 2, rng.uniform(0.3, 0.9), ink, 1, cv2.LINE_AA)
    card[border_y : border_y + height, border_x : border_x + width] = portrait
    jitter = rng.normal(0, 0.02, (4, 2)) + rng.normal(0, 0.015, (1, 2))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    size = np.array([card.shape[1], card.shape[0]], np.float32)
    matrix = homography(corners * size, (corners + jitter.astype(np.float32)) * SIZE_PX)
    sigma = 0.45 * max(size) / SIZE_PX
    crop = cv2.warpPerspective(
        cv2.GaussianBlur(card, (0, 0), sigma), matrix, (SIZE_PX, SIZE_PX), borderMode=cv2.BORDER_REPLICATE
    )
    if target.landmarks is not None:
        inside = np.array(target.landmarks, np.float32).reshape(5, 2) * [width, height] + [border_x, border_y]
        moved = project(matrix, np.asarray(inside, np.float32)).ravel() / SIZE_PX
        target.landmarks = [round(float(v), 4) for v in moved]
    crop = cv2.GaussianBlur(crop, (0, 0), float(rng.uniform(0.3, 1.1)))
    light = float(rng.uniform(0.72, 1.16)) * rng.uniform(0.93, 1.07, 3)
    ramp = np.linspace(-1, 1, SIZE_PX) * rng.uniform(-0.12, 0.12)
    crop = crop * light * (1 + (ramp[:, None, None] if rng.random() < 0.5 else ramp[None, :, None]))
    crop = crop + rng.normal(0, rng.uniform(0.5, 6), crop.shape)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 96))]
    _, coded = cv2.imencode(".jpg", np.clip(crop, 0, 255).astype(np.uint8), quality)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
