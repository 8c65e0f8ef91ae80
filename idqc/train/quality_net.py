"""The network of the quality model, and the quick fits of its small parts that a training run starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import mobilenet_v3_small

from idqc.models import quality as reader

PLAIN_DECAY = 1e-4


def severity_loss(logits: Tensor, severity: Tensor) -> Tensor:
    """Soft targets tell the order; spoilt documents are rarer than good ones and weigh more."""
    return F.binary_cross_entropy_with_logits(logits, severity, weight=1 + 2 * severity)


def map_loss(logits: Tensor, maps: Tensor) -> Tensor:
    """A spot of glare takes few of the cells: without weight the map would stay empty."""
    return F.binary_cross_entropy_with_logits(logits, maps, weight=1 + 3 * maps)


class QualityNet(nn.Module):
    """Inputs image (n, 3, 224, 224) and measures (n, 44); outputs severity (n, 4) and map (n, 4, 14, 14).

    The severity is what the measures say by themselves (`plain`, a logistic regression at the start) and what the
    network adds to it (nothing at the start). In train mode severity and map come out as logits.
    """

    def __init__(self, measures: np.ndarray) -> None:
        super().__init__()
        trunk = mobilenet_v3_small(weights=None).features
        self.fine, self.coarse = trunk[:9], trunk[9:]
        self.register_buffer("mean", torch.from_numpy(measures.mean(axis=0)))
        self.register_buffer("scale", torch.from_numpy(1.0 / (measures.std(axis=0) + 1e-3)))
        self.near = nn.Conv2d(48, 32, 1)
        self.far = nn.Conv2d(576, 32, 1)
        self.map = nn.Sequential(nn.Hardswish(), nn.Conv2d(32, len(reader.CRITERIA), 1))
        self.measured = nn.Sequential(
            nn.Linear(reader.MEASURE_COUNT, 64), nn.Hardswish(), nn.Linear(64, 64), nn.Hardswish()
        )
        self.plain = nn.Linear(reader.MEASURE_COUNT, len(reader.CRITERIA))
        joined = 576 + 64 + 2 * len(reader.CRITERIA)
        self.severity = nn.Sequential(
            nn.Linear(joined, 96), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(96, len(reader.CRITERIA))
        )
        self.cells = nn.Sequential(nn.Conv2d(15, 24, 1), nn.Hardswish(), nn.Conv2d(24, len(reader.CRITERIA), 1))
        for last in (self.severity[-1], self.map[-1]):
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, image: Tensor, measures: Tensor) -> tuple[Tensor, Tensor]:
        near = self.fine(image)
        far = self.coarse(near)
        spread = F.interpolate(self.far(far), size=(reader.MAP_CELLS, reader.MAP_CELLS), mode="nearest")
        maps = self.map(self.near(near) + spread)
        known = self.standard(measures)
        joined = torch.cat([far.mean((2, 3)), self.measured(known), maps.mean((2, 3)), maps.amax((2, 3))], 1)
        severity = self.plain(known) + self.severity(joined)
        maps = maps + self.cells(self.light(image))
        if self.training:
            return severity, maps
        return torch.sigmoid(severity), torch.sigmoid(maps)

    def light(self, image: Tensor) -> Tensor:
        """How light and how even each of 14 x 14 cells is, beside its neighbours and the whole document."""
        cell = reader.SIZE_PX // reader.MAP_CELLS
        mean = F.avg_pool2d(image, cell)
        most, least = F.max_pool2d(image, cell), -F.max_pool2d(-image, cell)
        around = F.avg_pool2d(mean, 3, stride=1, padding=1, count_include_pad=False)
        whole = mean.mean((2, 3), keepdim=True).expand_as(mean)
        return torch.cat([mean, most, least, around, whole], 1)

    def standard(self, measures: Tensor) -> Tensor:
        """Measures with mean 0 and deviation 1 over the training documents."""
        # Measures of a photo unlike any in training must not drive the head beyond what it has seen.
        standard: Tensor = ((measures - self.mean) * self.scale).clamp(-5.0, 5.0)
        return standard

    def start_from_measures(self, measures: Tensor, severity: Tensor) -> None:
        """Fits `plain` by itself: the network then has to add to what simple measures know, never to find it again."""
        known = self.standard(measures)
        parameters = list(self.plain.parameters())
        search = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

        def evaluate() -> Tensor:
            search.zero_grad()
            errors = severity_loss(self.plain(known), severity) + PLAIN_DECAY * self.plain.weight.square().sum()
            errors.backward()
            return errors

        search.step(evaluate)


def start_map(
    model: Any, images: Callable[[Iterable[int]], np.ndarray], maps: np.ndarray, seed: int, steps: int = 400
) -> None:
    """Fits `cells` by itself, on every document with glare and as many others, beside what the map says already.

    Args:
        images: gives (n, 224, 224, 3) uint8 BGR by their numbers.
        maps: (all, 4, 14, 14) float32 targets.
    """
    rng = np.random.default_rng(seed)
    shiny = maps[:, reader.GLARE].max(axis=(1, 2)) > 0
    others = np.flatnonzero(~shiny)
    chosen = np.concatenate([np.flatnonzero(shiny), rng.permutation(others)[: max(int(shiny.sum()), 64)]])
    light, known = [], []
    model.eval()
    with torch.no_grad():
        for part in np.array_split(chosen, max(len(chosen) // 32, 1)):
            image = torch.from_numpy(reader.normalise(images(part)))
            light.append(model.light(image))
            near = model.fine(image)
            spread = F.interpolate(model.far(model.coarse(near)), size=light[-1].shape[2:], mode="nearest")
            known.append(model.map(model.near(near) + spread))
    features, offset = torch.cat(light), torch.cat(known)
    wanted = torch.from_numpy(maps[chosen])
    search = torch.optim.Adam(model.cells.parameters(), lr=2e-2)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(search, steps)
    for _ in range(steps):
        part = torch.from_numpy(rng.integers(len(chosen), size=32))
        search.zero_grad()
        map_loss(offset[part] + model.cells(features[part]), wanted[part]).backward()
        search.step()
        slower.step()
