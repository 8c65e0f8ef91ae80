"""The network behind the corners model: it follows the four edges of the document, and meets them in the corners.

Along each edge it says, column by column or row by row, where the edge crosses and how much that place counts: a
finger, glare or the frame hides a part of an edge, seldom all of it. A line is laid through each edge, and two lines
meet in a corner. After the edge points of LDRNet (Wu et al. 2022), with the fit inside of the network, as in lanes by
differentiable least squares (Van Gansbeke et al. 2019).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from idqc.models.corners import CROP_CORNERS, CROP_HEIGHT_PX, CROP_WIDTH_PX, DOCUMENT_CLASSES
from idqc.train.blocks import Residual, conv

STRIDE = 4
ROWS, COLUMNS = CROP_HEIGHT_PX // STRIDE, CROP_WIDTH_PX // STRIDE
TRUNK_WIDTHS = (24, 32, 64, 96)
STEEPEST = 0.02
"""What holds a line straight of which hardly a place counts, as a share of all the weight."""


class CornersNet(nn.Module):
    """Residual trunk to stride 16, merged back to stride 4 for the edges; a dense layer tells way up and type.

    About 260 million multiplications.
    """

    def __init__(self) -> None:
        super().__init__()
        w2, w4, w8, w16 = TRUNK_WIDTHS
        self.stem = conv(3, w2, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(conv(before, after, 2), Residual(after)) for before, after in pairwise(TRUNK_WIDTHS)
        )
        self.squeeze = nn.Sequential(nn.Conv2d(w16, 32, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.Linear(32 * 10 * 14, 192), nn.ReLU())
        self.flip, self.kind = (nn.Linear(192, size) for size in (1, len(DOCUMENT_CLASSES)))
        # What the dense layer knows of the whole crop says which of two parallel edges is the document's.
        self.whole = nn.Linear(192, w16)
        self.place = nn.Parameter(torch.zeros(1, w16, CROP_HEIGHT_PX // 16, CROP_WIDTH_PX // 16))
        self.context = nn.Sequential(Residual(w16), conv(w16, w8, 1, size=1))
        self.at_8 = nn.Sequential(Residual(w8), conv(w8, w4, 1, size=1))
        self.at_4 = Residual(w4)
        self.edges = nn.Conv2d(w4, 8, 3, padding=1)

    def forward(self, crop: Any) -> tuple[Any, Any, Any]:
        """`crop` (n, 3, 160, 224) RGB 0..1 -> offsets (n, 8) in its shares, flip logit (n, 1), type logits (n, 5)."""
        maps, flip, kind = self.look(crop)
        across, counts = crossings(maps)
        return (meet(across, counts) - torch.from_numpy(CROP_CORNERS)).flatten(1), flip, kind

    def look(self, crop: Any) -> tuple[Any, Any, Any]:
        """The maps of the edges (n, 8, 40, 56): where left, top, right, bottom cross, then what each place counts."""
        seen = [self.stem(crop * 2 - 1)]
        for stage in self.stages:
            seen.append(stage(seen[-1]))
        whole = self.dense(self.squeeze(seen[3]))
        at_16 = seen[3] + self.place + self.whole(whole)[:, :, None, None]
        at_8 = seen[2] + F.interpolate(self.context(at_16), scale_factor=2.0)
        at_4 = seen[1] + F.interpolate(self.at_8(at_8), scale_factor=2.0)
        return self.edges(self.at_4(at_4)), self.flip(whole), self.kind(whole)


def crossings(maps: Any) -> tuple[Any, Any]:
    """From maps (n, 8, 40, 56) to where edges cross and what that counts, both in order left, top, right, bottom.

    Left and right cross each of 40 rows at an x, top and bottom each of 56 columns at a y: lists of four (n, 40 or 56),
    in shares of the crop.
    """
    where, worth = maps[:, :4].float(), maps[:, 4:].float()
    across, counts = [], []
    for edge in range(4):
        along = 2 if edge % 2 == 0 else 1
        size = where.shape[1 + along]
        at = (torch.arange(size, dtype=torch.float32) + 0.5) / size
        chance = torch.softmax(where[:, edge], dim=along)
        across.append((chance * (at if along == 2 else at[:, None])).sum(dim=along))
        counts.append(F.softplus(worth[:, edge].mean(dim=along)) + 1e-3)
    return across, counts


def meet(across: Any, counts: Any) -> Any:
    """The corners (n, 4, 2) where the lines through the four edges meet, in shares of the crop, from top left on."""
    (left, left_slope), (top, top_slope), (right, right_slope), (bottom, bottom_slope) = (
        fit(places, weights) for places, weights in zip(across, counts, strict=True)
    )
    pairs = (
        (left, left_slope, top, top_slope),
        (right, right_slope, top, top_slope),
        (right, right_slope, bottom, bottom_slope),
        (left, left_slope, bottom, bottom_slope),
    )
    corners = []
    for x0, by_y, y0, by_x in pairs:
        # x = x0 + by_y * y and y = y0 + by_x * x
        x = (x0 + by_y * y0) / (1 - by_y * by_x).clamp(min=0.2)
        corners.append(torch.stack([x, y0 + by_x * x], dim=1))
    return torch.stack(corners, dim=1)


def fit(places: Any, weights: Any) -> tuple[Any, Any]:
    """The line through places (n, k) at evenly spread steps, by weighted least squares: value at 0 and slope, (n,)."""
    steps = (torch.arange(places.shape[1], dtype=torch.float32) + 0.5) / places.shape[1]
    total = weights.sum(dim=1)
    mean_step = (weights * steps).sum(dim=1) / total
    mean_place = (weights * places).sum(dim=1) / total
    away = steps - mean_step[:, None]
    spread = (weights * away * away).sum(dim=1) + STEEPEST * 0.08 * total
    slope = (weights * away * (places - mean_place[:, None])).sum(dim=1) / spread
    return mean_place - slope * mean_step, slope


def true_crossings(corners: Any) -> Any:
    """Where the true edges, drawn on as lines, cross: four (n, 40 or 56) like `crossings`, from corners (n, 4, 2)."""
    top_left, top_right, bottom_right, bottom_left = corners.unbind(dim=1)
    ends = ((top_left, bottom_left), (top_left, top_right), (top_right, bottom_right), (bottom_left, bottom_right))
    across = []
    for edge, (start, end) in enumerate(ends):
        along, size = (1, ROWS) if edge % 2 == 0 else (0, COLUMNS)
        steps = (torch.arange(size, dtype=torch.float32) + 0.5) / size
        run = end[:, along] - start[:, along]
        slope = (end[:, 1 - along] - start[:, 1 - along]) / torch.where(
            run.abs() < 0.05, torch.full_like(run, 0.05), run
        )
        across.append(start[:, 1 - along, None] + slope[:, None] * (steps - start[:, along, None]))
    return across
