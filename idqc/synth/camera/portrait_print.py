"""How a portrait came out on the card: unsharp, washed out, burnt in, against the light, behind glasses, not at all."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Points
from idqc.synth.camera.cover import Stage, erase, skin

PORTRAIT_BLUR_AT_ZERO, PORTRAIT_BLUR_AT_ONE = 0.01, 0.05
"""Standard deviation of blur as a share of the portrait's width: at 0.05 the eyes are one grey smear."""
PORTRAIT_CONTRAST_AT_ZERO, PORTRAIT_CONTRAST_AT_ONE = 0.6, 0.08
SPOILS = ("blur", "wash", "dark", "cover", "burnt", "back_light", "few_dots", "mask", "glasses", "eyes_shut", "hand")
SPOIL_SHARES = (0.2, 0.14, 0.1, 0.16, 0.08, 0.06, 0.06, 0.06, 0.05, 0.04, 0.05)
"""Ways to spoil a portrait and how often each is taken; `cover` lays a thing on the card instead."""


def empty_portrait(rng: np.random.Generator, stage: Stage, quad: Points) -> None:
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


def spoil_portrait(
    rng: np.random.Generator, stage: Stage, quad: Points, marks: Points | None, way: str, severity: float
) -> float:
    """Prints the portrait badly, in place, in one of `SPOILS` but `cover`. Returns the severity that it came to.

    `quad` and `marks` (five landmarks, or None for where they usually are) are in stage pixels.
    """
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
            part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        return severity
    if way in ("wash", "dark"):
        contrast = PORTRAIT_CONTRAST_AT_ZERO + (PORTRAIT_CONTRAST_AT_ONE - PORTRAIT_CONTRAST_AT_ZERO) * severity
        goal = float(rng.uniform(215, 250)) if way == "wash" else float(rng.uniform(5, 30))
        part[:] = cv2.convertScaleAbs(part, alpha=contrast, beta=goal * (1 - contrast))
        return severity
    if way == "burnt":
        # A laser that burns too hot, or too cold: mid tones go to black and white and the face breaks into blots.
        steep = 1.5 + 7 * severity
        middle = float(part.mean()) * float(rng.uniform(0.75, 1.2))
        part[:] = ((part - np.float32(middle)) * np.float32(steep) + 128).clip(0, 255).astype(np.uint8)
        return severity
    if way == "few_dots":
        across = max(round(46 - 34 * severity), 8)
        small = cv2.resize(part, (across, max(round(across * h / w), 8)), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        return severity
    if marks is None:
        guess = [[0.37, 0.42], [0.63, 0.42], [0.5, 0.56], [0.4, 0.68], [0.6, 0.68]]
        marks = np.asarray(guess, np.float32) * np.asarray([w, h], np.float32)
    else:
        marks = marks - np.asarray([x, y], np.float32)
    return _over_face(rng, part, marks, way, severity)


def _over_face(rng: np.random.Generator, part: np.ndarray, marks: Points, way: str, severity: float) -> float:
    """What the person in the picture did, or the light on the person. In place; returns the severity."""
    eyes, middle = marks[:2].mean(axis=0), marks.mean(axis=0)
    unit = (marks[1] - marks[0]).astype(np.float64)
    distance = max(float(np.linalg.norm(unit)), 4.0)
    shape = np.zeros(part.shape[:2], np.uint8)
    face_tone = np.median(
        part[int(max(middle[1] - 4, 0)) : int(middle[1] + 5), :][:, int(max(middle[0] - 4, 0)) :][:, :9]
    )
    colour: np.ndarray = np.full(part.shape, face_tone, np.float32)
    solid, soft = 1.0, 0.02 * distance
    reached = severity
    if way == "back_light":
        cv2.ellipse(shape, _at(middle), _axes(distance * 1.25, distance * 1.8), 0, 0, 360, 255, -1)
        cv2.ellipse(
            shape,
            _at(middle + np.array([0, 3.4 * distance])),
            _axes(2.4 * distance, 1.6 * distance),
            0,
            0,
            360,
            255,
            -1,
        )
        colour[:], solid, soft = rng.uniform(5, 40), 0.4 + 0.55 * severity, 0.16 * distance
    elif way == "mask":
        outline = np.array([[-1.0, 0.35], [0, 0.15], [1.0, 0.35], [0.8, 1.3], [0, 1.75], [-0.8, 1.3]]) * distance
        cv2.fillPoly(shape, [np.round(outline + eyes + (0, 0.15 * distance)).astype(np.int32)], 255, cv2.LINE_AA)
        colour[:] = rng.uniform(120, 245) + rng.normal(0, 18, 3)
        colour -= (np.linspace(0, 26, part.shape[0])[:, None, None] % 9).astype(np.float32)
        reached = float(rng.uniform(0.75, 1.0))
    elif way == "glasses":
        glare = rng.random() < 0.6
        for eye in marks[:2]:
            cv2.ellipse(shape, _at(eye), _axes(distance * 0.42, distance * 0.3), 0, 0, 360, 255, -1, cv2.LINE_AA)
        colour[:] = rng.uniform(225, 255) if glare else rng.uniform(5, 60)
        solid, soft = (0.45 + 0.55 * severity, 0.06 * distance) if glare else (0.97, 0.02 * distance)
        reached = severity if glare else float(rng.uniform(0.85, 1.0))
        rims = [int(v) for v in rng.integers(10, 90, 3)]
        for eye in marks[:2]:
            rim = _axes(distance * 0.44, distance * 0.32)
            cv2.ellipse(part, _at(eye), rim, 0, 0, 360, rims, max(round(distance * 0.035), 1), cv2.LINE_AA)
    elif way == "eyes_shut":
        for eye in marks[:2]:
            cv2.ellipse(shape, _at(eye), _axes(distance * 0.26, distance * 0.14), 0, 0, 360, 255, -1, cv2.LINE_AA)
        below = np.round(marks[0] + (0, 0.3 * distance)).astype(int).clip(2, np.array(part.shape[1::-1]) - 3)
        colour[:] = part[below[1] - 2 : below[1] + 3, below[0] - 2 : below[0] + 3].reshape(-1, 3).mean(axis=0)
        soft, reached = 0.06 * distance, float(rng.uniform(0.6, 0.85))
    else:
        angle = float(rng.uniform(0, 2 * np.pi))
        along = np.array([np.cos(angle), np.sin(angle)])
        wide = distance * (0.3 + 0.2 * severity)
        for number in range(round(1 + 3 * severity)):
            base = middle + rng.normal(0, 0.15 * distance, 2) + np.array([-along[1], along[0]]) * (number - 1) * wide
            cv2.line(shape, _at(base - along * wide), _at(base + along * 9 * distance), 255, max(int(wide * 0.9), 2))
        colour[:] = skin(rng)
        edge = cv2.GaussianBlur(shape, (0, 0), 0.12 * distance).astype(np.float32)[..., None] / 255
        colour *= 0.45 + 0.55 * edge
        reached = float(np.clip(0.35 + 0.6 * severity, 0, 1))
    share = cv2.GaussianBlur(shape, (0, 0), max(soft, 0.6)).astype(np.float32)[..., None] * np.float32(solid / 255)
    part[:] = (part + (colour - part) * share).clip(0, 255).astype(np.uint8)
    if way == "eyes_shut":
        for eye in marks[:2]:
            lid = _at(eye + np.array([0, 0.03 * distance]))
            curve = _axes(distance * 0.2, distance * 0.07)
            cv2.ellipse(part, lid, curve, 0, 10, 170, (35, 35, 45), max(round(distance * 0.03), 1), cv2.LINE_AA)
    return reached


def _at(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _axes(a: float, b: float) -> tuple[int, int]:
    return max(round(a), 1), max(round(b), 1)
