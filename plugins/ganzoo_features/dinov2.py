"""DINOv2: features learned without labels, from a pinned file of weights and a network of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ganzoo import Layer
from ganzoo.weights import PublishedWeights
from ganzoo_features.from_file import FromFile, FromFileOptions
from ganzoo_features.vision_transformer import VisionTransformer

_SIDE = 224
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colors in [0, 1]
_LAYER = "class token"


class _DINOv2(FromFile):
    """A size of DINOv2, with the resize of dgm-eval. Subclasses say which."""

    width: ClassVar[int]
    depth: ClassVar[int]

    Options = FromFileOptions

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {**super().identity(), "resize": f"Pillow's bicubic, antialiased, to {_SIDE}, 8 bits"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        try:
            return _Network(VisionTransformer(self.state(), width=self.width, depth=self.depth))
        except RuntimeError as error:
            raise self.misfit(error) from error


class DINOv2Large(_DINOv2):
    """DINOv2 ViT-L/14, as dgm-eval uses it: scores FD-DINOv2, KD-DINOv2; needs a file of weights (1.2 GB).

    Learned without labels from 142 million pictures, it agrees with people better than Inception does; without a GPU
    it is slow.

    Paper: arXiv:2304.07193; for scores: Stein et al., arXiv:2306.04675.
    """

    name = "dinov2-vitl14"
    published = PublishedWeights(
        file_name="dinov2_vitl14_pretrain.pth",
        url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
        sha256="d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
        size=1_217_586_395,
        variable="GANZOO_DINOV2_VITL14_WEIGHTS",
    )
    label = "DINOv2"
    width, depth = 1024, 24
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer(_LAYER, width=1024)}


class DINOv2Small(_DINOv2):
    """DINOv2 ViT-S/14, a fourteenth of the large one's size: scores FD-DINOv2-S; needs a file of weights (88 MB).

    Paper: arXiv:2304.07193.
    """

    name = "dinov2-vits14"
    published = PublishedWeights(
        file_name="dinov2_vits14_pretrain.pth",
        url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
        sha256="b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
        size=88_283_115,
        variable="GANZOO_DINOV2_VITS14_WEIGHTS",
    )
    label = "DINOv2-S"
    width, depth = 384, 12
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer(_LAYER, width=384)}


class _Network(nn.Module):
    """uint8 images `[N, 3, H, W]` to a tuple of class tokens `[N, W]`."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, transformer: VisionTransformer) -> None:
        super().__init__()
        self.transformer = transformer
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        # Pillow itself, on the CPU: it rounds to 8 bits, in arithmetic of its own.
        resized = [
            np.array(Image.fromarray(image).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))
            for image in images.permute(0, 2, 3, 1).cpu().numpy()
        ]
        colors = torch.from_numpy(np.stack(resized)).to(images.device).permute(0, 3, 1, 2) / 255
        return (self.transformer((colors - self.mean) / self.deviation),)
