"""Generator of R3GAN."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import linear

from ganzoo import Generator, ImageSpec, RecipeContext
from ganzoo.layers import LOWEST_RESOLUTION, fir_kernel, upsample
from ganzoo_r3gan.layers import Convolution, drawn, residual_blocks, transition
from ganzoo_r3gan.shape import R3GANOptions, shape_problem, stages


class R3GANGeneratorOptions(R3GANOptions):
    """Options of the generator; the defaults are the authors' for CIFAR-10 and FFHQ."""

    latent_dim: PositiveInt = Field(default=64, description="Size of the latents.")
    label_embedding: PositiveInt = Field(
        default=64, description="Size that labels are embedded to, beside the latents."
    )


class R3GANGenerator(Generator[R3GANGeneratorOptions]):
    """Residual blocks of grouped convolutions between smooth upsamplings: no styles, no noise, no normalization.

    A learned pattern on 4x4 is scaled per channel by a linear function of the latents; each further stage is a 1x1
    convolution where the width changes, upsampling by [1, 3, 3, 1], and residual blocks; a 1x1 convolution writes the
    images. Where there are classes, an embedding of the label is concatenated to the latents.

    Paper: Huang et al., arXiv:2501.05441, section 4 (configuration E).
    """

    name = "r3gan"

    Options = R3GANGeneratorOptions

    def __init__(self, options: R3GANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.embedding = drawn(options.label_embedding, images.label_dim) if images.label_dim else None
        latents = options.latent_dim + (options.label_embedding if images.label_dim else 0)
        plan = stages(options, images.resolution)
        total = sum(stage.blocks for stage in plan)
        first = plan[0].channels
        # One pattern per channel: N(0, 1), as the features that it gives are then of variance 1.
        self.pattern = nn.Parameter(torch.randn(first, LOWEST_RESOLUTION, LOWEST_RESOLUTION))
        self.scale = drawn(first, latents)
        self.stages = nn.ModuleList(residual_blocks(shape, options, total) for shape in plan)
        self.transitions = nn.ModuleList(transition(a.channels, b.channels) for a, b in pairwise(plan))
        self.to_rgb = Convolution(plan[-1].channels, images.channels)
        self.register_buffer("kernel", fir_kernel([1, 3, 3, 1]), persistent=False)

    kernel: Tensor

    @classmethod
    def example_options(cls, folder: Path) -> R3GANGeneratorOptions:
        return R3GANGeneratorOptions(latent_dim=16, channel_max=16)

    @classmethod
    def incompatibility(cls, options: R3GANGeneratorOptions, context: RecipeContext) -> str | None:
        return shape_problem("the r3gan generator", options, context.images.resolution)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            latents = torch.cat([latents, linear(labels, self.embedding)], dim=1)
        features = self.stages[0](self.pattern * linear(latents, self.scale)[:, :, None, None])
        for narrow, stage in zip(self.transitions, self.stages[1:], strict=True):
            # Fewer channels first, then more pixels: the cheaper order, and the authors'.
            features = stage(upsample(narrow(features), self.kernel))
        images: Tensor = self.to_rgb(features)
        return images
