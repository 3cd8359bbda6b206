"""Cutout: a gray square somewhere in each image, so that the discriminator cannot rely on one place."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from ganzoo import Augmentation, ComponentOptions, hookimpl
from ganzoo.layers import to_device

requires_ganzoo_api = 2


class YourPartOptions(ComponentOptions):
    """How much is hidden."""

    share: float = Field(default=0.5, gt=0, lt=1, description="Side of the square, as a share of the image's.")


class YourPart(Augmentation[YourPartOptions]):
    """Hides a square of each image, real or generated, at a place of its own.

    Paper: arXiv:2006.10738 (cutout, differentiable).
    """

    name = "your-part"
    Options = YourPartOptions

    def forward(self, images: Tensor) -> Tensor:
        # From torch's global stream, which is seeded at each step; brought to a GPU without making it wait.
        centers = to_device(torch.rand(2, images.shape[0], 1), images.device)
        axis = (torch.arange(images.shape[-1], device=images.device) + 0.5) / images.shape[-1]
        rows, columns = ((axis - each).abs() < self.options.share / 2 for each in centers)  # [N, r] each
        hidden: Tensor = rows[:, None, :, None] & columns[:, None, None, :]
        # A product, not an assignment: penalties look through it and differentiate twice. 0 is gray.
        return images * ~hidden


@hookimpl
def ganzoo_augmentations() -> list[type[Augmentation]]:
    return [YourPart]
