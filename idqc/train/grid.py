"""A small detector of our own: every cell of a grid says what stands in it, its box and its points.

Fully convolutional, after FCOS (Tian et al. 2019) with one level only: a document lies alone in its photo, and fields
differ little in height, so that a pyramid of scales and a learned assignment buy little and cost much training time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from idqc.train.blocks import Residual, conv

STRIDE = 8
WIDTHS = (16, 32, 64, 96, 128)
HEAD_WIDTH = 64
PRIOR = 0.01
"""What a cell says of a class before it has learned anything: most cells are empty."""
CENTRE_SHARE = 0.3
"""Cells up to this share of width and height away from a box's centre answer for it, and always the nearest."""
FOCAL_POWER, FOCAL_BALANCE = 1.5, 0.4
BOX_WEIGHT, POINT_WEIGHT = 1.5, 4.0
POINT_BETA = 0.02
"""Of a box's mean side: farther off than this, a point is pulled with a constant force."""


@dataclass(frozen=True, eq=False)
class Targets:
    """What one picture shows: `classes` (n,), `boxes_xyxy` (n, 4) and `points_xy` (n, k, 2), all in its pixels."""

    classes: np.ndarray
    boxes_xyxy: np.ndarray
    points_xy: np.ndarray


Sample = tuple[np.ndarray, Targets]
"""(height, width, 3) uint8 BGR and its targets."""


class GridNet(nn.Module):
    """Residual trunk to stride 32, merged back to stride 8, then class, box and point maps."""

    def __init__(self, class_count: int, point_count: int) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = WIDTHS
        self.class_count, self.point_count = class_count, point_count
        self.to_8 = nn.Sequential(conv(3, w1, 2), conv(w1, w2, 2), conv(w2, w3, 2), Residual(w3))
        self.to_16 = nn.Sequential(conv(w3, w4, 2), Residual(w4))
        self.to_32 = nn.Sequential(conv(w4, w5, 2), Residual(w5), Residual(w5))
        self.down_16, self.down_8 = conv(w5, w4, 1, 1), conv(w4, w3, 1, 1)
        self.merge_16, self.merge_8 = Residual(w4), Residual(w3)
        self.head = nn.Sequential(conv(w3, HEAD_WIDTH, 1), conv(HEAD_WIDTH, HEAD_WIDTH, 1))
        self.classes = nn.Conv2d(HEAD_WIDTH, class_count, 1)
        self.boxes = nn.Conv2d(HEAD_WIDTH, 4 + 2 * point_count, 1)
        nn.init.constant_(self.classes.bias, -float(np.log((1 - PRIOR) / PRIOR)))
        nn.init.constant_(self.boxes.bias[:4], 1.0)

    def forward(self, image: Any) -> tuple[Any, Any]:
        """`image` (n, 3, h, w) RGB 0..1 -> class logits (n, cells, classes), box and points (n, cells, 4 + 2 k).

        A box is the logarithm of its distances left, up, right and down from the cell's centre, in strides; a point its
        distance from there in strides.
        """
        at_8 = self.to_8(image * 2 - 1)
        at_16 = self.to_16(at_8)
        at_32 = self.to_32(at_16)
        at_16 = self.merge_16(at_16 + F.interpolate(self.down_16(at_32), scale_factor=2.0))
        at_8 = self.merge_8(at_8 + F.interpolate(self.down_8(at_16), scale_factor=2.0))
        seen = self.head(at_8)
        return self.classes(seen).flatten(2).transpose(1, 2), self.boxes(seen).flatten(2).transpose(1, 2)


