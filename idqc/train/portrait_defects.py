"""What spoils a printed portrait, each drawn with a known severity 0..1: blur, light, covers, a second face, a turn."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points

BLUR_AT_ZERO, BLUR_AT_ONE = 0.01, 0.05
"""Standard deviation of blur as a share of the portrait's width: at 0.05 the eyes are one grey smear."""
CONTRAST_AT_ZERO, CONTRAST_AT_ONE = 0.6, 0.08
"""What is left of a washed-out portrait's contrast."""


def spoil(
    portrait: Image, marks: Points | None, defect: str, severity: float, second: Image, rng: np.random.Generator
) -> tuple[Image, Points | None, float]:
    """The portrait with one defect, its landmarks, and the severity that it came out with.

    Args:
        portrait: (h, w, 3) uint8 BGR, some 256 px high.
        marks: (5, 2) landmarks in shares of the portrait, or None.
        defect: a name of `idqc.models.portrait.LEARNED_COMPONENTS`.
        second: another person's portrait, for `single_face_present`.
    """
    height, width = portrait.shape[:2]
    if defect == "sharpness":
        return _unsharp(portrait, severity, rng), marks, severity
    if defect == "under_exposure_prevention":
        dim = portrait * (1.0 - 0.9 * severity) + rng.normal(0, 3 + 6 * severity, portrait.shape)
        return np.clip(dim, 0, 255).astype(np.uint8), marks, severity
    if defect == "over_exposure_prevention":
        if rng.random() < 0.5:
            white = 255.0 - (255.0 - portrait) * (CONTRAST_AT_ZERO + (CONTRAST_AT_ONE - CONTRAST_AT_ZERO) * severity)
        else:
            white = portrait * (1 + 2.2 * severity) + 60.0 * severity
        return np.clip(white, 0, 255).astype(np.uint8), marks, severity
    if defect == "eyes_visible":
        return _eyes_covered(portrait, marks, rng), marks, float(rng.uniform(0.8, 1.0))
    if defect == "face_occlusion_prevention":
        covered, share = _covered(portrait, marks, severity, rng)
        return covered, marks, share
    if defect == "single_face_present":
        return _two_faces(portrait, second, rng), None, 1.0
    angle = float(rng.choice([-1, 1]) * rng.uniform(25, 100))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(portrait, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if marks is not None:
        size = np.array([width, height], np.float32)
        moved = (marks * size) @ matrix[:, :2].T + matrix[:, 2]
        marks = np.asarray(moved / size, np.float32)
    return np.asarray(turned, np.uint8), marks, float(np.clip((abs(angle) - 10) / 40, 0, 1))


def _two_faces(portrait: Image, second: Image, rng: np.random.Generator) -> Image:
    """Two people side by side, or one pushed into the other's picture."""
    height, width = portrait.shape[:2]
    piece = cv2.resize(second, (max(int(width * rng.uniform(0.35, 0.5)), 8), height))
    left = width - piece.shape[1]
    joined = portrait.copy()
    if rng.random() < 0.6:
        joined[:, :left] = cv2.resize(portrait, (left, height))
    joined[:, left:] = piece
    return joined


def _unsharp(portrait: Image, severity: float, rng: np.random.Generator) -> Image:
    """Defocus, motion or too few pixels; severity 0.5 still shows who it is to someone who knows the person."""
    height, width = portrait.shape[:2]
    radius = width * (BLUR_AT_ZERO + (BLUR_AT_ONE - BLUR_AT_ZERO) * severity)
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
    few = cv2.resize(portrait, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (width, height), interpolation=back), np.uint8)


def face_place(portrait: Image, marks: Points | None) -> tuple[np.ndarray, np.ndarray, float]:
    """Both eyes' middle, the face's middle, and the eye distance, in pixels; a guess where landmarks are unknown."""
    height, width = portrait.shape[:2]
    if marks is None:
        return np.array([width * 0.5, height * 0.45]), np.array([width * 0.5, height * 0.53]), width * 0.27
    points = marks * np.array([width, height], np.float32)
    return points[:2].mean(axis=0), points.mean(axis=0), float(np.linalg.norm(points[1] - points[0]))


def _eyes_covered(portrait: Image, marks: Points | None, rng: np.random.Generator) -> Image:
    """Sunglasses, a black bar, or a band of skin where the eyes were."""
    covered = portrait.copy()
    eyes, face, distance = face_place(portrait, marks)
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
    eyes, middle, distance = face_place(portrait, marks)
    face = np.zeros((height, width), np.uint8)
    cv2.ellipse(
        face, (int(middle[0]), int(middle[1])), (int(distance * 0.95), int(distance * 1.35)), 0, 0, 360, 255, -1
    )
    thing = np.zeros((height, width), np.uint8)
    way = int(rng.integers(5))
    reach = distance * (0.35 + 1.1 * severity)
    if way == 0:
        points = np.array([[-0.95, 0.35], [0, 0.2], [0.95, 0.35], [0.75, 1.4], [0, 1.75], [-0.75, 1.4]]) * distance
        cv2.fillPoly(
            thing, [(points + np.array([eyes[0], eyes[1] + distance * 0.25])).astype(np.int32)], 255, cv2.LINE_AA
        )
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
            cv2.ellipse(
                thing, tuple(map(int, at)), (int(reach), int(reach * rng.uniform(0.5, 1.4))), 0, 0, 360, 255, -1
            )
        else:
            box = (tuple(map(float, at)), (reach * 2, reach * 2 * rng.uniform(0.5, 1.3)), float(rng.uniform(0, 180)))
            cv2.fillPoly(thing, [cv2.boxPoints(box).astype(np.int32)], 255, cv2.LINE_AA)
        colour = np.array([255.0, 255, 255]) if way == 4 else rng.uniform(0, 255, 3)
    soft = np.asarray(cv2.GaussianBlur(thing, (0, 0), reach * 0.2 if way == 4 else 1.0), np.float32)[..., None] / 255
    shade = cv2.resize(rng.normal(0, 14, (6, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cover = np.clip(colour + shade[..., None], 0, 255)
    picture = np.clip(portrait * (1 - soft) + cover * soft, 0, 255).astype(np.uint8)
    share = float(((thing > 127) & (face > 0)).sum() / max(int((face > 0).sum()), 1))
    return picture, float(np.clip(share * 1.6, 0.0, 1.0))
