"""Inception v3 of the original FID, as torch-fidelity ports it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ganzoo import Layer
from ganzoo.weights import PublishedWeights
from ganzoo_features.from_file import FromFileOptions
from ganzoo_features.pretrained import PretrainedExtractor

_SIDE = 299


class InceptionOptions(FromFileOptions):
    """Where the weights are, and how images come to 299 pixels."""

    resize: Literal["tensorflow", "clean"] = Field(
        default="tensorflow",
        description="tensorflow: bilinear, as FID was published; clean: bicubic and antialiased, as clean-fid's.",
    )


class InceptionV3Compat(PretrainedExtractor[InceptionOptions]):
    """Inception v3 with the weights of the original FID, by torch-fidelity; needs a file of weights (96 MB).

    With `resize = "clean"` it sees images as clean-fid does (Parmar et al., arXiv:2104.11222): its distances are
    then labeled FD-inception-clean, since they are not those that papers call FID.

    Paper: arXiv:1512.00567; FID: arXiv:1706.08500.
    """

    name = "inception-v3-compat"
    published = PublishedWeights(
        file_name="weights-inception-2015-12-05-6726825d.pth",
        url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        size=95_628_359,
        variable="GANZOO_INCEPTION_WEIGHTS",
    )
    label = "inception"
    layers: ClassVar[Mapping[str, Layer]] = {
        "pooled": Layer("2048", features="inception-v3-2015-pool", width=2048),
        "logits": Layer("logits_unbiased", features="inception-v3-2015-logits", width=1008),
    }
    default_place = 1

    Options = InceptionOptions

    def variant(self) -> str:
        return "" if self.options.resize == "tensorflow" else self.options.resize

    def identity(self) -> Mapping[str, str | int | float | bool]:
        if self.options.resize == "tensorflow":
            return super().identity()
        return {**super().identity(), "resize": f"bicubic, antialiased, to {_SIDE}, float"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        module = super().build(layers)
        return module if self.options.resize == "tensorflow" else _Clean(module, self.entrance(module))

    def construct(self, layers: list[str], weights: io.BytesIO) -> nn.Module:
        # It imports torchvision, which takes as long as torch itself: not for those who use another extractor.
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        return FeatureExtractorInceptionV3(self.name, layers, feature_extractor_weights_path=weights)

    def entrance(self, module: nn.Module) -> nn.Module:
        return module.Conv2d_1a_3x3  # type: ignore[return-value]


class _Clean(nn.Module):
    """The network with another resize: its own happens inside, so its first layer is given these images instead."""

    def __init__(self, module: nn.Module, entrance: nn.Module) -> None:
        super().__init__()
        self.module = module
        self._images: Tensor | None = None
        entrance.register_forward_pre_hook(lambda layer, inputs: (self._images,), prepend=True)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Map uint8 `[N, 3, H, W]` to a tuple of features."""
        colors = functional.interpolate(
            images.float(), (_SIDE, _SIDE), mode="bicubic", antialias=True, align_corners=False
        )
        self._images = (colors.clamp(0, 255) - 128) / 128
        try:
            return self.module(images)
        finally:
            self._images = None
