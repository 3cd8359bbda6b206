"""An extractor: the mean of each of an image's eight stripes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

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
        return Stripes(layers)


class Stripes(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no types
    """What `Rows` computes, as torch-fidelity knows extractors."""

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__(Rows.name, list(layers))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return (adaptive_avg_pool2d(images.float().mean(1, keepdim=True), (8, 1)).flatten(1),)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return (STRIPES,)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return STRIPES

    @staticmethod
    def can_be_compiled() -> bool:
        return False

    @staticmethod
    def get_dummy_input_for_compile() -> Tensor:
        return torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
