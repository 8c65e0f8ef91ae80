"""Trains the corners model: a small residual network of our own that regresses where the corners really are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from idqc.inspection import Image, Points
from idqc.models.corners import (
    CROP_CORNERS,
    CROP_HEIGHT_PX,
    CROP_WIDTH_PX,
    DOCUMENT_CLASSES,
    NAME,
    crop_to_photo,
    landscape,
    normalise,
    read,
    shrink,
    usable,
    warp,
)
from idqc.photo.geometry import homography, iou, project, rectangle
from idqc.train.augment import relight
from idqc.train.crop_sets import CropSet, Labelled, holds_document, load_crops
from idqc.train.crops import Crop
from idqc.train.export import export_onnx
from idqc.train.loop import Budget, fit
from idqc.train.manifest import write_own

CACHE_MARGIN = 0.45
CACHE_WIDTH_PX, CACHE_HEIGHT_PX = 448, 320
"""About the density of the model's crop, with room for a coarse quad that is far off."""
RECIPE = f"corners {CACHE_WIDTH_PX} {CACHE_MARGIN} 2"
INNER = np.array([CACHE_WIDTH_PX, CACHE_HEIGHT_PX], np.float32) / (1 + 2 * CACHE_MARGIN)
OFFSET_SCALE = 30.0
"""Offsets are learned in thirtieths of the crop: about 7 px, where the smooth loss turns from square to straight."""
FLIP_WEIGHT, TYPE_WEIGHT = 0.15, 0.15


class CornersNet(nn.Module):
    """Residual trunk to stride 16, then a dense layer that keeps positions: about 100 million multiplications."""

    def __init__(self) -> None:
        super().__init__()
        widths = (24, 32, 64, 96)
        stages: list[Any] = [_conv(3, widths[0], 2)]
        for before, after in pairwise(widths):
            stages += [_conv(before, after, 2), _Residual(after)]
        self.trunk = nn.Sequential(*stages, nn.Conv2d(widths[-1], 32, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.Linear(32 * 10 * 14, 192), nn.ReLU())
        self.offsets, self.flip, self.kind = (nn.Linear(192, size) for size in (8, 1, len(DOCUMENT_CLASSES)))

    def forward(self, crop: Any) -> tuple[Any, Any, Any]:
        """`crop` (n, 3, 160, 224) RGB 0..1 -> offsets (n, 8) in its shares, flip logit (n, 1), type logits (n, 5)."""
        seen = self.dense(self.trunk(crop * 2 - 1))
        return self.offsets(seen) / OFFSET_SCALE, self.flip(seen), self.kind(seen)


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width, 1), _conv(width, width, 1, act=False)

    def forward(self, x: Any) -> Any:
        """Two convolutions beside a straight way."""
        return F.relu(x + self.second(self.first(x)))


def _conv(before: int, after: int, stride: int, act: bool = True) -> Any:
    layers = [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)]
    return nn.Sequential(*layers, nn.ReLU()) if act else nn.Sequential(*layers)


