"""A discriminator: one linear map of the pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganzoo import ComponentOptions, Discriminator, ImageSpec


class Scales(Discriminator):
    """Weighs an image's pixels."""

    name = "acme-scales"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.weigh = nn.Linear(images.channels * images.resolution**2 + images.label_dim, 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.weigh(torch.cat([images.flatten(1), labels], dim=1)).squeeze(1)
