"""Another person's face put on the portrait, or the face changed, in one of thirteen ways; training knows ten."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from idqc.inspection import Points
from idqc.synth.assets import Assets, drawn_face, kinds
from idqc.synth.card import Card, FlatObject
from idqc.synth.forge.features import features, reshaped
from idqc.synth.forge.halftone import blue_noise, stochastic_dots
from idqc.synth.forge.original import degraded, original
from idqc.synth.mock.draws import between, chance, pick
from idqc.synth.mock.paint import add_grain

EDITS = 60
BLENDED_FROM = 30
"""Edits from this number on are blended ones; earlier ones stay as they were."""
WAYS = ("pasted", "feathered", "poisson", "matched", "stuck_on", "swapped", "cut_head", "mixed_clone")
WAYS_OF_SPLIT = {"train": 6, "calibrate": 7, "test": 8}
BLENDED = ("matched_poisson", "morphed", "features", "matched_feathered", "reshaped")
BLENDED_OF_SPLIT = {"train": 4, "calibrate": 4, "test": 5}


def portrait_tamper(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> FlatObject:
    """The card with another portrait. A card without a portrait raises ValueError."""
    if card.portrait_quad is None:
        raise ValueError("portrait_tamper needs a card with a portrait")
    edit = pick(rng, kinds("E", EDITS, split))
    number = int(edit[1:])
    way = WAYS[number % WAYS_OF_SPLIT[split]]
    if number >= BLENDED_FROM:
        way = BLENDED[number % BLENDED_OF_SPLIT[split]]
    bgr = card.bgr.copy()
    x0, y0 = (int(v) for v in np.floor(card.portrait_quad.min(axis=0)))
    x1, y1 = (int(v) for v in np.ceil(card.portrait_quad.max(axis=0)))
    pad = round(0.12 * (x1 - x0))
    left, top = max(x0 - pad, 0), max(y0 - pad, 0)
    place = bgr[top : y1 + pad, left : x1 + pad]
    box = (x0 - left, y0 - top, x1 - x0, y1 - y0)
    target = None if card.face_landmarks is None else card.face_landmarks - np.array([left, top], np.float32)

    face, landmarks = _another_face(rng, card, split, assets)
    turn = _alignment(rng, landmarks, target, face.shape[:2], box)
    size = (place.shape[1], place.shape[0])
    warped = cv2.warpAffine(face, turn, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    warped = degraded(rng, warped, between(rng, 0.1, 0.9))
    if _is_grey(place, box):
        warped = cv2.cvtColor(cv2.cvtColor(warped, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    points = cv2.transform(landmarks[None], turn)[0].astype(np.float32)
    if way == "reshaped" and target is not None:
        points = target
    place[:] = _put(rng, way, place.copy(), warped, box, points)
    if chance(rng, 0.4):
        part = np.ascontiguousarray(place)
        add_grain(rng, part, between(rng, 0.5, 3.0))
        place[:] = part
    forged = replace(card, bgr=bgr, face_landmarks=points + np.array([left, top], np.float32))
    return original(rng, forged, "portrait_tamper", f"{edit}.{way}")


def _put(
    rng: np.random.Generator,
    way: str,
    place: np.ndarray,
    warped: np.ndarray,
    box: tuple[int, int, int, int],
    points: Points,
) -> np.ndarray:
    """Lays the aligned new portrait over the old one. `box` is the portrait (x, y, w, h) in `place`."""
    x, y, w, h = box
    off = [int(v) for v in rng.integers(-3, 4, 4)]
    x, y, w, h = max(x + off[0], 1), max(y + off[1], 1), w + off[2], h + off[3]
    whole = np.zeros(place.shape[:2], np.uint8)
    whole[y : y + h, x : x + w] = 255
    whole[:1] = whole[-1:] = whole[:, :1] = whole[:, -1:] = 0
    eyes = float(np.linalg.norm(points[1] - points[0]))
    middle = points.mean(axis=0)
    oval: np.ndarray = np.zeros_like(whole)
    grow = 1.35 if way == "cut_head" else 1.0
    axes = (int(eyes * between(rng, 0.95, 1.2) * grow), int(eyes * between(rng, 1.25, 1.5) * grow))
    cv2.ellipse(oval, (int(middle[0]), int(middle[1] - 0.1 * eyes * grow)), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    oval = cv2.bitwise_and(oval, whole)
    if way == "reshaped":
        return reshaped(rng, place, points)
    if way == "features":
        oval = features(points, eyes, place.shape[:2]) & whole
    if way in ("matched", "swapped", "morphed", *BLENDED[:4]) or chance(rng, 0.3):
        warped = _matched(warped, place, oval)
    if way == "stuck_on":
        return _stuck_on(rng, place, warped, (x, y, w, h))
    if way == "morphed":
        # A morph looks like both persons: the new face is laid over the old one, half seen through.
        own = between(rng, 0.35, 0.65)
        warped = np.asarray(cv2.addWeighted(warped, 1 - own, place, own, 0), np.uint8)
    if way in ("poisson", "mixed_clone", "matched_poisson", "features") and oval.any():
        mode = cv2.MIXED_CLONE if way == "mixed_clone" else cv2.NORMAL_CLONE
        mask = oval if way != "poisson" or chance(rng, 0.7) else cv2.erode(whole, np.ones((5, 5), np.uint8))
        bx, by, bw, bh = cv2.boundingRect(mask)
        return cv2.seamlessClone(warped, place, (mask > 127).astype(np.uint8) * 255, (bx + bw // 2, by + bh // 2), mode)
    mask = whole if way in ("pasted", "feathered", "matched") else oval
    soft = {"pasted": 0.0, "cut_head": between(rng, 0, 0.8), "feathered": between(rng, 1.5, 8)}.get(
        way, between(rng, 0.5, 5)
    )
    if soft > 0.2:
        mask = cv2.GaussianBlur(mask, (0, 0), soft)
    share = (mask.astype(np.float32) / 255)[..., None]
    return np.asarray(place + (warped.astype(np.float32) - place) * share + 0.5).astype(np.uint8)


def _stuck_on(
    rng: np.random.Generator, place: np.ndarray, warped: np.ndarray, box: tuple[int, int, int, int]
) -> np.ndarray:
    """A printed photo glued over the portrait: a little turned, with an edge, a shadow and the dots of its print."""
    x, y, w, h = box
    photo = warped[y : y + h, x : x + w]
    if chance(rng, 0.5):
        mask = blue_noise(200 + int(rng.integers(6)))
        dots = cv2.merge(
            [
                stochastic_dots(channel, mask, (int(rng.integers(128)), 7 * at))
                for at, channel in enumerate(cv2.split(photo))
            ]
        )
        photo = cv2.addWeighted(photo, 1 - (faint := between(rng, 0.1, 0.5)), dots * np.uint8(255), faint, 0)
    if chance(rng, 0.35):
        rim = int(rng.integers(1, 9))
        photo = cv2.copyMakeBorder(photo, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(240, 244, 246))
    height, width = photo.shape[:2]
    centre = (x + w / 2 + between(rng, -6, 6), y + h / 2 + between(rng, -6, 6))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 1.3), between(rng, 0.97, 1.05))
    turn[:, 2] += np.array(centre) - np.array([width / 2, height / 2])
    size = (place.shape[1], place.shape[0])
    over = cv2.warpAffine(np.full((height, width), 255, np.uint8), turn, size, flags=cv2.INTER_LINEAR)
    laid = cv2.warpAffine(photo, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    drop = np.array([[1, 0, between(rng, -4, 4)], [0, 1, between(rng, 0.5, 5)]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(over, drop, size), (0, 0), between(rng, 0.8, 4))
    dark = 1 - between(rng, 0.1, 0.6) * (shadow.astype(np.float32) / 255)[..., None]
    share = (over.astype(np.float32) / 255)[..., None]
    out = place * dark * (1 - share) + laid.astype(np.float32) * share
    if chance(rng, 0.6):
        edge = cv2.morphologyEx(over, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)).astype(np.float32)[..., None] / 255
        out += (between(rng, 60, 255) - out) * edge * between(rng, 0.2, 0.9)
    return np.clip(out, 0, 255).astype(np.uint8)


def _matched(warped: np.ndarray, place: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The new face with mean and spread of the old one's colours, in Lab."""
    if not mask.any():
        return warped
    new, old = cv2.cvtColor(warped, cv2.COLOR_BGR2LAB), cv2.cvtColor(place, cv2.COLOR_BGR2LAB)
    (mean_new, spread_new), (mean_old, spread_old) = cv2.meanStdDev(new, mask=mask), cv2.meanStdDev(old, mask=mask)
    ratio = np.clip(spread_old / np.maximum(spread_new, 1), 0.5, 1.6).ravel()
    lab = (new.astype(np.float32) - mean_new.ravel()) * ratio + mean_old.ravel()
    return cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2BGR)


