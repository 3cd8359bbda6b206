"""Critics: tiny discriminators with features, and with several logits per image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganzoo.contracts.component import ComponentOptions, ImageSpec
from ganzoo.contracts.networks import Discriminator
from ganzoo.testing.parts import TinyDiscriminator


class TinyFeaturedDiscriminator(TinyDiscriminator):
    """A linear critic whose features are the pixels times their weights: their sum is the logit, but for its bias."""

    name = "tiny-featured"

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return one layer of features `[N, C * R * R]`."""
        pixels = images.flatten(1)
        return [pixels * self.dense.weight[0, : pixels.shape[1]]]


class TinyMappedDiscriminator(TinyFeaturedDiscriminator):
    """The same critic, whose features are maps `[N, C, r, r]` at two resolutions, as those of convolutions are."""

    name = "tiny-mapped"

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return two layers of features: `[N, C, R, R]`, and half as large."""
        (flat,) = super().features(images, labels)
        maps = flat.reshape(images.shape)
        return [maps, avg_pool2d(maps, 2)]


class TinyAuxiliaryDiscriminator(Discriminator):
    """A linear critic that sees no labels: one logit of being real, and one for each class (arXiv:1610.09585)."""

    name = "tiny-auxiliary"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        pixels = images.channels * images.resolution**2
        self.dense = nn.Linear(pixels, self.logits_per_image(options, images))

    @classmethod
    def logits_per_image(cls, options: Any, images: ImageSpec) -> int:
        return 1 + images.label_dim

    def features(self, images: Tensor, labels: Tensor) -> list[Tensor]:
        """Return one layer of features `[N, C * R * R]`."""
        return [images.flatten(1) * self.dense.weight[0]]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        logits: Tensor = self.dense(images.flatten(1))
        return logits if logits.shape[1] > 1 else logits.squeeze(1)


class TinyPatchDiscriminator(Discriminator):
    """Four linear critics, each of which sees a quarter of the rows."""

    name = "tiny-patches"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        inputs = images.channels * images.resolution**2 // 4 + images.label_dim
        self.weight = nn.Parameter(torch.randn(4, inputs) / inputs**0.5)

    @classmethod
    def logits_per_image(cls, options: Any, images: ImageSpec) -> int:
        return 4

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        quarters = images.transpose(1, 2).reshape(len(images), 4, -1)
        inputs = torch.cat([quarters, labels[:, None].expand(-1, 4, -1)], dim=2)
        return (inputs * self.weight).sum(dim=2)
