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
from idqc.train.faces import EYES_HIDDEN, TURNED, Face

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
            portrait, severity = _with_defect(portrait, landmarks, defect, severity, faces, rng)
            target.components[defect] = max(severity, target.components[defect])
        target.low_quality = 1.0 - float(np.prod([1.0 - value for value in target.components.values()]))
        if target.components["face_occlusion_prevention"] > 0.9:
            target.face = None
        known = landmarks is not None and defect != "single_face_present"
        target.landmarks = landmarks.ravel().tolist() if landmarks is not None and known else None
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
        image = cv2.GaussianBlur(image, (0, 0), 0.4 / scale)
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


def _with_defect(
    portrait: Image, marks: Points | None, defect: str, severity: float, faces: list[Face], rng: np.random.Generator
) -> tuple[Image, float]:
    """The portrait with one defect, and the severity that it came out with."""
    height, width = portrait.shape[:2]
    if defect == "sharpness":
        return _unsharp(portrait, severity, rng), severity
    if defect == "under_exposure_prevention":
        gain = 1.0 - 0.9 * severity
        return np.clip(portrait * gain + rng.normal(0, 3 + 6 * severity, portrait.shape), 0, 255).astype(np.uint8), severity
    if defect == "over_exposure_prevention":
        if rng.random() < 0.5:
            white = 255.0 - (255.0 - portrait) * (1.0 - 0.93 * severity)
        else:
            white = portrait * (1 + 2.2 * severity) + 60.0 * severity
        return np.clip(white, 0, 255).astype(np.uint8), severity
    if defect == "eyes_visible":
        return _eyes_covered(portrait, marks, rng), float(rng.uniform(0.8, 1.0))
    if defect == "face_occlusion_prevention":
        return _covered(portrait, marks, severity, rng)
    if defect == "single_face_present":
        second, _ = _window(faces[int(rng.integers(len(faces)))], rng)
        share = rng.uniform(0.35, 0.5)
        piece = cv2.resize(second, (max(int(width * share), 8), height))
        joined = portrait.copy()
        squeezed = cv2.resize(portrait, (width - piece.shape[1], height)) if rng.random() < 0.6 else None
        if squeezed is not None:
            joined[:, : squeezed.shape[1]] = squeezed
        joined[:, width - piece.shape[1] :] = piece
        return joined, 1.0
    angle = float(rng.choice([-1, 1]) * rng.uniform(25, 100))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(portrait, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if marks is not None:
        size = np.array([width, height], np.float32)
        marks[:] = ((marks * size) @ matrix[:, :2].T.astype(np.float32) + matrix[:, 2].astype(np.float32)) / size
    return np.asarray(turned, np.uint8), float(np.clip((abs(angle) - 10) / 40, 0, 1))


def _unsharp(portrait: Image, severity: float, rng: np.random.Generator) -> Image:
    """Defocus, motion or too few pixels; severity 0.5 still shows who it is to someone who knows the person."""
    height, width = portrait.shape[:2]
    radius = 1.5 + 11.0 * severity
    way = int(rng.integers(3))
    if way == 0:
        return np.asarray(cv2.GaussianBlur(portrait, (0, 0), radius), np.uint8)
    if way == 1:
        size = int(radius * 3.2) | 1
        kernel = np.zeros((size, size), np.float32)
        kernel[size // 2] = 1.0
        turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), float(rng.uniform(0, 180)), 1.0)
        kernel = np.asarray(cv2.warpAffine(kernel, turn, (size, size)), np.float32)
        softened = cv2.filter2D(portrait, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.GaussianBlur(softened, (0, 0), 0.5 + radius / 4), np.uint8)
    small = max(round(width / (radius * 2.0)), 4), max(round(height / (radius * 2.0)), 5)
    back = cv2.INTER_CUBIC if rng.random() < 0.7 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(cv2.resize(portrait, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=back))


