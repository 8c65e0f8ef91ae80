"""Ultralytics' YOLO11n networks and losses in our own plain loop; nothing is downloaded, training starts from scratch.

Ultralytics is AGPL-3.0: it is used here, for training, and by nothing that serves. In a plain loop with bfloat16 and
channels-last tensors a core trains 2-4 times as many photos a second as with the stock trainer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from idqc.settings import keep_ultralytics_offline
from idqc.train.export import export_onnx
from idqc.train.loop import Budget, fit

KEYPOINT_SIGMA = 0.1
"""Tolerance of a corner in the keypoint loss, as a share of the document's size; a person's hip has 0.107."""
SMALL_STAGE_SHARE = 0.55
"""This share of the time goes to smaller pictures: 2-3 times as many a second while the network learns what is what."""
FULL_STAGE_RATE_SHARE = 0.6


@dataclass(frozen=True, eq=False)
class Targets:
    """What one picture shows: `classes` (n,), `boxes_xyxy` (n, 4) and `points_xy` (n, k, 2), all in its pixels."""

    classes: np.ndarray
    boxes_xyxy: np.ndarray
    points_xy: np.ndarray


Sample = tuple[np.ndarray, Targets]
"""(height, width, 3) uint8 BGR and its targets."""


def build(class_count: int, point_count: int) -> Any:
    """A YOLO11n with a pose head for `point_count` points, or a plain detector when 0, with random weights."""
    keep_ultralytics_offline()
    from ultralytics.nn.tasks import DetectionModel, PoseModel
    from ultralytics.utils import DEFAULT_CFG

    if point_count:
        model = PoseModel("yolo11n-pose.yaml", nc=class_count, data_kpt_shape=(point_count, 3), verbose=False)
        model.kpt_oks_sigmas = [KEYPOINT_SIGMA] * point_count
    else:
        model = DetectionModel("yolo11n.yaml", nc=class_count, verbose=False)
    model.args = DEFAULT_CFG
    model.to(memory_format=torch.channels_last)
    model.criterion = model.init_criterion()
    return model


def collate(samples: list[Sample]) -> tuple[Any, dict[str, Any]]:
    """A batch for the loss: `image` (n, 3, h, w) uint8 RGB and Ultralytics' flat targets in shares of the picture."""
    height, width = samples[0][0].shape[:2]
    size = np.array([width, height], np.float32)
    pixels = np.stack([image for image, _ in samples])[..., ::-1]
    images = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
    boxes = np.concatenate([targets.boxes_xyxy.reshape(-1, 2, 2) for _, targets in samples]) / size
    points = np.concatenate([targets.points_xy for _, targets in samples]) / size
    sharp = np.concatenate([points, np.full((*points.shape[:2], 1), 2.0)], axis=2)
    return images, {
        "batch_idx": torch.from_numpy(np.repeat(np.arange(len(samples)), [len(t.classes) for _, t in samples])).float(),
        "cls": torch.from_numpy(np.concatenate([targets.classes for _, targets in samples])).float()[:, None],
        "bboxes": torch.from_numpy(np.concatenate([boxes.mean(axis=1), boxes[:, 1] - boxes[:, 0]], axis=1)).float(),
        "keypoints": torch.from_numpy(sharp).float(),
    }


def loss(model: Any, batch: tuple[Any, dict[str, Any]]) -> Any:
    """Ultralytics' own loss of one batch, a scalar tensor: box, class, distribution and, with points, pose."""
    images, targets = batch
    found = _forward(model, images)
    raw = {
        key: [v.float() for v in value] if isinstance(value, list) else value.float() for key, value in found.items()
    }
    total, _ = model.criterion(raw, targets)
    return total.sum() / len(images)


