"""Trains the detector of the document model on whole photos, letterboxed; four keypoints are the corners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from idqc.inspection import Image, Points
from idqc.models.document import (
    INPUT_PX,
    LETTERBOX_GREY,
    NAME,
    PLACE_CLASSES,
    Letterbox,
    Place,
    letterbox,
    read,
)
from idqc.photo.geometry import clip_to_frame, iou
from idqc.train import grid
from idqc.train.adversity import harden
from idqc.train.augment import relight
from idqc.train.crop_sets import CropSet, Labelled, load_crops
from idqc.train.crops import Crop
from idqc.train.export import export_onnx
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_own

CACHE_PX = 384
"""Larger than the input, so that a drawn scale does not magnify pixels."""
RECIPE = f"document {CACHE_PX} 1"
HARD_SHARE = 0.25
FAR_SHARE, FAR, NEAR = 0.3, (0.3, 0.7), (0.65, 1.35)
"""How often, and how far, photos are made smaller than they are: the smallest documents are the ones that get lost."""
TURNS = (0.46, 0.18, 0.18, 0.18)
"""How often a photo is turned by 0, 90, 180, 270 degrees: phones lie about which way is up."""


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on split train, validates on split calibrate, writes weights/document.onnx and its manifest entry."""
    train_crops, check_crops = (
        load_crops(data, split, out / "cache", RECIPE, cut, lambda label: True) for split in ("train", "calibrate")
    )
    model = grid.GridNet(PLACE_CLASSES, 4).to(memory_format=torch.channels_last)
    numbers = fit(
        model,
        grid.batches_of(
            lambda index, rng: draw(train_crops, index, rng), len(train_crops), budget.batch, budget.seed, 4
        ),
        max(len(train_crops) // budget.batch, 1),
        grid.loss,
        lambda trained: validate(trained, check_crops),
        budget,
        out,
    )
    path = weights / f"{NAME}.onnx"
    example = torch.rand(1, 3, INPUT_PX, INPUT_PX, generator=torch.Generator().manual_seed(7))
    parity = export_onnx(grid.Exported(model, INPUT_PX, INPUT_PX), [example], (["image"], ["prediction"]), path)
    write_own(
        path,
        NAME,
        data,
        len(train_crops),
        budget.seed,
        numbers,
        parity,
        inputs={"image": "NCHW, RGB, 0..1, photo letterboxed on grey 114"},
        outputs={"prediction": "centre x, y, width, height in shares of the input; probability; 4 x (x, y, in frame)"},
    )
    return numbers


def cut(item: Labelled) -> Iterator[Crop]:
    """The whole photo in a grey square, the quad in its pixels and the part of the square that is photo."""
    photo = item.photo(2 * CACHE_PX)
    square, scale, left, top = letterbox(photo.bgr, CACHE_PX)
    size = photo.bgr.shape[1] * scale, photo.bgr.shape[0] * scale
    target: dict[str, Any] = {"frame": [left, top, left + size[0], top + size[1]], "quad": None}
    if item.label.quad is not None:
        quad = item.quad() * np.float32(scale * photo.scale) + np.array([left, top], np.float32)
        target["quad"] = quad.tolist()
    yield {"photo": square}, target


def draw(crops: CropSet, index: int, rng: np.random.Generator) -> grid.Sample:
    """One training picture: turned, scaled, shifted, relit, some hardened. One without its document is drawn again."""
    target, side = crops.targets[index], INPUT_PX
    for mildness in (1.0, 0.5, 0.2, 0.0):
        matrix = _motion(side, mildness, rng)
        targets = _targets(target, matrix, side)
        if targets is not None:
            break
    grey = (LETTERBOX_GREY,) * 3
    image = cv2.warpAffine(
        crops.crops["photo"][index], matrix[:2], (side, side), flags=cv2.INTER_LINEAR, borderValue=grey
    )
    drawn = relight(np.asarray(image, np.uint8), rng)
    return (harden(drawn, rng) if rng.random() < HARD_SHARE else drawn), targets or _nothing()


def _motion(side: int, mildness: float, rng: np.random.Generator) -> np.ndarray:
    """The 3x3 matrix from cache pixels to pixels of the drawn picture."""
    angle = np.radians(90 * rng.choice(4, p=TURNS) + mildness * rng.normal(0, 6))
    distance = rng.uniform(*(FAR if rng.random() < FAR_SHARE else NEAR))
    grow = side / CACHE_PX * distance**mildness
    shift = side * (0.5 + mildness * rng.uniform(-0.12, 0.12, 2))
    turn = grow * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = turn, shift - turn @ [CACHE_PX / 2, CACHE_PX / 2]
    return matrix


def _targets(target: Mapping[str, Any], matrix: np.ndarray, side: int) -> grid.Targets | None:
    """The targets after the motion; None when more of the document has left the picture than before."""
    if target["quad"] is None:
        return _nothing()
    quad = np.array(target["quad"], np.float32) @ np.float32(matrix[:2, :2]).T + np.float32(matrix[:2, 2])
    inside = clip_to_frame(quad, side, side)
    grown = abs(np.linalg.det(matrix[:2, :2]))
    left, top, right, bottom = target["frame"]
    before = clip_to_frame(
        np.array(target["quad"], np.float32) - np.array([left, top], np.float32), right - left, bottom - top
    )
    if not len(inside) or cv2.contourArea(inside) < 0.75 * grown * (cv2.contourArea(before) if len(before) else 0):
        return None
    box = np.concatenate([inside.min(axis=0), inside.max(axis=0)])
    return grid.Targets(np.zeros(1, np.int64), box[None], half_turn(quad)[None])


def half_turn(quad_xy: Points) -> Points:
    """The order of corners that is taught: the document's own, or half a turn on if only that runs right or down.

    Which of the two it is, small text and a face must tell, and the corners model sees those better. The border between
    both lies on a diagonal, where documents seldom lie.
    """
    along = quad_xy[1] - quad_xy[0] + quad_xy[2] - quad_xy[3]
    return quad_xy if along[0] + along[1] > 0 else np.roll(quad_xy, 2, axis=0)


def _nothing() -> grid.Targets:
    return grid.Targets(np.zeros(0), np.zeros((0, 4), np.float32), np.zeros((0, 4, 2), np.float32))


def validate(model: Any, crops: CropSet) -> dict[str, float]:
    """IoU inside the frame before refinement, and how well confidence tells that a document is there."""
    squares: Image = np.stack(
        [cv2.resize(photo, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA) for photo in crops.crops["photo"]]
    )
    to_cache = Letterbox(INPUT_PX / CACHE_PX, 0, 0)
    found = [read({"prediction": raw}, to_cache) for raw in grid.predict(model, squares)]
    return summarise(found, crops.targets)


def summarise(found: list[list[Place]], targets: Sequence[Any]) -> dict[str, float]:
    """Numbers of a split. Quads are in the pixels of `target["frame"]` and clipped to it before the IoU."""
    overlaps, with_document, without = list[float](), list[float](), list[float]()
    for places, target in zip(found, targets, strict=True):
        confidence = places[0].confidence if places else 0.0
        if target["quad"] is None:
            without.append(confidence)
            continue
        with_document.append(confidence)
        overlaps.append(
            framed_iou(places[0].quad_xy_px, np.array(target["quad"], np.float32), target["frame"]) if places else 0.0
        )
    pairs = np.subtract.outer(with_document, without)
    return {
        "iou_median": float(np.median(overlaps)) if overlaps else 0.0,
        "iou_50_share": float(np.mean(np.array(overlaps) >= 0.50)) if overlaps else 0.0,
        "iou_80_share": float(np.mean(np.array(overlaps) >= 0.80)) if overlaps else 0.0,
        "iou_90_share": float(np.mean(np.array(overlaps) >= 0.90)) if overlaps else 0.0,
        "no_document_auc": float(np.mean((pairs > 0) + 0.5 * (pairs == 0))) if pairs.size else 0.0,
    }


def framed_iou(a_xy: Points, b_xy: Points, frame: list[float]) -> float:
    """IoU of two quads inside the frame (left, top, right, bottom); what lies outside nobody can see."""
    origin, size = np.array(frame[:2], np.float32), (frame[2] - frame[0], frame[3] - frame[1])
    a, b = (clip_to_frame(quad - origin, *size) for quad in (a_xy, b_xy))
    return iou(a, b) if len(a) > 2 and len(b) > 2 else 0.0