def _centre_and_eye(portrait: Image, marks: Points | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Both eyes' middle, the face's middle, and the eye distance, in pixels; a guess where landmarks are unknown."""
    height, width = portrait.shape[:2]
    if marks is None:
        return np.array([width * 0.5, height * 0.45]), np.array([width * 0.5, height * 0.53]), width * 0.27
    points = marks * np.array([width, height], np.float32)
    return points[:2].mean(axis=0), points.mean(axis=0), float(np.linalg.norm(points[1] - points[0]))


def _eyes_covered(portrait: Image, marks: Points | None, rng: np.random.Generator) -> Image:
    """Sunglasses, a black bar, or a band of skin where the eyes were."""
    covered = portrait.copy()
    eyes, face, distance = _centre_and_eye(portrait, marks)
    way = int(rng.integers(3))
    tone = tuple(int(v) for v in rng.integers(0, 60, 3))
    if way == 0:
        for side in (-0.5, 0.5):
            at = int(eyes[0] + side * distance), int(eyes[1] + 0.04 * distance)
            axes = int(distance * rng.uniform(0.36, 0.46)), int(distance * rng.uniform(0.26, 0.38))
            cv2.ellipse(covered, at, axes, 0, 0, 360, tone, -1, cv2.LINE_AA)
        cv2.line(covered, (int(eyes[0] - distance), int(eyes[1])), (int(eyes[0] + distance), int(eyes[1])), tone, 3)
        return covered
    x0, x1 = int(eyes[0] - distance * rng.uniform(0.8, 1.1)), int(eyes[0] + distance * rng.uniform(0.8, 1.1))
    y0, y1 = int(eyes[1] - distance * rng.uniform(0.2, 0.35)), int(eyes[1] + distance * rng.uniform(0.2, 0.35))
    if way == 1:
        colour = tone if rng.random() < 0.7 else tuple(int(v) for v in rng.integers(60, 255, 3))
        cv2.rectangle(covered, (x0, y0), (x1, y1), colour, -1)
        return covered
    x, y = int(np.clip(face[0], 2, portrait.shape[1] - 3)), int(np.clip(face[1], 2, portrait.shape[0] - 3))
    skin = portrait[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(axis=0)
    mask = np.zeros(portrait.shape[:2], np.float32)
    cv2.rectangle(mask, (x0, y0), (x1, y1), 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), distance / 14), np.float32)[..., None]
    return np.clip(portrait * (1 - mask) + skin * mask, 0, 255).astype(np.uint8)


def _covered(portrait: Image, marks: Points | None, severity: float, rng: np.random.Generator) -> tuple[Image, float]:
    """A hand, mask, sticker, tape, paper or glare over part of the face; severity is the covered share, stretched."""
    height, width = portrait.shape[:2]
    eyes, middle, distance = _centre_and_eye(portrait, marks)
    face = np.zeros((height, width), np.uint8)
    cv2.ellipse(
        face, (int(middle[0]), int(middle[1])), (int(distance * 0.95), int(distance * 1.35)), 0, 0, 360, 255, -1
    )
    thing = np.zeros((height, width), np.uint8)
    way = int(rng.integers(5))
    reach = distance * (0.35 + 1.1 * severity)
    if way == 0:
        points = np.array([[-0.95, 0.35], [0, 0.2], [0.95, 0.35], [0.75, 1.4], [0, 1.75], [-0.75, 1.4]]) * distance
        cv2.fillPoly(thing, [np.int32(points + [eyes[0], eyes[1] + distance * 0.25])], 255, cv2.LINE_AA)
        colour = rng.uniform(120, 250, 3)
    elif way == 1:
        start = middle + rng.normal(0, 0.5 * distance, 2)
        angle = rng.uniform(0, np.pi * 2)
        for finger in range(int(rng.integers(1, 4))):
            base = start + np.array([-np.sin(angle), np.cos(angle)]) * finger * reach * 0.9
            end = base + np.array([np.cos(angle), np.sin(angle)]) * height
            cv2.line(thing, tuple(map(int, base)), tuple(map(int, end)), 255, max(int(reach * 0.85), 3), cv2.LINE_AA)
        colour = np.array([120, 150, 205]) * rng.uniform(0.4, 1.15)
    else:
        at = middle + rng.normal(0, 0.45 * distance, 2)
        if way == 4:
            cv2.ellipse(thing, tuple(map(int, at)), (int(reach), int(reach * rng.uniform(0.5, 1.4))), 0, 0, 360, 255, -1)
        else:
            box = (tuple(map(float, at)), (reach * 2, reach * 2 * rng.uniform(0.5, 1.3)), float(rng.uniform(0, 180)))
            cv2.fillPoly(thing, [np.int32(cv2.boxPoints(box))], 255, cv2.LINE_AA)
        colour = np.array([255.0, 255, 255]) if way == 4 else rng.uniform(0, 255, 3)
    soft = np.asarray(cv2.GaussianBlur(thing, (0, 0), reach * 0.2 if way == 4 else 1.0), np.float32)[..., None] / 255
    shade = cv2.resize(rng.normal(0, 14, (6, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cover = np.clip(colour + shade[..., None], 0, 255)
    picture = np.clip(portrait * (1 - soft) + cover * soft, 0, 255).astype(np.uint8)
    share = float(((thing > 127) & (face > 0)).sum() / max(int((face > 0).sum()), 1))
    return picture, float(np.clip(share * 1.6, 0.0, 1.0))


def _no_face(faces: list[Face], rng: np.random.Generator) -> Image:
    """A portrait area without a face: blank, background only, silhouette, pattern, print or scrambled picture."""
    width, height = int(WORK_PX * rng.uniform(0.7, 0.86)), WORK_PX
    colour, other = rng.uniform(90, 255, 3), rng.uniform(0, 255, 3)
    blank = np.clip(colour + np.linspace(-1, 1, height)[:, None, None] * rng.uniform(0, 25), 0, 255)
    blank = np.broadcast_to(blank, (height, width, 3)).astype(np.uint8).copy()
    way = int(rng.integers(7))
    if way == 0:
        return _printed(blank, rng)
    if way == 1:
        tone = tuple(map(float, other))
        cv2.ellipse(blank, (width // 2, int(height * 0.43)), (int(width * 0.25), int(height * 0.26)), 0, 0, 360, tone, -1)
        cv2.ellipse(blank, (width // 2, int(height * 1.02)), (int(width * 0.46), int(height * 0.34)), 0, 0, 360, tone, -1)
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
        return np.clip(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) + colour, 0, 255).astype(np.uint8)
    whole, _, _ = _centre_and_eye(picture, None)
    smeared = cv2.inpaint(cv2.resize(picture, (90, 112)), _head_mask(whole, picture), 9, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(smeared, (width, height)), np.uint8)


def _head_mask(eyes: np.ndarray, picture: Image) -> np.ndarray:
    """Where the head stands in a 90 x 112 px picture: what an eraser would take out."""
    mask = np.zeros((112, 90), np.uint8)
    at = int(eyes[0] * 90 / picture.shape[1]), int(eyes[1] * 112 / picture.shape[0] + 6)
    cv2.ellipse(mask, at, (34, 50), 0, 0, 360, 255, -1)
    return mask


def _seen_by_phone(portrait: Image, target: Target, rng: np.random.Generator) -> Image:
    """Sets the portrait into a card with the margin of the model's crop, and photographs it: blur, light, noise, JPEG."""
    height, width = portrait.shape[:2]
    border_x, border_y = round(width * MARGIN), round(height * MARGIN)
    card = np.full((height + 2 * border_y, width + 2 * border_x, 3), rng.uniform(120, 250, 3), np.float32)
    card += np.linspace(-1, 1, card.shape[1])[None, :, None] * rng.uniform(-25, 25)
    card = np.clip(card, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        x, y = int(rng.integers(0, card.shape[1])), int(rng.integers(0, card.shape[0]))
        text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(2, 9))))
        cv2.putText(card, text, (x, y), 2, rng.uniform(0.3, 0.9), tuple(map(float, rng.uniform(0, 160, 3))), 1, cv2.LINE_AA)
    card[border_y : border_y + height, border_x : border_x + width] = portrait
    jitter = rng.normal(0, 0.02, (4, 2)) + rng.normal(0, 0.015, (1, 2))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    size = np.array([card.shape[1], card.shape[0]], np.float32)
    matrix = cv2.getPerspectiveTransform(
        np.float32(corners * size), np.float32((corners + jitter.astype(np.float32)) * SIZE_PX)
    )
    sigma = 0.45 * max(size) / SIZE_PX
    crop = cv2.warpPerspective(
        cv2.GaussianBlur(card, (0, 0), sigma), matrix, (SIZE_PX, SIZE_PX), borderMode=cv2.BORDER_REPLICATE
    )
    if target.landmarks is not None:
        inside = np.array(target.landmarks, np.float32).reshape(5, 2) * [width, height] + [border_x, border_y]
        moved = cv2.perspectiveTransform(np.float32(inside).reshape(-1, 1, 2), matrix).reshape(-1) / SIZE_PX
        target.landmarks = [round(float(v), 4) for v in moved]
    crop = cv2.GaussianBlur(crop, (0, 0), float(rng.uniform(0.3, 1.1)))
    light = float(rng.uniform(0.72, 1.16)) * rng.uniform(0.93, 1.07, 3)
    ramp = np.linspace(-1, 1, SIZE_PX) * rng.uniform(-0.12, 0.12)
    crop = crop * light * (1 + (ramp[:, None, None] if rng.random() < 0.5 else ramp[None, :, None]))
    crop = crop + rng.normal(0, rng.uniform(0.5, 6), crop.shape)
    coded = cv2.imencode(".jpg", np.clip(crop, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 96))])
    return np.asarray(cv2.imdecode(coded[1], cv2.IMREAD_COLOR), np.uint8)
