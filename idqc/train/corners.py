"""Trains the corners model on documents laid flat by quads that are off, as the detector's are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

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
from idqc.train.adversity import harden
from idqc.train.augment import relight
from idqc.train.corners_net import CornersNet, crossings, meet, true_crossings
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
FLIP_WEIGHT, TYPE_WEIGHT, EDGE_WEIGHT = 0.15, 0.15, 0.25
BLUR_CELLS = 0.8
"""How far to both sides of an edge its cells may say that it is there; a standard deviation."""
BEYOND = 0.25
"""What a place counts in training that lies on the drawn-out line, beyond the end of the edge."""
HARD_SHARE = 0.3


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
            maps, logit, named = model.look(crop.contiguous(memory_format=torch.channels_last))
        found = meet(*crossings(maps))
        true = torch.from_numpy(CROP_CORNERS) + offsets.view(-1, 4, 2)
        where = F.smooth_l1_loss(found * OFFSET_SCALE, true * OFFSET_SCALE, beta=0.5)
        side = F.binary_cross_entropy_with_logits(logit.float()[:, 0], flip, weight=counts)
        told = FLIP_WEIGHT * side + TYPE_WEIGHT * F.cross_entropy(named.float(), kind)
        return where + told + EDGE_WEIGHT * edge_loss(maps, true)

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


def edge_loss(maps: Any, corners: Any) -> Any:
    """Cross entropy of where each edge crosses each row or column, from maps (n, 8, 40, 56) and corners (n, 4, 2)."""
    ends = (corners[:, [0, 3]], corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [3, 2]])
    total = torch.zeros(())
    for edge, (places, (start, end)) in enumerate(
        zip(true_crossings(corners), (pair.unbind(dim=1) for pair in ends), strict=True)
    ):
        along = 2 if edge % 2 == 0 else 1
        logits = maps[:, edge].float()
        size, steps = logits.shape[along], logits.shape[3 - along]
        logits = logits if along == 2 else logits.transpose(1, 2)
        cells = (torch.arange(size, dtype=torch.float32) + 0.5) / size
        inside = places.clamp(cells[0], cells[-1])
        wanted = torch.softmax(-0.5 * ((cells - inside[:, :, None]) * size / BLUR_CELLS) ** 2, dim=2)
        at, axis = (torch.arange(steps, dtype=torch.float32) + 0.5) / steps, along - 1
        on = (at > start[:, axis, None]) & (at < end[:, axis, None])
        worth = torch.where(on, 1.0, BEYOND)
        total = total - (worth * (wanted * torch.log_softmax(logits, dim=2)).sum(dim=2)).mean()
    return total / 4


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
    lit = relight(crop, rng)
    return harden(lit, rng) if rng.random() < HARD_SHARE else lit, offsets.ravel(), np.float32(flip), weight, kind


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
        types.append(int(found.types.argmax()) == target["type"])
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
