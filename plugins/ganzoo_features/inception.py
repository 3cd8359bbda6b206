"""Inception v3 of the original FID, as torch-fidelity ports it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import ClassVar

from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from ganzoo import Layer
from ganzoo.weights import PublishedWeights
from ganzoo_features.pretrained import PretrainedExtractor


class InceptionV3Compat(PretrainedExtractor):
    """Inception v3 with the weights of the original FID, by torch-fidelity; needs a file of weights (96 MB).

    Paper: arXiv:1512.00567; FID: arXiv:1706.08500.
    """

    name = "inception-v3-compat"
    published = PublishedWeights(
        file_name="weights-inception-2015-12-05-6726825d.pth",
        url=URL_INCEPTION_V3,
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        size=95_628_359,
        variable="GANZOO_INCEPTION_WEIGHTS",
    )
    label = "inception"
    layers: ClassVar[Mapping[str, Layer]] = {
        "pooled": Layer("2048", features="inception-v3-2015-pool"),
        "logits": Layer("logits_unbiased", features="inception-v3-2015-logits"),
    }
    default_place = 1

    def construct(self, layers: list[str], weights: io.BytesIO) -> nn.Module:
        return FeatureExtractorInceptionV3(self.name, layers, feature_extractor_weights_path=weights)

    def entrance(self, module: nn.Module) -> nn.Module:
        return module.Conv2d_1a_3x3  # type: ignore[return-value]
