"""An augmentation: less contrast, by as much as its options say."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from ganzoo import Augmentation, ComponentOptions, ImageSpec


class DimmingOptions(ComponentOptions):
    """How dark images may become."""

    most: float = Field(default=0.5, ge=0, le=1, description="Largest share of the contrast that is taken away.")


class Dimming(Augmentation[DimmingOptions]):
    """Takes away some of each image's contrast, and counts the images it saw."""

    name = "acme-dimming"

    Options = DimmingOptions

    def __init__(self, options: DimmingOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.seen: Tensor
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, images: Tensor) -> Tensor:
        taken = self.options.most * torch.rand(images.shape[0], 1, 1, 1)
        return images * (1 - taken).to(images.device)

    def observe(self, real_logits: Tensor) -> None:
        self.seen += real_logits.shape[0]

    def report(self) -> dict[str, Tensor]:
        return {"seen": self.seen}
