"""Discriminator of R3GAN."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import linear

from ganzoo import Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import LOWEST_RESOLUTION, downsample, fir_kernel
from ganzoo_r3gan.layers import Convolution, drawn, residual_blocks, transition
from ganzoo_r3gan.shape import R3GANOptions, shape_problem, stages


class R3GANDiscriminatorOptions(R3GANOptions):
    """Options of the discriminator; the defaults are the authors' for CIFAR-10 and FFHQ."""

    label_embedding: PositiveInt | None = Field(
        default=None, description="Size that labels are embedded to; by default, the channels at 4x4."
    )


class R3GANDiscriminator(Discriminator[R3GANDiscriminatorOptions]):
    """The generator's stages in reverse: residual blocks between smooth downsamplings, no normalization.

    A 1x1 convolution reads the images; after the blocks of 4x4 each channel is summed with a learned pattern, and a
    linear layer makes the logit. Where there are classes, the logit is the product of a linear layer's vector with an
    embedding of the label (projection, arXiv:1802.05637). No image sees another of its batch.

    Paper: Huang et al., arXiv:2501.05441, section 4 (configuration E).
    """

    name = "r3gan"

    Options = R3GANDiscriminatorOptions

    def __init__(self, options: R3GANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        plan = stages(options, images.resolution)[::-1]
        total = sum(stage.blocks for stage in plan)
        self.from_rgb = Convolution(images.channels, plan[0].channels)
        self.stages = nn.ModuleList(residual_blocks(shape, options, total) for shape in plan)
        self.transitions = nn.ModuleList(transition(a.channels, b.channels) for a, b in pairwise(plan))
        last = plan[-1].channels
        # Each channel has a pattern of its own, as a depthwise convolution over all of 4x4.
        self.pattern = drawn(last, LOWEST_RESOLUTION, LOWEST_RESOLUTION)
        size = options.label_embedding or last
        self.head = drawn(size if images.label_dim else 1, last)
        # As small as makes the sum over its size of variance 1 (authors' code).
        self.embedding = drawn(size, images.label_dim, gain=1 / math.sqrt(size)) if images.label_dim else None
        self.register_buffer("kernel", fir_kernel([1, 3, 3, 1]), persistent=False)

    kernel: Tensor

    @classmethod
    def example_options(cls, folder: Path) -> R3GANDiscriminatorOptions:
        return R3GANDiscriminatorOptions(channel_max=16)

    @classmethod
    def incompatibility(cls, options: R3GANDiscriminatorOptions, context: RecipeContext) -> str | None:
        return shape_problem("the r3gan discriminator", options, context.images.resolution)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        features = self.stages[0](self.from_rgb(images))
        for widen, stage in zip(self.transitions, self.stages[1:], strict=True):
            features = stage(widen(downsample(features, self.kernel)))
        judged = linear((features * self.pattern).sum(dim=(2, 3)), self.head)
        if self.embedding is None:
            return judged[:, 0]
        return (judged * linear(labels, self.embedding)).sum(dim=1)
