"""Generator of SNGAN and SAGAN."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from ganzoo import Generator, ImageSpec, RecipeContext
from ganzoo.layers import (
    LOWEST_RESOLUTION,
    BatchNorm2d,
    ConditionalBatchNorm2d,
    redrawn_within,
    resolution_problem,
    resolutions,
)
from ganzoo_sngan.layers import (
    RELU_GAIN,
    SNGANOptions,
    attention,
    attention_problem,
    channels,
    convolution,
    doubling,
    linear,
)

_EPSILON = 2e-5  # of the variances: the default of the library of the authors' code
_NORM = partial(ConditionalBatchNorm2d, eps=_EPSILON)


class SNGANGeneratorOptions(SNGANOptions):
    """Options of the generator; the defaults are the residual one's for CIFAR-10."""

    latent_dim: PositiveInt = Field(default=128, description="Size of the latents.")
    spectral_norm: bool = Field(
        default=False, description="Whether weights are divided by their spectral norm, as in SAGAN's generator."
    )
    width: PositiveInt = Field(
        default=256, description="Channels of the finest maps; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=256, description="Most channels a map may have.")


class SNGANGenerator(Generator[SNGANGeneratorOptions]):
    """Residual blocks, or transposed convolutions, with batch normalization and a tanh; with attention, SAGAN's.

    A dense layer of the latents gives 4x4. Each residual block doubles the resolution (nearest neighbor) between
    two 3x3 convolutions, each after batch normalization and a ReLU, beside a 1x1 convolution; the plain network has
    transposed convolutions, batch normalization and ReLUs. A 3x3 convolution writes the images. Where there are
    classes, the gains and biases of the normalization are the class's own.

    Paper: Miyato et al., arXiv:1802.05957, tables 3 and 4; classes: Miyato and Koyama, arXiv:1802.05637, figure 14;
    attention: Zhang et al., arXiv:1805.08318.
    """

    name = "sngan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = SNGANGeneratorOptions

    def __init__(self, options: SNGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        finer = resolutions(images.resolution)[1:]
        first = channels(options, images.resolution, LOWEST_RESOLUTION)
        self.dense = linear(options, options.latent_dim, first * LOWEST_RESOLUTION**2)
        self.unfold = nn.Unflatten(1, (first, LOWEST_RESOLUTION, LOWEST_RESOLUTION))
        block = _UpBlock if options.architecture == "residual" else _PlainBlock
        blocks, attentions, inputs = [], [], first
        for at in finer:
            outputs = channels(options, images.resolution, at)
            blocks.append(block(options, inputs, outputs, images.label_dim))
            attentions.append(attention(options, outputs, at))
            inputs = outputs
        self.blocks, self.attentions = nn.ModuleList(blocks), nn.ModuleList(attentions)
        # Of all classes alike, also where the others are the class's own; a plain block ends with its own.
        residual = options.architecture == "residual"
        self.last = nn.Sequential(*([BatchNorm2d(inputs, eps=_EPSILON), nn.ReLU()] if residual else []))
        self.to_rgb = convolution(options, inputs, images.channels, size=3)

    @classmethod
    def example_options(cls, folder: Path) -> SNGANGeneratorOptions:
        return SNGANGeneratorOptions(latent_dim=8, width=8, max_width=8, spectral_norm=True, attention_at=(8,))

    @classmethod
    def incompatibility(cls, options: SNGANGeneratorOptions, context: RecipeContext) -> str | None:
        resolution = context.images.resolution
        if min(context.batch_sizes) == 1:
            return "batch normalization needs more than one image in a batch: raise training.batch_size"
        return resolution_problem("the sngan generator", resolution) or attention_problem(
            "the sngan generator", options, resolutions(resolution)[1:]
        )

    @classmethod
    def depends_on_batch(cls, options: SNGANGeneratorOptions) -> bool:
        return True

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        maps: Tensor = self.unfold(self.dense(latents))
        for block, attend in zip(self.blocks, self.attentions, strict=True):
            maps = attend(block(maps, labels))
        return self.to_rgb(self.last(maps)).tanh()

    def truncate_latents(self, latents: Tensor, threshold: float, rng: torch.Generator) -> Tensor:
        """Draw numbers beyond the threshold again: BigGAN's truncation trick, arXiv:1809.11096."""
        return redrawn_within(latents, threshold, rng)


class _UpBlock(nn.Module):
    """Residual block (figure 8): `[N, inputs, H, W]` and labels to `[N, outputs, 2 H, 2 W]`."""

    def __init__(self, options: SNGANGeneratorOptions, inputs: int, outputs: int, label_dim: int) -> None:
        super().__init__()
        self.first_norm, self.second_norm = _NORM(inputs, label_dim), _NORM(outputs, label_dim)
        self.first = convolution(options, inputs, outputs, size=3, gain=RELU_GAIN)
        self.second = convolution(options, outputs, outputs, size=3, gain=RELU_GAIN)
        self.skip = convolution(options, inputs, outputs, size=1)

    def forward(self, maps: Tensor, labels: Tensor) -> Tensor:
        branch = self.first(_doubled(relu(self.first_norm(maps, labels))))
        branch = self.second(relu(self.second_norm(branch, labels)))
        # A 1x1 convolution of equal pixels: once before they are doubled gives the same for a quarter of the work.
        return branch + _doubled(self.skip(maps))


class _PlainBlock(nn.Module):
    """Row of table 3: `[N, inputs, H, W]` and labels to `[N, outputs, 2 H, 2 W]`."""

    def __init__(self, options: SNGANGeneratorOptions, inputs: int, outputs: int, label_dim: int) -> None:
        super().__init__()
        self.convolution = doubling(options, inputs, outputs)
        self.norm = _NORM(outputs, label_dim)

    def forward(self, maps: Tensor, labels: Tensor) -> Tensor:
        return relu(self.norm(self.convolution(maps), labels))


def _doubled(maps: Tensor) -> Tensor:
    return interpolate(maps, scale_factor=2.0, mode="nearest")
