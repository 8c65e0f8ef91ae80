"""What the networks of our own are built of."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import nn


class Residual(nn.Module):
    """Two convolutions beside a straight way; width stays."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width, 1), conv(width, width, 1, act=False)

    def forward(self, x: Any) -> Any:
        """(n, width, h, w) -> the same."""
        return F.relu(x + self.second(self.first(x)))


def conv(before: int, after: int, stride: int, size: int = 3, act: bool = True) -> Any:
    """A convolution without bias and its normalisation, with a rectifier behind them unless told otherwise."""
    layers = [nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after)]
    return nn.Sequential(*layers, nn.ReLU()) if act else nn.Sequential(*layers)
