"""The simple measures move the way their names say, and never break on odd pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from idqc.inspection import Image
from idqc.photo.measures import FLOOR, NAMES, measure


@pytest.fixture
def document() -> Image:
    """A card with coloured print, 1000 x 630."""
    card = np.full((630, 1000, 3), (215, 205, 190), np.uint8)
    for row in range(80, 600, 40):
        cv2.putText(card, f"SPECIMEN {row:04d} ABCDEFG 0123456789", (40, row), 0, 0.9, (60, 40, 30), 2, cv2.LINE_AA)
    cv2.rectangle(card, (740, 100), (960, 380), (90, 120, 200), -1)
    noise = np.random.default_rng(1).normal(0, 2, card.shape)
    return np.clip(card + noise, 0, 255).astype(np.uint8)


def test_the_vector_follows_the_names(document: Image) -> None:
    measures = measure(document)
    assert measures.vector.shape == (len(NAMES),)
    assert measures.vector.dtype == np.float32
    assert len(set(NAMES)) == len(NAMES)
    assert measures["grey_mean"] == pytest.approx(float(cv2.cvtColor(document, cv2.COLOR_BGR2GRAY).mean()), abs=0.01)
    assert {name for name, _ in FLOOR.values()} <= set(NAMES)


def test_blur_lowers_every_sharpness(document: Image) -> None:
    sharp, soft = measure(document), measure(np.asarray(cv2.GaussianBlur(document, (0, 0), 4), np.uint8))
    for name in NAMES:
        if name.startswith(("log_laplacian", "log_gradient", "log_direction")):
            assert soft[name] < sharp[name], name
    assert soft.floor_score("quality.blur") > sharp.floor_score("quality.blur")


def test_motion_empties_one_direction(document: Image) -> None:
    kernel = np.zeros((25, 25), np.float32)
    kernel[12] = 1 / 25
    moved = measure(np.asarray(cv2.filter2D(document, -1, kernel), np.uint8))
    gap = "log_direction_strongest_at_1", "log_direction_weakest_at_1"
    sharp = measure(document)
    assert moved[gap[0]] - moved[gap[1]] > sharp[gap[0]] - sharp[gap[1]] + 1.0


def test_a_white_spot_is_saturated_and_one_blob(document: Image) -> None:
    spoilt = document.copy()
    cv2.ellipse(spoilt, (400, 300), (150, 90), 0, 0, 360, (255, 255, 255), -1)
    share = np.pi * 150 * 90 / (630 * 1000)
    measures = measure(spoilt)
    assert measures["saturated_share"] == pytest.approx(share, rel=0.05)
    assert measures["largest_saturated_share"] == pytest.approx(share, rel=0.05)
    assert measures["largest_glossy_share"] == pytest.approx(share, rel=0.05)
    assert measures["tile_floor_max"] == pytest.approx(255, abs=0.5)
    assert measures.floor_score("quality.glare") > measure(document).floor_score("quality.glare")


def test_dark_bright_and_grey_documents(document: Image) -> None:
    plain = measure(document)
    dark, bright = measure((document * 0.3).astype(np.uint8)), measure(cv2.add(document, np.full_like(document, 60)))
    assert dark.floor_score("quality.dark") > plain.floor_score("quality.dark")
    assert bright.floor_score("quality.bright") > plain.floor_score("quality.bright")
    grey = np.repeat(cv2.cvtColor(document, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    tinted = np.clip(grey * np.array([0.95, 1.0, 1.05]), 0, 255).astype(np.uint8)
    assert measure(tinted)["chroma_spread"] < 0.3 * plain["chroma_spread"]


def test_noise_is_seen_in_calm_tiles(document: Image) -> None:
    noisy = np.clip(document + np.random.default_rng(2).normal(0, 12, document.shape), 0, 255).astype(np.uint8)
    assert measure(noisy)["log_noise"] > measure(document)["log_noise"] + 1


def test_another_width_is_resampled(document: Image) -> None:
    wide = np.asarray(cv2.resize(document, (2000, 1260), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert measure(wide)["grey_mean"] == pytest.approx(measure(document)["grey_mean"], abs=1)


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("size", [(630, 1000), (3, 1000), (40, 20)])
def test_flat_and_tiny_pictures_give_finite_numbers(level: int, size: tuple[int, int]) -> None:
    vector = measure(np.full((*size, 3), level, np.uint8)).vector
    assert np.isfinite(vector).all()
