"""Discriminator of ProGAN."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import ProgressiveCritic, resolution_problem


class ProGANDiscriminatorOptions(ComponentOptions):
    """Options of the discriminator; the defaults are the official code's."""

    channel_base: PositiveInt = Field(
        default=16384,
        description="Channels are min(channel_base / resolution, channel_max); the official 8192 is 16384.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have.")
    minibatch_std_group: NonNegativeInt = Field(
        default=4, description="Images per group of the minibatch standard deviation; 0: the batch; 1: none."
    )


class ProGANDiscriminator(Discriminator[ProGANDiscriminatorOptions]):
    """Halving blocks that can grow, minibatch standard deviation on 4x4; the defaults are the official code's.

    Each resolution reads images by a 1x1 convolution with leaky ReLU; while a block fades in, what it makes of the
    images is mixed with what is read of the images halved. Where there are classes, the logit is the score of the
    image's class; the official code predicts the class instead.

    Paper: Karras et al., arXiv:1710.10196, table 2 and sections 2-4.
    """

    name = "progan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = ProGANDiscriminatorOptions

    def __init__(self, options: ProGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.body = ProgressiveCritic(
            images.resolution,
            images.channels,
            images.label_dim,
            options.channel_base,
            options.channel_max,
            group=options.minibatch_std_group,
        )

    @classmethod
    def example_options(cls, folder: Path) -> ProGANDiscriminatorOptions:
        return ProGANDiscriminatorOptions(channel_max=16)

    @classmethod
    def incompatibility(cls, options: ProGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the progan discriminator", context.images.resolution)

    @classmethod
    def depends_on_batch(cls, options: ProGANDiscriminatorOptions) -> bool:
        # An image alone in its group has no deviation from others.
        return bool(options.minibatch_std_group != 1)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.body.grow(resolution, alpha)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.body(images, labels)