def predict(model: Any, images_bgr: np.ndarray, batch: int = 16) -> np.ndarray:
    """What the exported file would say of pictures (n, h, w, 3) uint8 BGR: (n, channels, anchors) float32."""
    found, unit = [], share_units(model, *images_bgr.shape[1:3]).numpy()
    for start in range(0, len(images_bgr), batch):
        rgb = np.ascontiguousarray(images_bgr[start : start + batch, :, :, ::-1])
        found.append(_forward(model, torch.from_numpy(rgb).permute(0, 3, 1, 2))[0].float().numpy() * unit)
    return np.concatenate(found)


def train_in_stages(
    model: Any,
    sample: Callable[[int, float, np.random.Generator], Sample],
    count: int,
    validate: Callable[[Any], dict[str, float]],
    after_stage: Callable[[Any, dict[str, Any]], None],
    budget: Budget,
    out: Path,
    small_scale: float,
) -> dict[str, Any]:
    """Trains on smaller pictures for about half of the budget, then at full size.

    Args:
        sample: `sample(index, scale, rng)` draws one picture of item `index` at a share of the full input size.
        count: how many items there are.
        after_stage: gets the averaged model in eval mode and the run's numbers; it may export a usable file early.
        small_scale: the share of the full input size in the first stage; sides must stay multiples of 32.
    """
    model.train()
    numbers: dict[str, Any] = {}
    totals = {"seconds": 0.0, "steps": 0, "epochs": 0.0, "examples": 0}
    shares = ((SMALL_STAGE_SHARE, small_scale, 1.0), (1 - SMALL_STAGE_SHARE, 1.0, FULL_STAGE_RATE_SHARE))
    for stage, (share, scale, rate) in enumerate(shares):
        part = replace(
            budget,
            epochs=max(round(budget.epochs * share), 1),
            minutes=budget.minutes * share if budget.minutes else None,
            learning_rate=budget.learning_rate * rate,
        )
        batches = _batches(sample, count, scale, part, stage)
        steps = max(count // budget.batch, 1)
        numbers = fit(model, batches, steps, loss, validate, part, out / f"stage{stage + 1}")
        totals = {key: totals[key] + numbers[key] for key in totals}
        numbers |= totals
        after_stage(model, numbers)
    return numbers


def export(model: Any, size_px: tuple[int, int], path: Path) -> float:
    """Writes `image` (1, 3, height, width) -> `prediction` (1, channels, anchors); returns the parity difference."""
    head = model.model[-1]
    head.export, head.format = True, "onnx"
    generator = torch.Generator().manual_seed(7)
    example = torch.rand(1, 3, size_px[1], size_px[0], generator=generator)
    try:
        return export_onnx(_Exported(model, *example.shape[2:]), [example], (["image"], ["prediction"]), path)
    finally:
        head.export = False


def share_units(model: Any, height: int, width: int) -> Any:
    """(1, channels, 1): what the raw tensor is multiplied with so that pixels become shares of the picture."""
    head = model.model[-1]
    across, down = 1 / width, 1 / height
    points = [across, down, 1.0] * (head.kpt_shape[0] if hasattr(head, "kpt_shape") else 0)
    return torch.tensor([across, down, across, down, *[1.0] * head.nc, *points])[None, :, None]


class _Exported(torch.nn.Module):
    def __init__(self, model: Any, height: int, width: int) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("unit", share_units(model, height, width))

    def forward(self, image: Any) -> Any:
        """The decoded tensor alone, in shares of the picture."""
        return self.model(image) * self.unit


def _forward(model: Any, images: Any) -> Any:
    scaled = (images.float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        return model(scaled)


def _batches(
    sample: Callable[[int, float, np.random.Generator], Sample], count: int, scale: float, budget: Budget, stage: int
) -> Callable[[int], Iterator[tuple[Any, dict[str, Any]]]]:
    def batches(epoch: int) -> Iterator[tuple[Any, dict[str, Any]]]:
        rng = np.random.default_rng([budget.seed, stage, epoch])
        order = rng.permutation(max(count, budget.batch)) % count
        for start in range(0, len(order) - budget.batch + 1, budget.batch):
            yield collate([sample(int(index), scale, rng) for index in order[start : start + budget.batch]])

    return batches
