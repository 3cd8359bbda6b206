"""Perceptual distance: differences between features of several depths, each a unit vector at each place.

Paper: Zhang et al., arXiv:1801.03924, equation 1, with all of its learned weights 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

_EPSILON = 1e-10


class UnitFeatures(nn.Module):
    """Images `[N, 3, R, R]` in [-1, 1] to features `[N, D]`, whose squared distances are means over the places.

    Args:
        stages: Layers one after another; what each of them gives is compared.
        mean: Subtracted from colors in [0, 1].
        deviation: What the rest is divided by.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, stages: Sequence[nn.Module], mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the features."""
        hidden = (images * 0.5 + 0.5 - self.mean) / self.deviation
        found: list[Tensor] = []
        for stage in self.stages:
            hidden = stage(hidden)
            found.append(unit_length(hidden).flatten(1) / math.sqrt(hidden.shape[2] * hidden.shape[3]))
        return torch.cat(found, dim=1)


def unit_length(maps: Tensor) -> Tensor:
    """Return maps `[N, C, r, r]` divided by their length over the channels at each place."""
    return maps / (maps.square().sum(dim=1, keepdim=True) + _EPSILON).sqrt()
