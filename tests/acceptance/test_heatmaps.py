"""Heat maps of the release tell the truth: taking away what they point at takes the score away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import pytest

from benchmarks.erasure import HEIGHT, WIDTH, Scorer, filled, top_tenth, tried
from idqc.documents import DocumentType, document_types
from idqc.heatmaps import map_of
from idqc.inspection import Photo, Points
from idqc.inspector import open_inspector
from idqc.labels import from_json
from idqc.photo.decode import decode, read_header
from idqc.photo.geometry import homography, project, rectangle
from idqc.release import load_release
from idqc.stages import Stages, lay_flat
from idqc.synth.assets import Assets
from idqc.synth.generator import make_photo
from idqc.synth.plan import Plan

GLARE = "quality.glare"
WARNED, NEAR = 0.04, 0.18
"""A blob this bright has to be noticed, on the model's own scale; the strongest cell lies within the blob and its edge,
in shares of the card."""
LONG_SIDE_PX = 800
BRIGHTEST, MOST_PHOTOS = 215, 20
"""Of cards on which a blob is the only light, grey levels; of the photos drawn for them."""
BLOBS = [(0.3, 0.35), (0.65, 0.6), (0.5, 0.5)]
"""Where light is put on the card, in shares of its width and height."""


@dataclass(frozen=True)
class Shot:
    """A clean mock card with a white blob of light at `blob_xy` (shares of the card)."""

    photo: Photo
    quad: Points
    kind: DocumentType
    blob_xy: tuple[float, float]


@pytest.fixture(scope="module")
def stages() -> Stages:
    return open_inspector(load_release(), cores=1).stages


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    assets, made = Assets.load(None, None), []
    for index in range(MOST_PHOTOS):
        if len(made) == len(BLOBS):
            break
        blob = BLOBS[len(made)]
        data, line = make_photo(Plan(7, index, "test", "clean", "kr_resident"), assets)
        photo, quad = decode(data, read_header(data), LONG_SIDE_PX), np.float32(from_json(line).quad)
        if np.percentile(lay_flat(photo, quad, document_types()["kr_resident"]).min(axis=2), 99.5) > BRIGHTEST:
            continue  # a sheen or a pale stock of its own
        to_photo = homography(rectangle(1.0, 1.0), quad * np.float32(photo.scale))
        turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.stack([blob[0] + 0.09 * np.cos(turns), blob[1] + 0.14 * np.sin(turns)], 1).astype(np.float32)
        light = np.zeros(photo.bgr.shape[:2], np.float32)
        cv2.fillPoly(light, [np.round(project(to_photo, ring)).astype(np.int32)], 1.0)
        light = cv2.GaussianBlur(light, (0, 0), 6)[..., None]
        bgr = np.asarray(photo.bgr * (1 - light) + 255 * light, np.uint8)
        made.append(Shot(replace(photo, bgr=bgr), quad, document_types()["kr_resident"], blob))
    assert len(made) == len(BLOBS)
    return made


def glare_of(stages: Stages, shot: Shot) -> Scorer:
    return lambda photo: stages.quality_model.run(lay_flat(photo, shot.quad, shot.kind)).severity[GLARE]


def test_the_map_of_glare_points_at_the_light(stages: Stages, shots: list[Shot]) -> None:
    for shot in shots:
        plane = map_of(stages, shot.photo, GLARE, shot.quad, shot.kind)
        x, y = round(shot.blob_xy[0] * WIDTH), round(shot.blob_xy[1] * HEIGHT)
        assert top_tenth(plane)[y, x]
        strongest = np.unravel_index(np.nan_to_num(plane).argmax(), plane.shape)
        row, column = ((at + 0.5) / size for at, size in zip(strongest, plane.shape, strict=True))
        assert np.hypot(column - shot.blob_xy[0], row - shot.blob_xy[1]) < NEAR


def test_without_the_top_tenth_of_its_map_glare_is_gone(stages: Stages, shots: list[Shot]) -> None:
    for shot in shots:
        plane = map_of(stages, shot.photo, GLARE, shot.quad, shot.kind)
        trial = tried(shot.photo, shot.quad, plane, glare_of(stages, shot), partial(filled, grain=False))
        assert trial.score > WARNED
        assert trial.true


def test_a_map_that_points_elsewhere_is_found_out(stages: Stages, shots: list[Shot]) -> None:
    shot = shots[0]
    elsewhere = np.zeros((14, 14), np.float32)
    elsewhere[10:, 10:] = 1.0
    assert not tried(shot.photo, shot.quad, elsewhere, glare_of(stages, shot), partial(filled, grain=False)).true