def centres(height_px: int, width_px: int) -> Any:
    """(cells, 2) x, y of the cells' centres in pixels, row by row."""
    y, x = torch.meshgrid(torch.arange(height_px // STRIDE), torch.arange(width_px // STRIDE), indexing="ij")
    return (torch.stack([x, y], dim=-1).reshape(-1, 2) + 0.5) * STRIDE


def assign(targets: Targets, at: np.ndarray) -> np.ndarray:
    """(cells,) index of the thing that each cell answers for, -1 for none; the smaller of two that claim a cell."""
    owner = np.full(len(at), -1, np.int64)
    sizes = targets.boxes_xyxy[:, 2:] - targets.boxes_xyxy[:, :2]
    for index in np.argsort(-sizes.prod(axis=1)):
        middle = (targets.boxes_xyxy[index, :2] + targets.boxes_xyxy[index, 2:]) / 2
        away = np.abs(at - middle)
        near = np.all(away <= np.maximum(CENTRE_SHARE * sizes[index], 0.51 * STRIDE), axis=1)
        near[np.argmin(away.sum(axis=1))] = True
        owner[near] = index
    return owner


def collate(samples: list[Sample], point_count: int) -> tuple[Any, ...]:
    """A batch: images (n, 3, h, w) uint8 RGB; positive cells as (picture, cell, class); their boxes and points, px."""
    height, width = samples[0][0].shape[:2]
    at = centres(height, width).numpy()
    cells, boxes, points = [], [], []
    for number, (_, targets) in enumerate(samples):
        if not len(targets.classes):
            continue
        owner = assign(targets, at)
        positive = np.flatnonzero(owner >= 0)
        mine = owner[positive]
        cells.append(np.stack([np.full(len(mine), number), positive, targets.classes[mine].astype(np.int64)], axis=1))
        boxes.append(targets.boxes_xyxy[mine])
        points.append(targets.points_xy[mine].reshape(len(mine), -1))
    rows = np.concatenate(cells) if cells else np.zeros((0, 3), np.int64)
    places = np.concatenate(boxes) if boxes else np.zeros((0, 4), np.float32)
    marks = np.concatenate(points) if points else np.zeros((0, 2 * point_count), np.float32)
    rgb = np.ascontiguousarray(np.stack([image for image, _ in samples])[..., ::-1])
    images = torch.from_numpy(rgb).permute(0, 3, 1, 2)
    return images, torch.from_numpy(rows), torch.from_numpy(places).float(), torch.from_numpy(marks).float()


def loss(model: Any, batch: tuple[Any, ...]) -> Any:
    """Focal loss of the classes, 1 - GIoU of the boxes, smooth L1 of the points in shares of their box; a scalar."""
    images, rows, boxes, points = batch
    logits, places = forward(model, images)
    wanted = torch.zeros_like(logits)
    wanted[rows[:, 0], rows[:, 1], rows[:, 2]] = 1.0
    chance = torch.sigmoid(logits.detach())
    focus = torch.where(wanted > 0, (1 - chance) ** FOCAL_POWER, FOCAL_BALANCE * chance**FOCAL_POWER)
    count = max(len(rows), 1)
    classes = (focus * F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")).sum() / count
    if not len(rows):
        return classes + 0.0 * places.sum()
    at = centres(*images.shape[2:])[rows[:, 1]]
    mine = places[rows[:, 0], rows[:, 1]]
    found = to_boxes(mine[:, :4], at)
    where = (1 - giou(found, boxes)).mean()
    if not points.shape[1]:
        return classes + BOX_WEIGHT * where
    marks = (at[:, None] + mine[:, 4:].reshape(len(rows), -1, 2) * STRIDE).flatten(1)
    size = (boxes[:, 2:] - boxes[:, :2]).mean(dim=1, keepdim=True)
    corners = F.smooth_l1_loss(marks / size, points / size, beta=POINT_BETA)
    return classes + BOX_WEIGHT * where + POINT_WEIGHT * corners


def to_boxes(logs: Any, at: Any) -> Any:
    """(..., 4) logarithms of distances in strides around centres (..., 2) -> (..., 4) xyxy in pixels."""
    away = torch.exp(logs.clamp(-4, 5)) * STRIDE
    return torch.cat([at - away[..., :2], at + away[..., 2:]], dim=-1)


def giou(a: Any, b: Any) -> Any:
    """Generalised IoU (Rezatofighi et al. 2019) of boxes (n, 4) with boxes (n, 4): (n,), -1..1."""
    shared = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(dim=1)
    union = (a[:, 2:] - a[:, :2]).prod(dim=1) + (b[:, 2:] - b[:, :2]).prod(dim=1) - shared
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1)
    return shared / union - (hull - union) / hull


def forward(model: Any, images: Any) -> tuple[Any, Any]:
    """Runs (n, 3, h, w) uint8 RGB in bfloat16 where that is as good; float32 answers."""
    scaled = (images.float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits, places = model(scaled)
    return logits.float(), places.float()


def assemble(logits: Any, places: Any, height_px: int, width_px: int) -> Any:
    """The raw tensor (n, 4 + classes + 3 k, cells) that `idqc.models.boxes.decode` reads: shares of the picture."""
    size = torch.tensor([width_px, height_px])
    at = centres(height_px, width_px)
    boxes = to_boxes(places[..., :4], at)
    middle, extent = (boxes[..., :2] + boxes[..., 2:]) / 2 / size, (boxes[..., 2:] - boxes[..., :2]) / size
    rows = [middle, extent, torch.sigmoid(logits)]
    for start in range(4, places.shape[-1], 2):
        point = (at + places[..., start : start + 2] * STRIDE) / size
        rows += [point, ((point >= 0) & (point <= 1)).all(dim=-1, keepdim=True).float()]
    return torch.cat(rows, dim=-1).transpose(1, 2)


class Exported(nn.Module):
    """What is written to a file: pictures in, the raw tensor out."""

    def __init__(self, model: Any, height_px: int, width_px: int) -> None:
        super().__init__()
        self.model, self.height_px, self.width_px = model, height_px, width_px

    def forward(self, image: Any) -> Any:
        """`image` (1, 3, h, w) RGB 0..1 -> `prediction` (1, 4 + classes + 3 k, cells)."""
        logits, places = self.model(image)
        return assemble(logits, places, self.height_px, self.width_px)


def predict(model: Any, images_bgr: np.ndarray, batch: int = 16) -> Iterator[np.ndarray]:
    """What the exported file would say of each of (n, h, w, 3) uint8 BGR pictures: (1, channels, cells) float32."""
    for start in range(0, len(images_bgr), batch):
        rgb = np.ascontiguousarray(images_bgr[start : start + batch, :, :, ::-1])
        logits, places = forward(model, torch.from_numpy(rgb).permute(0, 3, 1, 2))
        raw = assemble(logits, places, images_bgr.shape[1], images_bgr.shape[2])
        yield from raw.numpy()[:, None]


def batches_of(
    sample: Callable[[int, np.random.Generator], Sample], count: int, batch: int, seed: int, point_count: int
) -> Callable[[int], Iterator[tuple[Any, ...]]]:
    """The batches of an epoch for `fit`: every item once, in an order and with drawings of that epoch."""

    def batches(epoch: int) -> Iterator[tuple[Any, ...]]:
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(max(count, batch)) % count
        for start in range(0, len(order) - batch + 1, batch):
            yield collate([sample(int(index), rng) for index in order[start : start + batch]], point_count)

    return batches
