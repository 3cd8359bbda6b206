"""Discriminator of StyleGAN."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import ProgressiveCritic, resolution_problem
from ganzoo_stylegan.options import Blur


class StyleGANDiscriminatorOptions(ComponentOptions):
    """Options of the discriminator; the defaults are the official code's."""

    channel_base: PositiveInt = Field(
        default=16384,
        description="Channels are min(channel_base / resolution, channel_max); the official 8192 is 16384.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have.")
    blur: Blur = Field(default=(1, 2, 1), description="Taps of the filter before each halving; [] for none.")
    minibatch_std_group: NonNegativeInt = Field(
        default=4, description="Images per group of the minibatch standard deviation; 0: the batch; 1: none."
    )
    from_rgb_activation: Literal["leaky-relu", "none"] = Field(
        default="leaky-relu", description="After the layers that read images; some copies of the code have none."
    )
    widening: Literal["second", "first"] = Field(
        default="second", description="Which layer of a block goes over to the next one's channels."
    )


class StyleGANDiscriminator(Discriminator[StyleGANDiscriminatorOptions]):
    """ProGAN's discriminator with a filter before each halving; the defaults are the official code's.

    Where there are classes, the logit is the score of the image's class, as in the official code.

    Paper: Karras et al., arXiv:1812.04948, section 2 and appendix C.
    """

    name = "stylegan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = StyleGANDiscriminatorOptions

    def __init__(self, options: StyleGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.body = ProgressiveCritic(
            images.resolution,
            images.channels,
            images.label_dim,
            options.channel_base,
            options.channel_max,
            group=options.minibatch_std_group,
            blur=options.blur,
            from_rgb_activation=options.from_rgb_activation,
            widening=options.widening,
        )

    @classmethod
    def example_options(cls, folder: Path) -> StyleGANDiscriminatorOptions:
        return StyleGANDiscriminatorOptions(channel_max=16)

    @classmethod
    def incompatibility(cls, options: StyleGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the stylegan discriminator", context.images.resolution)

    @classmethod
    def depends_on_batch(cls, options: StyleGANDiscriminatorOptions) -> bool:
        # An image alone in its group has no deviation from others.
        return bool(options.minibatch_std_group != 1)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.body.grow(resolution, alpha)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.body(images, labels)
