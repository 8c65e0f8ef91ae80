"""The genuine card as a flat object, and how its rounded corners are cut. Tampered cards leave through here too."""

from __future__ import annotations

import cv2
import numpy as np

from idqc.inspection import Image
from idqc.photo.geometry import rectangle
from idqc.synth.card import PX_PER_MM, Card, FlatObject


def rounded_mask(height_px: int, width_px: int, radius_px: float) -> Image:
    """(height_px, width_px) uint8: 255 inside of a rectangle with rounded corners, antialiased."""
    mask = np.full((height_px, width_px), 255, np.uint8)
    radius = round(radius_px)
    if radius > 0:
        y, x = np.mgrid[0:radius, 0:radius]
        distance = np.hypot(radius - 0.5 - x, radius - 0.5 - y)
        corner = (np.clip(radius_px - distance + 0.5, 0, 1) * 255).astype(np.uint8)
        mask[:radius, :radius] = corner
        mask[:radius, -radius:] = corner[:, ::-1]
        mask[-radius:] = mask[:radius][::-1]
    return mask


def gaussian(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> np.ndarray:
    """Gaussian noise, int16. OpenCV's generator is several times faster than NumPy's; it is seeded from `rng`."""
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    noise: np.ndarray = np.empty(shape, np.int16)
    channels = shape[2] if len(shape) > 2 else 1
    return cv2.randn(noise, np.zeros(channels), np.full(channels, float(sigma)))


def original(rng: np.random.Generator, card: Card, attack: str | None = None, edit: str | None = None) -> FlatObject:
    """The card itself. Nothing but `attack` and `keys` may tell a tampered card from a genuine one here."""
    height, width = card.bgr.shape[:2]
    opaque = rounded_mask(height, width, card.corner_radius_mm * PX_PER_MM)
    gloss = float(rng.uniform(0.25, 0.85))
    keys = {} if edit is None else {"edit": edit}
    return FlatObject(card.bgr, opaque, rectangle(width, height), PX_PER_MM, gloss, False, card, attack, keys)


def degraded(rng: np.random.Generator, image_bgr: np.ndarray, strength: float) -> Image:
    """What a picture loses on its way to a forger: resampling, compression, sharpening, noise. Same shape.

    `strength` 0..1 scales how much; some pictures lose next to nothing.
    """
    height, width = image_bgr.shape[:2]
    out = image_bgr
    if rng.random() < 0.6:
        share = 1.0 - rng.uniform(0.0, 0.65) * strength
        way = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        small = cv2.resize(out, (max(round(width * share), 8), max(round(height * share), 8)), interpolation=way)
        back = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))
        out = cv2.resize(small, (width, height), interpolation=back)
    if rng.random() < 0.35:
        out = cv2.GaussianBlur(out, (0, 0), 0.4 + rng.uniform(0, 1.6) * strength)
    if rng.random() < 0.35:
        soft = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.8, 2.5))
        amount = rng.uniform(0.2, 1.2)
        out = cv2.addWeighted(out, 1 + amount, soft, -amount, 0)
    if rng.random() < 0.3:
        noise = gaussian(rng, out.shape, 1 + 7 * strength * rng.random())
        out = cv2.add(out, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.75:
        quality = int(np.clip(97 - rng.uniform(0, 60) * strength, 30, 98))
        jpeg = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        out = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    return out
