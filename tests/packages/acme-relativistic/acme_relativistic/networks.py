"""Residual networks without normalization, which begin as if their residual branches were not there."""

from __future__ import annotations

from itertools import pairwise

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from ganzoo import ComponentOptions, Discriminator, Generator, ImageSpec, RecipeContext
from ganzoo.layers import resolution_problem

SLOPE = 0.2
LOWEST = 4


class ResidualOptions(ComponentOptions):
    """Sizes of either network."""

    width: PositiveInt = Field(default=32, description="Channels at full resolution; twice as many at each half.")
    max_width: PositiveInt = Field(default=64, description="Most channels.")
    blocks: PositiveInt = Field(default=1, description="Residual blocks at each resolution.")
    groups: PositiveInt = Field(default=8, description="Groups of the middle convolution; divides the widths.")


class ResidualGeneratorOptions(ResidualOptions):
    """Sizes of the generator."""

    latent_dim: PositiveInt = Field(default=64, description="Size of the latents.")


def widths(options: ResidualOptions, resolution: int) -> dict[int, int]:
    """Return the channels at each resolution, lowest first."""
    sizes = [LOWEST * 2**i for i in range((resolution // LOWEST).bit_length())]
    return {size: min(options.max_width, options.width * resolution // size) for size in sizes}


def problem(part: str, options: ResidualOptions, context: RecipeContext) -> str | None:
    """Say which size does not fit the images, or None."""
    trouble = resolution_problem(part, context.images.resolution)
    if trouble:
        return trouble
    odd = [width for width in widths(options, context.images.resolution).values() if width % options.groups]
    if odd:
        return f"groups = {options.groups} does not divide {odd[0]} channels; choose a divisor of width and max_width"
    return None


class Block(nn.Module):
    """x + f(x), where f narrows nothing: 1x1, grouped 3x3, 1x1; the last one begins at 0 (arXiv:1901.09321)."""

    def __init__(self, width: int, groups: int, total: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(width, width, 1)
        self.mix = nn.Conv2d(width, width, 3, padding=1, groups=groups, bias=False)
        self.leave = nn.Conv2d(width, width, 1, bias=False)
        for layer in (self.enter, self.mix):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            with torch.no_grad():
                layer.weight.mul_(total**-0.25)  # Fixup for branches of three layers: L^(-1/(2m-2)), m = 3
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor) -> Tensor:
        branch: Tensor = self.leave(leaky_relu(self.mix(leaky_relu(self.enter(x), SLOPE)), SLOPE))
        return x + branch


def stages(options: ResidualOptions, resolution: int) -> nn.ModuleDict:
    """Return the blocks of each resolution, by its name."""
    sizes = widths(options, resolution)
    total = options.blocks * len(sizes)
    return nn.ModuleDict(
        {
            str(size): nn.Sequential(*(Block(width, options.groups, total) for _ in range(options.blocks)))
            for size, width in sizes.items()
        }
    )


def changes(options: ResidualOptions, resolution: int, *, upwards: bool) -> nn.ModuleDict:
    """Return the 1x1 convolutions between neighboring resolutions, by the one they lead to."""
    sizes = list(widths(options, resolution).items())
    order = sizes if upwards else sizes[::-1]
    return nn.ModuleDict({str(to): nn.Conv2d(wide, out, 1, bias=False) for (_, wide), (to, out) in pairwise(order)})


class ResidualGenerator(Generator[ResidualGeneratorOptions]):
    """Residual blocks between bilinear enlargements, without normalization.

    Paper: Huang et al., arXiv:2501.05441, section 4; Zhang et al., arXiv:1901.09321 for the initial weights.
    """

    name = "acme-residual"
    Options = ResidualGeneratorOptions

    def __init__(self, options: ResidualGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.classes = nn.Linear(images.label_dim, options.latent_dim, bias=False) if images.label_dim else None
        sizes = widths(options, images.resolution)
        self.start = nn.Linear(options.latent_dim * (2 if images.label_dim else 1), sizes[LOWEST] * LOWEST**2)
        self.stages = stages(options, images.resolution)
        self.changes = changes(options, images.resolution, upwards=True)
        self.to_image = nn.Conv2d(sizes[images.resolution], images.channels, 1)

    @classmethod
    def incompatibility(cls, options: ResidualGeneratorOptions, context: RecipeContext) -> str | None:
        return problem(cls.name, options, context)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        codes = latents if self.classes is None else torch.cat([latents, self.classes(labels)], dim=1)
        x = self.start(codes).unflatten(1, (-1, LOWEST, LOWEST))
        for size, blocks in self.stages.items():
            if size in self.changes:
                x = interpolate(self.changes[size](x), scale_factor=2, mode="bilinear", align_corners=False)
            x = blocks(x)
        image: Tensor = self.to_image(x)
        return image


class ResidualCritic(Discriminator[ResidualOptions]):
    """The generator's mirror image: residual blocks between halvings, classes by projection.

    Paper: Huang et al., arXiv:2501.05441, section 4; Miyato & Koyama, arXiv:1802.05637 for the classes.
    """

    name = "acme-residual"
    Options = ResidualOptions

    def __init__(self, options: ResidualOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        sizes = widths(options, images.resolution)
        self.from_image = nn.Conv2d(images.channels, sizes[images.resolution], 1)
        self.stages = stages(options, images.resolution)
        self.changes = changes(options, images.resolution, upwards=False)
        self.gather = nn.Conv2d(sizes[LOWEST], sizes[LOWEST], LOWEST, groups=sizes[LOWEST], bias=False)
        self.logit = nn.Linear(sizes[LOWEST], 1)
        self.classes = nn.Linear(images.label_dim, sizes[LOWEST], bias=False) if images.label_dim else None

    @classmethod
    def incompatibility(cls, options: ResidualOptions, context: RecipeContext) -> str | None:
        return problem(cls.name, options, context)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        x = self.from_image(images)
        for size, blocks in reversed(list(self.stages.items())):
            if size in self.changes:
                x = self.changes[size](avg_pool2d(x, 2))
            x = blocks(x)
        x = self.gather(x).flatten(1)
        logits: Tensor = self.logit(x).squeeze(1)
        return logits if self.classes is None else logits + (x * self.classes(labels)).mean(dim=1)
