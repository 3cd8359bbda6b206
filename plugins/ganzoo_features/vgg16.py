"""VGG-16, the space in which precision and recall were proposed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

from torch import nn

from ganzoo import Layer
from ganzoo.weights import PublishedWeights
from ganzoo_features.from_file import FromFileOptions
from ganzoo_features.perceptual import UnitFeatures
from ganzoo_features.pretrained import PretrainedExtractor

_STAGES = (0, 4, 9, 16, 23, 30)  # a stage ends with the last activation before its pooling
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what torchvision's weights were trained with


class VGG16(PretrainedExtractor):
    """VGG-16 of torchvision, by torch-fidelity: precision and recall; needs a file of weights (553 MB).

    Paper: arXiv:1409.1556; precision and recall: arXiv:1904.06991.
    """

    name = "vgg16"
    published = PublishedWeights(
        file_name="vgg16-397923af.pth",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        size=553_433_881,
        variable="GANZOO_VGG16_WEIGHTS",
    )
    label = "vgg16"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer("fc2_relu", features="vgg16-fc2", width=4096)}

    Options = FromFileOptions

    def construct(self, layers: list[str], weights: io.BytesIO) -> nn.Module:
        from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16  # imports torchvision: slow

        return FeatureExtractorVGG16(self.name, layers, feature_extractor_weights_path=weights)

    def perceptual(self) -> nn.Module:
        """Return the features after the last activation of each side, as the distance of arXiv:1801.03924 has them."""
        network: Any = self.build(["fc2"])
        layers = list(network.model.features)
        stages = [nn.Sequential(*layers[start:stop]) for start, stop in pairwise(_STAGES)]
        return UnitFeatures(stages, _MEAN, _DEVIATION)

    def entrance(self, module: nn.Module) -> nn.Module:
        return module.model  # type: ignore[return-value]
