"""Generator of ProGAN."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu_

from ganzoo import ComponentOptions, Generator, ImageSpec, RecipeContext
from ganzoo.layers import (
    LOWEST_RESOLUTION,
    EqualizedConv2d,
    EqualizedLinear,
    EqualizedUpConv2d,
    Growth,
    channels_at,
    pixel_norm,
    resolution_problem,
    resolutions,
)

_GAIN = math.sqrt(2)


class ProGANGeneratorOptions(ComponentOptions):
    """Options of the generator; the defaults are the official code's."""

    latent_dim: PositiveInt = Field(default=512, description="Size of the latents.")
    normalize_latents: bool = Field(default=True, description="Scale latents, and labels with them, to mean square 1.")
    channel_base: PositiveInt = Field(
        default=16384,
        description="Channels are min(channel_base / resolution, channel_max); the official 8192 is 16384.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have.")


class ProGANGenerator(Generator[ProGANGeneratorOptions]):
    """Doubling blocks that can grow, each feature vector of length 1; the defaults are the official code's.

    A dense layer to 4x4, then two 3x3 convolutions per resolution, the first after nearest-neighbor upsampling. Each
    is followed by leaky ReLU 0.2 and pixel normalization. Each resolution writes images by a linear 1x1 convolution;
    while a block fades in, its images are mixed with those of half the resolution upsampled. Classes are
    concatenated to the latents before these are normalized.

    Paper: Karras et al., arXiv:1710.10196, table 2 and sections 2-4.
    """

    name = "progan"

    Options = ProGANGeneratorOptions

    def __init__(self, options: ProGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.normalize_latents = options.normalize_latents
        self.growth = Growth(images.resolution)
        all_resolutions = resolutions(images.resolution)
        widths = {each: channels_at(each, options.channel_base, options.channel_max) for each in all_resolutions}
        blocks: dict[str, nn.Module] = {
            str(LOWEST_RESOLUTION): _Start(options.latent_dim + images.label_dim, widths[LOWEST_RESOLUTION])
        }
        for resolution in all_resolutions[1:]:
            blocks[str(resolution)] = _Doubling(widths[resolution // 2], widths[resolution])
        self.blocks = nn.ModuleDict(blocks)
        self.to_rgb = nn.ModuleDict(
            # Linear and of gain 1: no activation follows (official networks.py).
            {str(resolution): EqualizedConv2d(width, images.channels, 1) for resolution, width in widths.items()}
        )

    @classmethod
    def example_options(cls, folder: Path) -> ProGANGeneratorOptions:
        return ProGANGeneratorOptions(latent_dim=16, channel_max=16)

    @classmethod
    def incompatibility(cls, options: ProGANGeneratorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the progan generator", context.images.resolution)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.growth = Growth(resolution, alpha)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        features = torch.cat([latents, labels], dim=1)
        # On the sphere (`normalize_latents` of the official code).
        if self.normalize_latents:
            features = pixel_norm(features)
        # What the block before the newest gives is what shows through while the newest fades in (figure 2).
        coarse = features
        for resolution in self.growth.resolutions:
            coarse, features = features, self.blocks[str(resolution)](features)
        images: Tensor = self.to_rgb[str(self.growth.resolution)](features)
        if not self.growth.fades:
            return images
        # Pixels doubled, not smoothed: as they were shown when that block was the newest.
        previous = self.to_rgb[str(self.growth.resolution // 2)](coarse)
        return torch.lerp(interpolate(previous, scale_factor=2.0, mode="nearest"), images, self.growth.alpha)


class _Start(nn.Module):
    """Latents `[N, Z]` to features `[N, C, 4, 4]`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        # The official gain is sqrt(2) / 4: the fan-in is counted as if the layer were a 4x4 convolution.
        self.dense = EqualizedLinear(inputs, outputs * LOWEST_RESOLUTION**2, gain=_GAIN / 4, bias=None)
        # A bias per channel, not per unit: the official code adds it after the units are laid out as maps.
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.convolution = EqualizedConv2d(outputs, outputs, 3, gain=_GAIN)

    def forward(self, latents: Tensor) -> Tensor:
        features = (
            self.dense(latents).unflatten(1, (-1, LOWEST_RESOLUTION, LOWEST_RESOLUTION)) + self.bias[:, None, None]
        )
        return _activate(self.convolution(_activate(features)))


class _Doubling(nn.Module):
    """`[N, inputs, H, W]` to `[N, outputs, 2H, 2W]`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        # Two 3x3 convolutions per resolution (table 2), the first fused with the upsampling: the numbers of two.
        self.first = EqualizedUpConv2d(inputs, outputs, gain=_GAIN)
        self.second = EqualizedConv2d(outputs, outputs, 3, gain=_GAIN)

    def forward(self, features: Tensor) -> Tensor:
        return _activate(self.second(_activate(self.first(features))))


def _activate(features: Tensor) -> Tensor:
    # After every convolution of the generator (section 4.2); the discriminator has none of it.
    return pixel_norm(leaky_relu_(features, 0.2))
