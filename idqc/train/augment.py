"""Cheap changes of light, colour and sharpness for training crops. Geometry is the trainers' own affair."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from idqc.inspection import Image


def relight(image_bgr: Image, rng: np.random.Generator, strength: float = 1.0) -> Image:
    """Draws brightness, contrast, gamma and white balance, sometimes hue, grey, blur or noise; about 1 ms at 320 px.

    Args:
        strength: 1 is what phones, lamps and print do; 0 changes nothing.
    """
    gain = np.exp(rng.normal(0, 0.18 * strength)) * np.exp(rng.normal(0, 0.06 * strength, 3))
    gamma = np.exp(rng.normal(0, 0.15 * strength))
    lift = rng.normal(0, 12 * strength)
    levels = np.linspace(0, 1, 256)[:, None] ** gamma * 255 * gain + lift
    image: Any = cv2.LUT(image_bgr, np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None])
    if rng.random() < 0.3 * strength:
        image = _mix_channels(image, rng)
    if rng.random() < 0.25 * strength:
        image = _blur(image, rng)
    if rng.random() < 0.25 * strength:
        noise = rng.normal(0, rng.uniform(2, 9), image.shape[:2]).astype(np.float32)
        image = np.clip(image + noise[:, :, None], 0, 255).astype(np.uint8)
    if rng.random() < 0.15 * strength:
        image = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])[1], 1)
    return np.asarray(image, np.uint8)


def _mix_channels(image_bgr: Image, rng: np.random.Generator) -> Image:
    """Turns the hue or takes colour away, by one 3x3 matrix around grey."""
    luma = np.full((3, 3), 1 / 3)
    colour = np.eye(3) - luma
    angle, saturation = rng.normal(0, 0.35), rng.choice([0.0, rng.uniform(0.3, 1.6)], p=[0.15, 0.85])
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    matrix = luma + saturation * (np.cos(angle) * colour + np.sin(angle) * cross)
    return np.asarray(cv2.transform(image_bgr, matrix.astype(np.float32)), np.uint8)


def _blur(image_bgr: Image, rng: np.random.Generator) -> Image:
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image_bgr, (0, 0), rng.uniform(0.4, 1.8)), np.uint8)
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    centre, direction = (length - 1) / 2, rng.uniform(0, np.pi)
    reach = centre * np.array([np.cos(direction), np.sin(direction)])
    start, end = (tuple(round(float(v)) for v in centre + sign * reach) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(cv2.filter2D(image_bgr, -1, kernel / kernel.sum()), np.uint8)
