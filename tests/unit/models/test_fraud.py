"""Where the fraud model looks, what it is fed, and how its outputs become scores."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import pytest

from idqc.inspection import Photo
from idqc.models import fraud
from idqc.photo.geometry import rectangle
from idqc.runtime.session import Session

QUAD = np.array([[200, 150], [1000, 180], [980, 700], [190, 660]], np.float32)


@pytest.fixture(scope="module")
def photo() -> Photo:
    rng = np.random.default_rng(0)
    bgr = np.full((900, 1200, 3), 120, np.uint8)
    bgr[200:640, 220:960] = rng.integers(90, 200, (440, 740, 3), np.uint8)
    return Photo(bgr, 1.0, 1200, 900)


class Network:
    """Stands for the session: each species gets the mean brightness of the tiles as its logit."""

    def __init__(self, **metadata: str) -> None:
        self.metadata = metadata
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        tiles = inputs["tiles"]
        assert tiles.dtype == np.float32
        assert 0 <= tiles.min() <= tiles.max() <= 1
        self.shapes.append(tiles.shape)
        maps = np.repeat(tiles.mean(axis=1, keepdims=True)[:, :, ::32, ::32], 5, axis=1)
        return {"logits": maps.mean(axis=(2, 3)), "maps": maps}


def test_tiles_lie_in_the_document_and_are_the_same_every_time(photo: Photo) -> None:
    size = fraud.native_size(QUAD)
    small = fraud.preview(photo.bgr, QUAD)
    corners = fraud.tile_corners(small, size)
    assert corners.shape == (8, 2)
    assert len({tuple(corner) for corner in corners}) == 8
    assert (corners >= 0).all()
    assert (corners + fraud.TILE_PX <= np.array(size) + 1e-3).all()
    np.testing.assert_array_equal(corners, fraud.tile_corners(small, size))


def test_tiles_keep_native_pixels(photo: Photo) -> None:
    size = fraud.native_size(QUAD)
    corners = fraud.tile_corners(fraud.preview(photo.bgr, QUAD), size)
    for quad in fraud.tile_quads(QUAD, corners, size):
        edges = np.linalg.norm(quad - np.roll(quad, -1, axis=0), axis=1)
        assert edges.min() > 140
        assert edges.max() < 180


def test_burnt_places_are_avoided() -> None:
    small = np.random.default_rng(1).integers(60, 200, (fraud.PREVIEW_HEIGHT_PX, fraud.PREVIEW_WIDTH_PX, 3), np.uint8)
    small[:60, :24] = 255
    corners = fraud.tile_corners(small, (1920, 1200))
    assert corners[0, 0] >= 80


def test_tiles_outside_of_the_frame_are_not_looked_at(photo: Photo) -> None:
    network = Network()
    model = fraud.FraudModel(cast(Session, network))
    model.run(photo, QUAD - np.float32([600, 0]))
    assert 0 < len(network.shapes) < 8
    model.run(photo, QUAD + np.float32([5000, 0]))
    assert len(network.shapes) >= 8


def test_portrait_squares_cover_the_portrait_with_its_margin() -> None:
    portrait = rectangle(200, 260) + np.float32([50, 80])
    top, bottom = fraud.portrait_quads(portrait)
    assert top.min(axis=0) == pytest.approx([26, 56], abs=0.1)
    assert bottom.max(axis=0) == pytest.approx([274, 364], abs=0.1)
    assert (top[1, 0] - top[0, 0]) == pytest.approx(248, abs=0.1)


@pytest.mark.parametrize(("width", "height"), [(30, 30), (120, 40), (400, 30), (900, 24)])
def test_a_field_is_seen_whole_whatever_its_shape(width: int, height: int) -> None:
    bgr = np.full((400, 1200, 3), 40, np.uint8)
    quad = rectangle(width, height) + np.float32([150, 180])
    ink = quad.astype(int)
    cv2.rectangle(bgr, ink[0].tolist(), ink[2].tolist(), (200, 200, 200), -1)
    for x in (ink[0, 0] + 4, ink[1, 0] - 4):
        cv2.rectangle(bgr, (x - 3, 180), (x + 3, 180 + height), (0, 0, 255), -1)
    crop = fraud.field_crop(bgr, quad)
    assert crop.shape == (160, 160, 3)
    red = (crop[..., 2] > 130) & (crop[..., 0] < 90)
    assert red.sum() > 20
    assert crop.max() > 190


def test_prepare_is_rgb_between_0_and_1() -> None:
    crop = np.zeros((160, 160, 3), np.uint8)
    crop[..., 0] = 255
    tiles = fraud.prepare([crop, crop])["tiles"]
    assert tiles.shape == (2, 3, 160, 160)
    assert tiles[0, 2].min() == 1.0
    assert tiles[0, :2].max() == 0.0


def test_chroma_spread_tells_grey_from_colour_in_any_light() -> None:
    rng = np.random.default_rng(2)
    grey = cv2.GaussianBlur(rng.integers(60, 220, (120, 192, 1), np.uint8).repeat(3, 2), (0, 0), 2)
    colour = grey.copy()
    colour[:, :96] = np.clip(colour[:, :96] * np.float32([1.15, 1, 0.85]), 0, 255).astype(np.uint8)
    for gain in ([1, 1, 1], [0.7, 1.0, 1.1], [1.05, 0.9, 0.6]):
        lit = [np.clip(picture * np.float32(gain), 0, 255).astype(np.uint8) for picture in (grey, colour)]
        assert fraud.chroma_spread(lit[0]) < 0.05
        assert fraud.chroma_spread(lit[1]) > 0.2
    assert np.isfinite(fraud.chroma_spread(np.zeros((120, 192, 3), np.uint8)))


def test_run_gives_what_it_was_asked_for(photo: Photo) -> None:
    network = Network(grayscale_copy='{"logit": 0.0, "log_chroma": -2.0, "bias": -4.0}')
    model = fraud.FraudModel(cast(Session, network))
    copies = model.run(photo, QUAD)
    assert set(copies.scores) == set(fraud.COPIES)
    assert not copies.fields
    assert not copies.maps
    places = {"name": QUAD * 0.1 + 300, "sex": QUAD * 0.05 + 400}
    everything = model.run(photo, QUAD, QUAD * 0.4 + 200, places, with_maps=True)
    assert set(everything.scores) == set(fraud.SPECIES)
    assert everything.scores["text_tamper"] == max(everything.fields.values())
    assert set(network.shapes) == {(1, 3, 160, 160)}
    for name, score in everything.scores.items():
        assert 0 <= score <= 1, name
    assert set(everything.maps) == set(fraud.SPECIES)
    for name, plane in everything.maps.items():
        assert plane.shape == ((60, 96) if name in fraud.COPIES else (240, 384))
        assert 0.5 < np.nanmean(plane) < 0.8
        assert (0.2 if name in fraud.COPIES else 0.005) < np.isfinite(plane).mean() < 0.9


def test_run_on_a_photo_decoded_smaller_looks_at_the_same_places(photo: Photo) -> None:
    model = fraud.FraudModel(cast(Session, Network()))
    half = Photo(cv2.resize(photo.bgr, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), 0.5, 1200, 900)
    full, small = model.run(photo, QUAD).scores["screen"], model.run(half, QUAD).scores["screen"]
    assert small == pytest.approx(full, abs=0.03)


def test_little_chroma_raises_the_grey_copy_score() -> None:
    weights = fraud.CopyWeights(logit=0.5, log_chroma=-2.0, bias=-4.0)
    scores = [fraud.grayscale_score(0.0, chroma, weights) for chroma in (0.0, 0.01, 0.1, 0.5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.99
    assert scores[-1] < 0.1
