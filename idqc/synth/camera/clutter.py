"""Things that lie about around a document: papers, other cards, a phone, keys of a laptop, pens, cups, cables."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.photo.geometry import homography, rectangle
from idqc.synth.mock.draws import between, chance, pick

THINGS = ("paper", "form", "card", "card", "phone", "coin", "pen", "cable", "cup", "keyboard", "notebook", "glasses")


def strew(rng: np.random.Generator, scene_bgr: Image, count: int) -> None:
    """Lays this many things on a scene (height, width, 3), in place; later ones over earlier ones."""
    for _ in range(count):
        what = pick(rng, THINGS)
        height, width = scene_bgr.shape[:2]
        at = rng.uniform(-0.05, 1.05, 2) * (width, height)
        if what in ("paper", "form", "card", "phone", "keyboard", "notebook"):
            _sheet(rng, scene_bgr, what, at)
        elif what in ("coin", "cup"):
            _round_thing(rng, scene_bgr, at, (0.02, 0.06) if what == "coin" else (0.06, 0.18))
        elif what == "glasses":
            _glasses(rng, scene_bgr, at)
        else:
            steps = 2 if what == "pen" else 30
            path = at + np.cumsum(rng.normal(0, 0.4 * width / steps**0.7, (steps, 2)), axis=0)
            thick = int(between(rng, 0.006, 0.03) * width) + 1
            colour = _colour(rng)
            cv2.polylines(scene_bgr, [path.astype(np.int32)], False, colour, thick, cv2.LINE_AA)
            shine = tuple(min(v + 40, 255) for v in colour)
            cv2.polylines(scene_bgr, [path.astype(np.int32)], False, shine, max(thick // 4, 1), cv2.LINE_AA)


def _sheet(rng: np.random.Generator, scene: Image, what: str, at: np.ndarray) -> None:
    """A flat rectangle with what is printed on it, at any angle, with a shadow."""
    height, width = scene.shape[:2]
    size, art = _face_of(rng, what, 0.45 * max(width, height))
    box = cv2.boxPoints(((float(at[0]), float(at[1])), size, between(rng, 0, 180)))
    corners: Points = np.asarray(box, np.float32)
    below = tuple(int(v * 0.5) for v in scene[height // 2, width // 2].tolist())
    cv2.fillConvexPoly(scene, (corners + np.float32(0.008 * width)).astype(np.int32), below, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(corners)
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if x1 <= x0 or y1 <= y0:
        return
    matrix = homography(rectangle(art.shape[1], art.shape[0]), corners - np.asarray([x0, y0], np.float32))
    laid = cv2.warpPerspective(art, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners - np.asarray([x0, y0], np.float32)).astype(np.int32), 255, cv2.LINE_AA)
    cv2.copyTo(laid, inside, scene[y0:y1, x0:x1])


def _face_of(rng: np.random.Generator, what: str, long_px: float) -> tuple[tuple[float, float], Image]:
    """The size of a thing in the scene and its face, 240 px wide."""
    if what == "card":
        size = between(rng, 0.35, 0.9) * long_px
        return (size, size * 0.63), _card_face(rng)
    if what == "phone":
        art = np.full((480, 240, 3), rng.integers(5, 60, 3), np.uint8)
        if chance(rng, 0.5):
            art[14:-14, 10:-10] = cv2.resize(rng.integers(0, 256, (6, 3, 3), np.uint8), (220, 452))
        size = between(rng, 0.5, 0.9) * long_px
        return (size * 0.5, size), art
    if what == "keyboard":
        art = np.full((90, 240, 3), rng.integers(10, 220), np.uint8)
        key = int(rng.integers(10, 250))
        for top in range(4, 84, 17):
            for left in range(4 + int(rng.integers(6)), 230, 17):
                cv2.rectangle(art, (left, top), (left + 13, top + 13), (key,) * 3, -1)
        size = between(rng, 1.0, 2.0) * long_px
        return (size, size * 0.38), art
    size = between(rng, 0.7, 1.6) * long_px
    if what == "notebook":
        art = np.full((320, 240, 3), _colour(rng), np.uint8)
        cv2.line(art, (14, 0), (14, 320), tuple(int(v * 0.6) for v in art[0, 0].tolist()), 6)
        return (size * 0.75, size), art
    art = np.full((320, 240, 3), rng.integers(215, 250, 3), np.uint8)
    ink = (int(rng.integers(20, 110)),) * 3
    if what == "form":
        for top in range(20, 300, int(rng.integers(18, 40))):
            cv2.line(art, (12, top), (228, top), (150, 150, 150), 1)
        cv2.rectangle(art, (12, 20), (228, 300), (130, 130, 130), 1)
        cv2.line(art, (int(rng.integers(50, 120)), 20), (int(rng.integers(50, 120)), 300), (150, 150, 150), 1)
    for row in range(24, 300, int(rng.integers(7, 14))):
        left = 20
        end = int(rng.integers(60, 222)) if chance(rng, 0.85) else 0
        while left < end:
            word = int(rng.integers(4, 22))
            cv2.line(art, (left, row), (min(left + word, end), row), ink, int(rng.integers(1, 4)))
            left += word + 4
    return (size * 0.75, size), art


def _card_face(rng: np.random.Generator) -> Image:
    """A bank card, a loyalty card or a business card: no identity document."""
    art = np.full((151, 240, 3), _colour(rng), np.uint8)
    ramp = np.linspace(0, between(rng, -60, 60), 240)[None, :, None]
    art = (art + ramp * rng.uniform(0.4, 1.0, 3)).clip(0, 255).astype(np.uint8)
    ink = (20, 20, 20) if art.mean() > 120 else (230, 230, 230)
    if chance(rng, 0.5):
        cv2.rectangle(art, (22, 50), (54, 76), (90, 180, 205), -1)
    if chance(rng, 0.4):
        for side in (0, 1):
            cv2.circle(art, (192 + 20 * side, 122), 17, _colour(rng), -1, cv2.LINE_AA)
    face = cv2.FONT_HERSHEY_SIMPLEX
    number = " ".join(str(rng.integers(1000, 10000)) for _ in range(4))
    cv2.putText(art, number, (20, 104), face, 0.5, ink, 1, cv2.LINE_AA)
    cv2.putText(art, pick(rng, ("BANK", "MEMBER", "CAFE POINT", "LIBRARY", "VALID 08/29")), (20, 30), face, 0.5, ink, 1)
    return np.asarray(art, np.uint8)


def _round_thing(rng: np.random.Generator, scene: Image, at: np.ndarray, span: tuple[float, float]) -> None:
    radius = int(between(rng, *span) * scene.shape[1])
    centre, colour = (int(at[0]), int(at[1])), _colour(rng)
    cv2.circle(scene, centre, radius, colour, -1, cv2.LINE_AA)
    darker = tuple(int(v * 0.8) for v in colour)
    cv2.circle(scene, centre, max(int(radius * 0.88), 1), darker, max(radius // 20, 1), cv2.LINE_AA)


def _glasses(rng: np.random.Generator, scene: Image, at: np.ndarray) -> None:
    size = between(rng, 0.05, 0.09) * scene.shape[1]
    angle, colour, thick = between(rng, 0, 2 * np.pi), _colour(rng), max(int(size / 9), 1)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    for side in (-1.15, 1.15):
        centre = at + along * side * size
        axes = int(size), int(size * 0.8)
        cv2.ellipse(scene, _at(centre), axes, np.degrees(angle), 0, 360, colour, thick, cv2.LINE_AA)
        hinge = centre + along * np.sign(side) * size
        cv2.line(scene, _at(hinge), _at(hinge + across * size * 3.2), colour, thick, cv2.LINE_AA)
    cv2.line(scene, _at(at - along * 0.2 * size), _at(at + along * 0.2 * size), colour, thick, cv2.LINE_AA)


def _at(point: np.ndarray) -> tuple[int, int]:
    return int(np.clip(point[0], -20000, 20000)), int(np.clip(point[1], -20000, 20000))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    return int(rng.integers(256)), int(rng.integers(256)), int(rng.integers(256))
