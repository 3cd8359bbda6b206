"""An extractor: the mean of each of an image's eight stripes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo import Extractor, Layer, WeightsFile

STRIPES = "8"


class Rows(Extractor):
    """Means of stripes; needs no download."""

    name = "acme-rows"
    label = "rows"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer(STRIPES)}
    default_place = 0

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {"network": "means of eight stripes", "weights": "none"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return Stripes()


class Stripes(nn.Module):
    """What `Rows` computes."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (adaptive_avg_pool2d(images.float().mean(1, keepdim=True), (8, 1)).flatten(1),)
