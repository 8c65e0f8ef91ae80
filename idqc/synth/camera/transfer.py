"""What happens to a photo between the camera and the bank: messengers shrink it, people send screenshots of it."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.labels import Label, LabelQuad

MESSENGER_SIDES = (960, 1280, 1440, 1600, 2048)
"""Longest side in pixels that messengers and mail programs send pictures at."""
TALL = 19.5 / 9
"""Height over width of a phone's screen."""


def screenshot(rng: np.random.Generator, bgr: Image) -> tuple[Image, tuple[int, int]]:
    """The picture as a phone's gallery shows it, and how far it moved (right, down): bars above and below, icons."""
    height, width = bgr.shape[:2]
    bar = max(round(width * rng.uniform(0.05, 0.14)), 12)
    lacking = max(round(min(width * TALL, height * 1.5) - height), 2 * bar)
    above = max(round(lacking * rng.uniform(0.35, 0.65)), bar)
    below = max(lacking - above, bar)
    dark = rng.random() < 0.6
    ground = int(rng.integers(0, 30)) if dark else int(rng.integers(235, 256))
    ink = 235 if dark else 40
    shown = cv2.copyMakeBorder(bgr, above, below, 0, 0, cv2.BORDER_CONSTANT, value=(ground,) * 3)
    tall = shown.shape[0]
    size = bar / 60
    thick = max(round(bar / 24), 1)
    clock = f"{rng.integers(1, 13)}:{rng.integers(0, 60):02d}"
    face = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(shown, clock, (bar // 2, round(bar * 0.62)), face, size, (ink,) * 3, thick, cv2.LINE_AA)
    for number in range(3):
        left = width - bar - number * round(bar * 0.6)
        cv2.rectangle(shown, (left, round(bar * 0.32)), (left + bar // 3, round(bar * 0.6)), (ink,) * 3, thick)
    if above > 2 * bar:
        line = round(bar * 1.5)
        cv2.line(shown, (bar // 2 + bar // 5, line - bar // 5), (bar // 2, line), (ink,) * 3, thick, cv2.LINE_AA)
        cv2.line(shown, (bar // 2, line), (bar // 2 + bar // 5, line + bar // 5), (ink,) * 3, thick, cv2.LINE_AA)
        title = str(rng.choice(["IMG_2041.jpg", "Photo", "12 / 48", "Today 14:02", "Camera"]))
        cv2.putText(shown, title, (round(width * 0.34), line + bar // 5), face, size, (ink,) * 3, thick, cv2.LINE_AA)
    count = int(rng.integers(3, 6))
    tone = tuple(int(v) for v in (rng.integers(0, 256, 3) if rng.random() < 0.3 else (ink, ink, ink)))
    for number in range(count if below > bar else 0):
        at = round(width * (number + 0.5) / count), tall - below // 2
        if rng.random() < 0.5:
            cv2.circle(shown, at, bar // 4, tone, thick, cv2.LINE_AA)
        else:
            box = (at[0] - bar // 5, at[1] - bar // 5), (at[0] + bar // 5, at[1] + bar // 5)
            cv2.rectangle(shown, box[0], box[1], tone, thick)
    return np.asarray(shown, np.uint8), (0, above)


def move_label(label: Label, right: float, down: float) -> None:
    """Moves every quad of a label, in place, when the picture was put into a larger one."""

    def moved(quad: LabelQuad) -> LabelQuad:
        return [[round(x + right, 2), round(y + down, 2)] for x, y in quad]

    label.quad = moved(label.quad) if label.quad else None
    label.portrait_quad = moved(label.portrait_quad) if label.portrait_quad else None
    label.face_landmarks = moved(label.face_landmarks) if label.face_landmarks else None
    label.obstacles = [moved(quad) for quad in label.obstacles]
    label.glare_quads = [moved(quad) for quad in label.glare_quads]
    for field in label.fields.values():
        field.quad = moved(field.quad)
        for line in field.lines:
            line.quad = moved(line.quad)
