"""A generator of residual blocks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from ganzoo import ComponentOptions, Generator, ImageSpec, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(ComponentOptions):
    """Sizes of the network."""

    latent_dim: PositiveInt = Field(default=64, description="Size of the latents.")
    width: PositiveInt = Field(default=16, description="Channels at the final resolution; twice as many at each half.")
    most: PositiveInt = Field(default=128, description="Most channels at any resolution.")


class YourPart(Generator[YourPartOptions]):
    """Residual blocks from 4x4 upwards, each of which doubles the resolution."""

    name = "your-part"
    Options = YourPartOptions

    def __init__(self, options: YourPartOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        doublings = images.resolution.bit_length() - 3  # from 4 to the resolution, a power of two
        widths = [min(options.most, options.width << level) for level in range(doublings, -1, -1)]
        # Without classes labels are [N, 0], so this is right with classes and without.
        self.dense = nn.Linear(options.latent_dim + images.label_dim, widths[0] * 16)
        self.blocks = nn.Sequential(*(Block(*pair) for pair in pairwise(widths)))
        self.to_image = nn.Conv2d(widths[-1], images.channels, 3, padding=1)

    @classmethod
    def example_options(cls, folder: Path) -> YourPartOptions:
        """Return small ones: conformance checks take seconds then."""
        return YourPartOptions(latent_dim=8, width=4)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        x = self.dense(torch.cat([latents, labels], dim=1)).unflatten(1, (-1, 4, 4))
        images: Tensor = self.to_image(leaky_relu(self.blocks(x), 0.2)).tanh()
        return images


class Block(nn.Module):
    """Doubles the resolution: a straight way, and two convolutions that correct what it shows."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.straight = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[N, inputs, r, r]` to `[N, outputs, 2r, 2r]`."""
        x = interpolate(x, scale_factor=2.0)
        corrections: Tensor = self.second(leaky_relu(self.first(leaky_relu(x, 0.2)), 0.2))
        # Small at first, so that block upon block keeps the scale of its input without any normalization.
        straight: Tensor = self.straight(x)
        return straight + 0.1 * corrections


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    return [YourPart]
