"""Bands: features by arithmetic alone, without weights and without torch-fidelity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo import Extractor, Layer, WeightsFile

SIDE = 8


class _BandsNetwork(nn.Module):
    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = tuple(layers)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        small = adaptive_avg_pool2d(images.float() / 255, SIDE)
        return tuple(small.flatten(1) for _ in self.layers)


class Bands(Extractor):
    """Mean colors of 8 by 8 fields, 192 numbers per image."""

    name = "acme-bands"
    label = "bands"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer("fields", width=3 * SIDE**2)}

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {"name": self.name, "version": 1}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return _BandsNetwork(layers)
