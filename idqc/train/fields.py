"""Trains the field detector on documents laid flat by their true quad, with jitter for what corners miss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from idqc.inspection import Points
from idqc.models.corners import shrink, warp
from idqc.models.fields import FIELD_CLASSES, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, NAME, OBSTACLE, read_all
from idqc.photo.geometry import clip_to_frame, homography, project, rectangle
from idqc.runtime.session import Tensors
from idqc.train import grid
from idqc.train.augment import relight
from idqc.train.crop_sets import CropSet, Labelled, holds_accepted_document, load_crops
from idqc.train.crops import Crop
from idqc.train.detection import Detection, Truth, judge, mean_average_precision
from idqc.train.export import export_onnx
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_own

CACHE_WIDTH_PX, CACHE_HEIGHT_PX = 576, 396
"""The input's density, with a sixteenth of the document around it as room for jitter."""
ORIGIN: Points = np.array([(CACHE_WIDTH_PX - INPUT_WIDTH_PX) / 2, (CACHE_HEIGHT_PX - INPUT_HEIGHT_PX) / 2], np.float32)
RECIPE = f"fields {CACHE_WIDTH_PX} 1"
QUAD_JITTER = 0.015
"""How far each corner may be off, as a share of the document: what an IoU of 0.95 leaves."""
LEAST_SHARE = 0.0008
"""Obstacles smaller than this share of the document cover no character."""


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on split train, validates on split calibrate, writes weights/fields.onnx and its manifest entry."""
    train_crops, check_crops = (
        load_crops(data, split, out / "cache", RECIPE, cut, holds_accepted_document) for split in ("train", "calibrate")
    )
    model = grid.GridNet(len(FIELD_CLASSES), 0).to(memory_format=torch.channels_last)
    numbers = fit(
        model,
        grid.batches_of(
            lambda index, rng: draw(train_crops, index, rng), len(train_crops), budget.batch, budget.seed, 0
        ),
        max(len(train_crops) // budget.batch, 1),
        grid.loss,
        lambda trained: validate(trained, check_crops),
        budget,
        out,
    )
    path = weights / f"{NAME}.onnx"
    example = torch.rand(1, 3, INPUT_HEIGHT_PX, INPUT_WIDTH_PX, generator=torch.Generator().manual_seed(7))
    exported = grid.Exported(model, INPUT_HEIGHT_PX, INPUT_WIDTH_PX)
    parity = export_onnx(exported, [example], (["image"], ["prediction"]), path)
    write_own(
        path,
        NAME,
        data,
        len(train_crops),
        budget.seed,
        numbers,
        parity,
        inputs={"image": "NCHW, RGB, 0..1, document laid flat"},
        outputs={
            "prediction": "centre x, y, width, height in shares of the input; a probability for each of 21 classes"
        },
    )
    return numbers


def cut(item: Labelled) -> Iterator[Crop]:
    """The document laid flat, and the boxes of what a person can see on it, in pixels of the crop."""
    photo = item.photo_for(1.5 * INPUT_WIDTH_PX)
    quad = item.quad() * np.float32(photo.scale)
    image, shrunk = shrink(photo.bgr, quad, INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    size: Points = np.array([CACHE_WIDTH_PX, CACHE_HEIGHT_PX], np.float32)
    inner: Points = rectangle(INPUT_WIDTH_PX, INPUT_HEIGHT_PX) + ORIGIN
    crop = warp(image, homography(inner / size, quad * np.float32(shrunk)), CACHE_WIDTH_PX, CACHE_HEIGHT_PX)
    yield {"document": crop}, boxes_of(item, homography(item.quad(), inner))


def boxes_of(item: Labelled, to_crop: np.ndarray) -> list[Any]:
    """[class, left, top, right, bottom] of every visible field and every obstacle, cut at the document's edge."""
    label = item.label
    named = [(name, field.quad) for name, field in label.fields.items() if field.visible and name in FIELD_CLASSES]
    if label.portrait_quad is not None and "portrait" not in label.fields:
        named.append(("portrait", label.portrait_quad))
    boxes = []
    for name, quad in [*named, *((OBSTACLE, quad) for quad in label.obstacles)]:
        inside = clip_to_frame(project(to_crop, np.array(quad, np.float32)) - ORIGIN, INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
        if len(inside) < 3:
            continue
        low, high = inside.min(axis=0), inside.max(axis=0)
        if name != OBSTACLE or np.prod(high - low) >= LEAST_SHARE * INPUT_WIDTH_PX * INPUT_HEIGHT_PX:
            corners = np.concatenate([low + ORIGIN, high + ORIGIN])
            boxes.append([FIELD_CLASSES.index(name), *(round(float(value), 2) for value in corners)])
    return boxes


def draw(crops: CropSet, index: int, rng: np.random.Generator) -> grid.Sample:
    """One training picture: laid flat by a slightly wrong quad, sometimes zoomed or shifted, and relit."""
    width, height = INPUT_WIDTH_PX, INPUT_HEIGHT_PX
    seen: Any = rectangle(INPUT_WIDTH_PX, INPUT_HEIGHT_PX)
    spread = QUAD_JITTER * (2.5 if rng.random() < 0.15 else 1.0)
    size: Points = np.array([INPUT_WIDTH_PX, INPUT_HEIGHT_PX], np.float32)
    seen = seen + np.array(rng.uniform(-spread, spread, (4, 2)), np.float32) * size
    if rng.random() < 0.5:
        # Where a field stands differs by layout; without this a detector learns places instead of looks.
        seen = (seen - size / 2) * np.float32(np.exp(rng.uniform(-0.2, 0.12, 2))) + size / 2
        seen += np.array(rng.uniform(-0.08, 0.08, 2), np.float32) * size
    matrix = homography(seen + ORIGIN, rectangle(width, height))
    crop = crops.crops["document"][index]
    image = cv2.warpPerspective(crop, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return relight(np.asarray(image, np.uint8), rng), _targets(crops.targets[index], matrix, width, height)


def _targets(boxes: list[Any], matrix: np.ndarray, width: int, height: int) -> grid.Targets:
    classes, kept = [], []
    for name, left, top, right, bottom in boxes:
        corners: Points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        moved = project(matrix, corners)
        # Means of opposite corners: under a slight turn the tight box of a long line would grow with its length.
        low = np.array([moved[[0, 3], 0].mean(), moved[[0, 1], 1].mean()])
        high = np.array([moved[[1, 2], 0].mean(), moved[[2, 3], 1].mean()])
        low_in, high_in = np.clip(low, 0, [width, height]), np.clip(high, 0, [width, height])
        if np.prod(high_in - low_in) > 0.4 * np.prod(high - low):
            classes.append(name)
            kept.append(np.concatenate([low_in, high_in]))
    return grid.Targets(
        np.array(classes, np.int64),
        np.array(kept, np.float32).reshape(-1, 4),
        np.zeros((len(kept), 0, 2), np.float32),
    )


def validate(model: Any, crops: CropSet) -> dict[str, float]:
    """mAP50 over the classes that occur, and average precision and recall of each."""
    left, top = (int(value) for value in ORIGIN)
    rows, columns = slice(top, top + INPUT_HEIGHT_PX), slice(left, left + INPUT_WIDTH_PX)
    inner = np.stack([crop[rows, columns] for crop in crops.crops["document"]])
    found = [detections({"prediction": raw}) for raw in grid.predict(model, inner)]
    results = judge(zip([truths(boxes) for boxes in crops.targets], found, strict=True))
    precisions = {f"ap50_{name}": result.average_precision for name, result in sorted(results.items())}
    recalls = {f"recall_{name}": result.recall.value for name, result in sorted(results.items())}
    return {"map50": mean_average_precision(results), **precisions, **recalls}


def detections(outputs: Tensors) -> list[Detection]:
    """Everything the model lists, in the form that is judged; boxes in shares of the document."""
    return [(b.name, b.confidence, (b.left, b.top, b.right, b.bottom)) for b in read_all(outputs)]


def truths(boxes: list[Any]) -> list[Truth]:
    """A cached target in the form that is judged; boxes in shares of the document."""
    size = np.array([INPUT_WIDTH_PX, INPUT_HEIGHT_PX], np.float32)
    found: list[Truth] = []
    for name, *corners in boxes:
        left, top, right, bottom = (((np.array(corners, np.float32).reshape(2, 2) - ORIGIN) / size).ravel()).tolist()
        found.append((FIELD_CLASSES[int(name)], (left, top, right, bottom)))
    return found