def train(data: list[Path], out: Path, weights: Path, budget: Budget) -> dict[str, Any]:
    """Trains on split train, validates on split calibrate, writes weights/corners.onnx and its manifest entry."""
    train_crops, check_crops = (
        load_crops(data, split, out / "cache", RECIPE, cut, holds_document) for split in ("train", "calibrate")
    )

    def batches(epoch: int) -> Iterator[Any]:
        rng = np.random.default_rng([budget.seed, epoch])
        order = rng.permutation(max(len(train_crops), budget.batch)) % len(train_crops)
        for start in range(0, len(order) - budget.batch + 1, budget.batch):
            drawn = [draw(train_crops, int(index), rng) for index in order[start : start + budget.batch]]
            crops, *rest = (np.stack(part) for part in zip(*drawn, strict=True))
            yield tuple(map(torch.from_numpy, (normalise(crops), *rest)))

    def loss(model: Any, batch: Any) -> Any:
        crop, offsets, flip, counts, kind = batch
        with torch.autocast("cpu", torch.bfloat16):
            moved, logit, named = model(crop.contiguous(memory_format=torch.channels_last))
        where = F.smooth_l1_loss(moved.float() * OFFSET_SCALE, offsets * OFFSET_SCALE, beta=0.5)
        side = F.binary_cross_entropy_with_logits(logit.float()[:, 0], flip, weight=counts)
        return where + FLIP_WEIGHT * side + TYPE_WEIGHT * F.cross_entropy(named.float(), kind)

    model = CornersNet().to(memory_format=torch.channels_last)
    steps = max(len(train_crops) // budget.batch, 1)
    numbers = fit(model, batches, steps, loss, lambda trained: validate(trained, check_crops), budget, out)
    path = weights / f"{NAME}.onnx"
    example = torch.rand(1, 3, CROP_HEIGHT_PX, CROP_WIDTH_PX, generator=torch.Generator().manual_seed(7))
    parity = export_onnx(model, [example], (["crop"], ["offsets", "flip", "type"]), path)
    write_own(
        path,
        NAME,
        data,
        len(train_crops),
        budget.seed,
        numbers,
        parity,
        inputs={"crop": "NCHW, RGB, 0..1, photo rectified by a coarse quad with 15 % margin"},
        outputs={
            "offsets": "4 x (x, y) in shares of the crop",
            "flip": "logit that the document stands on its head",
            "type": "a logit for each of kr_resident, kr_driver, passport, td1, unsupported",
        },
    )
    return numbers


def cut(item: Labelled) -> Iterator[Crop]:
    """The document laid flat by its true quad with a wide margin; `upright` 0 where its own top is not known."""
    photo = item.photo_for(1.5 * float(INNER[0]))
    quad = item.quad() * np.float32(photo.scale)
    lying = landscape(quad)
    image, shrunk = shrink(photo.bgr, lying, *map(float, INNER))
    yield (
        {"crop": warp(image, cache_to_image(lying * np.float32(shrunk)), CACHE_WIDTH_PX, CACHE_HEIGHT_PX)},
        {
            "upright": float(item.label.document_type is not None and np.array_equal(lying, quad)),
            "type": DOCUMENT_CLASSES.index(item.label.document_type or DOCUMENT_CLASSES[-1]),
        },
    )


def cache_to_image(quad_xy: Points) -> np.ndarray:
    """The 3x3 matrix from shares of the cached crop to the pixels of `quad_xy`, which it holds CACHE_MARGIN inside."""
    return homography(TRUE_QUAD, quad_xy)


TRUE_QUAD = (rectangle(1, 1) + np.float32(CACHE_MARGIN)) / np.float32(1 + 2 * CACHE_MARGIN)
"""Where the true corners lie in a cached crop, in shares of it."""


def draw(
    crops: CropSet, index: int, rng: np.random.Generator
) -> tuple[Image, np.ndarray, np.float32, np.float32, np.int64]:
    """A training crop, as a coarse quad drawn around the truth shows it: crop, offsets (8,), flip, its weight, type."""
    flip = bool(rng.random() < 0.5)
    true = np.roll(TRUE_QUAD, 2, axis=0) if flip else TRUE_QUAD
    coarse = coarse_quad(true, rng)
    to_cache = crop_to_photo(coarse)
    crop = warp(crops.crops["crop"][index], to_cache_px(to_cache), CROP_WIDTH_PX, CROP_HEIGHT_PX)
    offsets = project(np.linalg.inv(to_cache), true) - CROP_CORNERS
    target = crops.targets[index]
    weight, kind = np.float32(target["upright"]), np.int64(target["type"])
    return relight(crop, rng), offsets.ravel(), np.float32(flip), weight, kind


def to_cache_px(matrix: np.ndarray) -> np.ndarray:
    """A matrix that ends in shares of the cached crop, carried on to its pixels."""
    return np.diag([CACHE_WIDTH_PX, CACHE_HEIGHT_PX, 1.0]) @ matrix


def coarse_quad(true: Points, rng: np.random.Generator) -> Points:
    """A quad as wrong as the first network's, or as right as after one refinement, in shares of the cached crop."""
    span = np.float32(1 / (1 + 2 * CACHE_MARGIN))
    for _ in range(20):
        spread = np.exp(rng.uniform(np.log(0.006), np.log(0.15)))
        angle = rng.normal(0, 0.8 * spread)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
        away = (true - np.float32(0.5)) @ turn.T * np.float32(1 + rng.normal(0, spread, 2))
        away += span * np.array(rng.normal(0, 0.7 * spread, 2), np.float32) + span * np.array(
            rng.normal(0, spread, (4, 2)), np.float32
        )
        quad = np.asarray(away + np.float32(0.5), np.float32)
        if usable(quad) and float(np.abs(quad - true).max()) < 0.36 * span:
            return quad
    return true


def validate(model: Any, crops: CropSet) -> dict[str, float]:
    """IoU with the true quad after one and two passes from drawn coarse quads, and the share of flips told right."""
    rng = np.random.default_rng(7)
    before, flips, types = list[float](), list[bool](), list[bool]()
    overlaps: tuple[list[float], list[float]] = ([], [])
    for image, target in zip(crops.crops["crop"], crops.targets, strict=True):
        flip = bool(rng.random() < 0.5)
        true = np.roll(TRUE_QUAD, 2, axis=0) if flip else TRUE_QUAD
        quad = coarse_quad(true, rng)
        before.append(iou(quad, true))
        for passed in range(2):
            crop = warp(image, to_cache_px(crop_to_photo(quad)), CROP_WIDTH_PX, CROP_HEIGHT_PX)
            answer = model(torch.from_numpy(normalise(crop)[None]))
            found = read(dict(zip(("offsets", "flip", "type"), (part.numpy() for part in answer), strict=True)), quad)
            quad = found.quad_xy
            overlaps[passed].append(iou(quad, true))
        types.append(found.type == DOCUMENT_CLASSES[target["type"]])
        if target["upright"]:
            flips.append((found.upside_down > 0.5) == flip)
    return {
        "iou_before": float(np.mean(before)),
        "iou_median": float(np.median(overlaps[1])),
        "iou_95_share_first_pass": float(np.mean(np.array(overlaps[0]) >= 0.95)),
        "iou_95_share": float(np.mean(np.array(overlaps[1]) >= 0.95)),
        "flip_accuracy": float(np.mean(flips)) if flips else 0.0,
        "type_accuracy": float(np.mean(types)),
    }
