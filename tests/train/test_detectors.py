"""The detectors' trainers on a handful of drawn photos: targets follow the pixels, a run ends in a readable file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from idqc.labels import read_labels
from idqc.models import corners as corners_model
from idqc.models import document as document_model
from idqc.models import fields as fields_model
from idqc.models.boxes import decode, suppress
from idqc.photo.geometry import iou, project, rectangle
from idqc.runtime.reference import run_once
from idqc.train import corners, document, fields, grid
from idqc.train.augment import relight
from idqc.train.crop_sets import CropSet, Labelled
from idqc.train.loop import Budget
from tests.train.tiny_photos import write_photos


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("detectors") / "data", 6)


def test_document_targets_follow_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    for change in ("relight", "harden"):
        monkeypatch.setattr(document, change, lambda image, rng: image)
    quad = np.float32([[100, 120], [290, 140], [280, 260], [95, 240]])
    square = np.zeros((document.CACHE_PX, document.CACHE_PX, 3), np.uint8)
    cv2.fillConvexPoly(square, quad.astype(np.int32), (255, 255, 255))
    target = {"frame": [0, 0, 384, 384], "quad": quad.tolist()}
    crops = CropSet({"photo": [square]}, [target])
    for seed in range(12):
        image, targets = document.draw(crops, 0, np.random.default_rng(seed))
        assert image.shape[:2] == (document_model.INPUT_PX,) * 2
        drawn = np.zeros(image.shape[:2], np.uint8)
        cv2.fillConvexPoly(drawn, targets.points_xy[0].round().astype(np.int32), 1)
        white = image[..., 0] > 185
        assert np.logical_and(white, drawn).sum() / np.logical_or(white, drawn).sum() > 0.9
        assert targets.boxes_xyxy.min() >= 0
        assert targets.boxes_xyxy.max() <= image.shape[0]
        assert targets.classes.tolist() == [0]
        along = targets.points_xy[0, 1] - targets.points_xy[0, 0]
        assert along.sum() > 0


def test_a_plain_scene_teaches_nothing_to_be_there() -> None:
    crops = CropSet({"photo": [np.zeros((384, 384, 3), np.uint8)]}, [{"frame": [0] * 4, "quad": None}])
    _, targets = document.draw(crops, 0, np.random.default_rng(1))
    assert len(targets.classes) == len(targets.points_xy) == 0


def test_corner_offsets_lead_to_the_truth() -> None:
    crop = np.zeros((corners.CACHE_HEIGHT_PX, corners.CACHE_WIDTH_PX, 3), np.uint8)
    crops = CropSet({"crop": [crop]}, [{"upright": 1.0, "type": 3}])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, offsets, flip, weight, kind = corners.draw(crops, 0, rng)
        rng = np.random.default_rng(seed)
        true = np.roll(corners.TRUE_QUAD, 2, axis=0) if rng.random() < 0.5 else corners.TRUE_QUAD
        coarse = corners.coarse_quad(true, rng)
        outputs = {"offsets": offsets[None], "flip": np.zeros((1, 1)), "type": np.zeros((1, 5))}
        assert iou(corners_model.read(outputs, coarse).quad_xy, true) > 0.999
        assert flip == float(true[0, 0] > 0.5)
        assert (weight, kind) == (1, 3)


def test_field_targets_follow_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "relight", lambda image, rng: image)
    crop = np.zeros((fields.CACHE_HEIGHT_PX, fields.CACHE_WIDTH_PX, 3), np.uint8)
    crop[100:140, 150:300] = 255
    crops = CropSet({"document": [crop]}, [[[3, 150, 100, 300, 140]]])
    for seed in range(12):
        image, targets = fields.draw(crops, 0, np.random.default_rng(seed))
        rows, columns = np.nonzero(image[..., 0] > 127)
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(targets.boxes_xyxy[0] - found).max() < 7


def test_boxes_are_cut_at_the_document(data: Path) -> None:
    label = next(read_labels(data))
    quad = np.float32(label.quad)
    away = np.float32([200, 0])
    label.obstacles = [(quad + away).tolist(), (quad + 25 * away).tolist(), (quad[0] + rectangle(2, 2)).tolist()]
    _, boxes = next(iter(fields.cut(Labelled(data, label))))
    names = [fields_model.FIELD_CLASSES[box[0]] for box in boxes]
    assert names == ["portrait", "obstacle"]
    right, bottom = fields.ORIGIN + np.float32([fields_model.INPUT_WIDTH_PX, fields_model.INPUT_HEIGHT_PX])
    assert boxes[1][3] == pytest.approx(right, abs=0.1)
    assert boxes[1][4] <= bottom + 0.1


def test_cells_answer_for_what_they_see() -> None:
    at = grid.centres(64, 96).numpy()
    assert at.shape == (96, 2)
    assert at[0].tolist() == [4.0, 4.0]
    page, line = [0.0, 0, 96, 64], [30.0, 34, 70, 38]
    targets = grid.Targets(np.array([7, 9]), np.float32([page, line]), np.zeros((2, 0, 2), np.float32))
    owner = grid.assign(targets, at).reshape(8, 12)
    assert (owner[4] == 1).sum() == (owner == 1).sum() == 3
    assert owner[1, 1] == -1
    assert owner[3, 4] == 0
    speck = grid.Targets(np.array([3]), np.float32([[1, 1, 2, 2]]), np.zeros((1, 0, 2), np.float32))
    assert np.flatnonzero(grid.assign(speck, at) == 0).tolist() == [0]


def test_what_the_loss_wants_is_what_is_read() -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    quad = np.float32([[[20, 16], [80, 20], [76, 50], [18, 44]]])
    one = grid.Targets(np.array([1]), np.float32([[18, 16, 80, 50]]), quad)
    none = grid.Targets(np.zeros(0), np.zeros((0, 4), np.float32), np.zeros((0, 4, 2), np.float32))
    images, rows, boxes, points = grid.collate([(image, none), (image, one)], 4)
    assert tuple(images.shape) == (2, 3, 64, 96)
    assert set(rows[:, 0].tolist()) == {1}
    assert set(rows[:, 2].tolist()) == {1}
    at = grid.centres(64, 96)[rows[:, 1]]
    logs = torch.cat([torch.log((at - boxes[:, :2]) / 8), torch.log((boxes[:, 2:] - at) / 8)], dim=1)
    away = ((points.reshape(-1, 4, 2) - at[:, None]) / 8).flatten(1)
    logits, places = torch.full((1, 96, 2), -9.0), torch.zeros(1, 96, 12)
    logits[0, rows[:, 1], 1] = 5.0
    places[0, rows[:, 1]] = torch.cat([logs, away], dim=1)
    assert float(grid.giou(grid.to_boxes(logs, at), boxes).min()) > 0.999
    found = suppress(decode(grid.assemble(logits, places, 64, 96).numpy(), 2, 0.5), 0.5, by_class=True)
    assert found.classes.tolist() == [1]
    assert np.abs(found.points_xy[0] * [96, 64] - quad[0]).max() < 0.01
    assert np.abs(found.boxes_xyxy[0] * [96, 64, 96, 64] - [18, 16, 80, 50]).max() < 0.01


def test_an_empty_batch_still_has_a_loss() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    none = grid.Targets(np.zeros(0), np.zeros((0, 4), np.float32), np.zeros((0, 4, 2), np.float32))
    value = grid.loss(grid.GridNet(1, 4), grid.collate([(image, none)] * 2, 4))
    assert float(value.detach()) > 0


def test_relight_keeps_shape_and_type() -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    for seed in range(30):
        changed = relight(image, np.random.default_rng(seed))
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8
    assert np.array_equal(relight(image, np.random.default_rng(1), 0.0), image)


def test_summary_of_what_was_found() -> None:
    quad = np.float32([[10, 10], [90, 10], [90, 60], [10, 60]])
    there = {"frame": [0, 0, 100, 100], "quad": quad.tolist()}
    empty = {"frame": [0, 0, 100, 100], "quad": None}
    right = document_model.Place(0.9, quad)
    numbers = document.summarise([[right], [], [right]], [there, there, empty])
    assert numbers["iou_90_share"] == 0.5
    assert numbers["no_document_auc"] == 0.25
    shifted = quad - np.float32([60, 0])
    assert document.framed_iou(shifted, np.clip(shifted, 0, None), there["frame"]) == pytest.approx(1.0)


def test_corners_from_photos_to_file(data: Path, tmp_path: Path) -> None:
    numbers = corners.train([data], tmp_path / "run", tmp_path / "weights", Budget(1, 2, 1e-3))
    assert 0 <= numbers["iou_95_share"] <= 1
    crop = np.random.default_rng(1).random((1, 3, 160, 224), np.float32)
    outputs = run_once(tmp_path / "weights" / "corners.onnx", {"crop": crop})
    refined = corners_model.read(outputs, np.float32([[0, 0], [200, 0], [200, 120], [0, 120]]))
    assert refined.quad_xy.shape == (4, 2)
    assert 0 <= refined.upside_down <= 1


def test_document_from_photos_to_file(data: Path, tmp_path: Path) -> None:
    numbers = document.train([data], tmp_path / "run", tmp_path / "weights", Budget(1, 2, 1e-3))
    assert numbers["steps"] == 2
    manifest = tomllib.loads((tmp_path / "weights" / "manifest.toml").read_text())
    assert "document" in str(manifest)
    photo = Labelled(data, next(read_labels(data))).photo()
    inputs, box = document_model.prepare(photo)
    outputs = run_once(tmp_path / "weights" / "document.onnx", inputs)
    assert outputs["prediction"].shape == (1, 4 + 1 + 12, (document_model.INPUT_PX // 8) ** 2)
    assert isinstance(document_model.read(outputs, box), list)


def test_fields_from_photos_to_file(data: Path, tmp_path: Path) -> None:
    numbers = fields.train([data], tmp_path / "run", tmp_path / "weights", Budget(1, 2, 1e-3))
    assert set(numbers) >= {"map50", "ap50_portrait", "recall_portrait"}
    outputs = run_once(tmp_path / "weights" / "fields.onnx", fields_model.prepare(np.zeros((300, 480, 3), np.uint8)))
    assert outputs["prediction"].shape == (1, 4 + 21, 44 * 64)
    assert fields_model.read(outputs).fields is not None


def test_project_is_what_the_crop_uses() -> None:
    matrix = corners.cache_to_image(rectangle(100, 60))
    assert np.abs(project(matrix, corners.TRUE_QUAD) - rectangle(100, 60)).max() < 0.01
