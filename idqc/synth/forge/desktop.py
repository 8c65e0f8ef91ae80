"""What stands on a display beside the picture, and what frames it: windows, galleries, task bars, a cursor, a bezel."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image, Points
from idqc.synth.mock.draws import between, chance, pick

Box = tuple[int, int, int, int]


def furnish(rng: np.random.Generator, back: Image, picture: Box, device: str) -> None:
    """Draws a program around the picture (left, top, right, bottom in display pixels), in place.

    Only what lies outside of the picture changes, but for a cursor and, seldom, a control at the picture's edge.
    """
    before = back[picture[1] : picture[3], picture[0] : picture[2]].copy()
    if device in ("phone", "tablet"):
        _gallery(rng, back, picture)
    else:
        _window(rng, back, picture)
        if chance(rng, 0.5):
            _task_bar(rng, back)
    back[picture[1] : picture[3], picture[0] : picture[2]] = before
    if device not in ("phone", "tablet") and chance(rng, 0.4):
        _cursor(rng, back)
    elif chance(rng, 0.12):
        centre = int(between(rng, picture[0], picture[2])), int(picture[3] - between(rng, 4, 30))
        cv2.circle(back, centre, int(between(rng, 8, 22)), (235, 235, 235), 2, cv2.LINE_AA)


def _gallery(rng: np.random.Generator, back: Image, picture: Box) -> None:
    """A phone's gallery: status line above, buttons or small pictures below."""
    height, width = back.shape[:2]
    ink = (235,) * 3 if back.mean() < 128 else (40,) * 3
    if picture[1] > 26:
        size = min(picture[1] / 90, 0.9)
        clock = f"{rng.integers(1, 13)}:{rng.integers(0, 60):02d}"
        cv2.putText(back, clock, (14, int(34 * size)), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
        for number in range(3):
            left = width - int((number + 1) * 44 * size)
            cv2.rectangle(back, (left, int(14 * size)), (left + int(26 * size), int(32 * size)), ink, 1)
    room = height - picture[3]
    if room < 26:
        return
    count = int(rng.integers(4, 9))
    side = min(room - 8, width // count)
    strip = chance(rng, 0.4)
    for number in range(count):
        left, top = int((number + 0.5) * width / count - side / 2), height - side - 4
        if strip:
            tile = cv2.resize(rng.integers(0, 256, (4, 4, 3), np.uint8), (max(side - 4, 2), max(side - 4, 2)))
            place = back[max(top, 0) : max(top, 0) + tile.shape[0], max(left, 0) : max(left, 0) + tile.shape[1]]
            place[:] = tile[: place.shape[0], : place.shape[1]]
        else:
            cv2.circle(back, (left + side // 2, top + side // 2), max(side // 4, 2), ink, 2, cv2.LINE_AA)


def _window(rng: np.random.Generator, back: Image, picture: Box) -> None:
    """A program's window: title, menus, tool bar, a side list, scroll bar, status line."""
    height, width = back.shape[:2]
    tone = int(pick(rng, (250, 242, 225, 60, 38, 25)))
    ink = (40,) * 3 if tone > 128 else (220,) * 3
    top = min(picture[1], int(between(rng, 24, 110)))
    if top > 12:
        back[:top] = tone
        accent = tuple(int(v) for v in rng.integers(0, 256, 3)) if chance(rng, 0.4) else (tone,) * 3
        cv2.rectangle(back, (0, 0), (width, min(top, 26)), accent, -1)
        for number, colour in enumerate(((95, 95, 250), (60, 190, 250), (80, 200, 90))):
            left = 14 + 20 * number if chance(rng, 0.9) else width - 60 + 20 * number
            cv2.circle(back, (left, 13), 6, colour, -1, cv2.LINE_AA)
        left = 10
        while top > 34 and left < width - 80:
            wide = int(rng.integers(16, 80))
            if chance(rng, 0.5):
                word = pick(rng, ("File", "Edit", "View", "Image", "Help", "Home", "scan_003.jpg", "100%"))
                cv2.putText(back, word, (left, top - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, ink, 1, cv2.LINE_AA)
                wide = 10 * len(word)
            else:
                cv2.rectangle(back, (left, top - 22), (left + 16, top - 6), ink, 1)
                wide = 22
            left += wide + int(rng.integers(6, 22))
    if picture[0] > 40 and chance(rng, 0.5):
        side = min(picture[0] - 4, 180)
        back[top:, :side] = max(tone - 12, 0)
        for row in range(top + 18, height - 10, int(rng.integers(18, 34))):
            cv2.line(back, (10, row), (10 + int(rng.integers(20, max(side - 12, 21))), row), ink, 3)
    if width - picture[2] > 16 and chance(rng, 0.6):
        back[top:, width - 14 :] = max(tone - 25, 0)
        at = int(between(rng, top, max(height - 90, top + 1)))
        cv2.rectangle(back, (width - 12, at), (width - 3, at + 80), (150, 150, 150), -1)


def _task_bar(rng: np.random.Generator, back: Image) -> None:
    height, width = back.shape[:2]
    bar = int(between(rng, 18, 44))
    back[height - bar :] = rng.integers(10, 240)
    for left in range(10, int(width * between(rng, 0.2, 0.8)), bar + 4):
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        cv2.rectangle(back, (left, height - bar + 6), (left + bar - 12, height - 6), colour, -1)


def _cursor(rng: np.random.Generator, back: Image) -> None:
    """An arrow or a text cursor anywhere, also over the picture: it hides a few pixels."""
    height, width = back.shape[:2]
    x, y = int(rng.integers(width)), int(rng.integers(height))
    if chance(rng, 0.85):
        arrow = [[0, 0], [0, 17], [4, 13], [7, 20], [10, 19], [7, 12], [12, 12]]
        outline = np.array(arrow, np.int32) + np.array([x, y], np.int32)
        cv2.fillPoly(back, [outline], (250, 250, 250))
        cv2.polylines(back, [outline], True, (10, 10, 10), 1)
    else:
        cv2.line(back, (x, y), (x, y + 20), (10, 10, 10), 2)


def in_bezel(
    rng: np.random.Generator, bgr: Image, quad: Points, texels_per_mm: float, device: str
) -> tuple[Image, Points, Image]:
    """The lit panel in the frame of its device: picture, the document's quad in it and what is opaque.

    Phones and tablets have round corners and a camera; laptops and monitors a wide lower edge.
    """
    height, width = bgr.shape[:2]
    most = max(min(height, width) // 7, 2)
    small = device in ("phone", "tablet")
    low, high = (1.0, 5.0) if small else (4.0, 18.0)
    rims = [min(round(between(rng, low, high) * texels_per_mm), most) for _ in range(2)]
    edges = [rims[0], min(rims[0] * (1 if small else int(rng.integers(1, 3))), most), rims[1], rims[1]]
    tone = int(rng.integers(4, 45)) if chance(rng, 0.8) else int(rng.integers(120, 215))
    top, bottom, left, right = edges
    framed = cv2.copyMakeBorder(bgr, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(tone, tone, tone))
    quad = quad + np.asarray([left, top], np.float32)
    tall, wide = framed.shape[:2]
    shine = tuple(min(tone + int(rng.integers(10, 70)), 255) for _ in range(3))
    cv2.rectangle(framed, (0, 0), (wide - 1, tall - 1), shine, max(min(edges) // 6, 1))
    cv2.circle(framed, (wide // 2, max(top // 2, 1)), max(min(top // 5, wide // 200), 1), (60, 45, 40), -1, cv2.LINE_AA)
    opaque = np.full((tall, wide), 255, np.uint8)
    radius = round(between(rng, 2.0, 7.0) * texels_per_mm) if small else round(texels_per_mm)
    radius = int(np.clip(radius, 0, min(tall, wide) // 5))
    if radius > 1:
        y, x = np.mgrid[0:radius, 0:radius]
        outside = np.hypot(radius - x, radius - y) > radius
        for turn in range(4):
            np.rot90(opaque, turn)[:radius, :radius][outside if turn % 2 == 0 else outside.T] = 0
    return np.asarray(framed, np.uint8), np.asarray(quad, np.float32), opaque