def _is_grey(place: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    x, y, w, h = box
    part = place[y : y + h, x : x + w].astype(np.int16)
    return bool((part.max(axis=2) - part.min(axis=2)).mean() < 10)


def _alignment(
    rng: np.random.Generator,
    landmarks: Points,
    target: Points | None,
    face_size: tuple[int, int],
    box: tuple[int, int, int, int],
) -> np.ndarray:
    """The similarity (2, 3) that takes the new face to where the old one is, or to the middle of the portrait."""
    x, y, w, h = box
    if target is None:
        target = np.array([[0.37, 0.42], [0.63, 0.42], [0.5, 0.56], [0.4, 0.68], [0.6, 0.68]], np.float32) * np.array(
            [w, h], np.float32
        )
        target = target + np.array([x, y], np.float32)
    turn: np.ndarray | None = cv2.estimateAffinePartial2D(landmarks, target, method=cv2.LMEDS)[0]
    if turn is None:
        scale = max(w / face_size[1], h / face_size[0])
        turn = np.array([[scale, 0, x], [0, scale, y]])
    grow = between(rng, 0.94, 1.08)
    middle = target.mean(axis=0)
    turn = turn * grow
    turn[:, 2] += middle * (1 - grow) + rng.normal(0, 0.012 * w, 2)
    return turn


@lru_cache(maxsize=64)
def _read(path: str) -> np.ndarray:
    return np.asarray(cv2.imread(path, cv2.IMREAD_COLOR))


def _another_face(rng: np.random.Generator, card: Card, split: str, assets: Assets) -> tuple[np.ndarray, Points]:
    """The picture and landmarks of a person who is not on the card."""
    others = [f for f in assets.faces(split) if f.landmarks is not None and f.person != card.keys.get("person")]
    if not others:
        return drawn_face(rng)
    face = pick(rng, others)
    assert face.landmarks is not None
    picture: np.ndarray = _read(str(face.path))
    landmarks = face.landmarks
    if chance(rng, 0.5):
        picture = cv2.flip(picture, 1)
        landmarks = (landmarks * np.array([-1, 1], np.float32) + np.array([picture.shape[1] - 1, 0], np.float32))[
            [1, 0, 2, 4, 3]
        ]
    return picture, np.array(landmarks, np.float32)
