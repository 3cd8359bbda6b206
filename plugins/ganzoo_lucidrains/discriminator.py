"""Discriminator of lucidrains' stylegan2-pytorch."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo import ComponentOptions, Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import at_least_float32, full_precision, resolution_problem, resolutions
from ganzoo_lucidrains.attention import Attention
from ganzoo_lucidrains.generator import ATTENTION
from ganzoo_lucidrains.layers import SLOPE, Blur, Convolution, Halving, attended, discriminator_widths, initialize


class LucidrainsDiscriminatorOptions(ComponentOptions):
    """Sizes and attention; the defaults are the package's."""

    capacity: PositiveInt = Field(
        default=16,
        description="A quarter of the channels of the finest maps, doubled with each halving (`network_capacity`).",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have (`fmap_max`).")
    attention: tuple[int, ...] = Field(
        default=(), description=ATTENTION.format("behind which maps are seen", "at the image")
    )


class LucidrainsDiscriminator(Discriminator[LucidrainsDiscriminatorOptions]):
    """Residual blocks of three plain convolutions down to 2x2, a convolution and a dense layer; no deviation.

    As in the package `stylegan2_pytorch`, whose images lie in [0, 1]: what comes is brought there first. A shortcut
    takes every second pixel without a filter. There is one logit, or where there are classes one for each, of which
    the label's counts; the package knows no classes.

    Paper: StyleGAN2, arXiv:1912.04958; https://github.com/lucidrains/stylegan2-pytorch.
    """

    name = "stylegan2-lucidrains"

    Options = LucidrainsDiscriminatorOptions

    def __init__(self, options: LucidrainsDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        widths = discriminator_widths(images.resolution, options.capacity, options.channel_max)
        last = len(widths) - 1
        self.blocks, self.attention = nn.ModuleList(), nn.ModuleDict()
        for number, (inputs, outputs) in enumerate(pairwise([images.channels, *widths])):
            self.blocks.append(_Block(inputs, outputs, down=number < last))
            if number in options.attention:
                self.attention[str(number)] = Attention(outputs)
        self.conv = Convolution(widths[-1], widths[-1], 3, padding=1)
        self.logit = nn.Linear(4 * widths[-1], max(images.label_dim, 1))
        self.apply(initialize)

    @classmethod
    def example_options(cls, folder: Path) -> LucidrainsDiscriminatorOptions:
        return LucidrainsDiscriminatorOptions(capacity=2, channel_max=16)

    @classmethod
    def incompatibility(cls, options: LucidrainsDiscriminatorOptions, context: RecipeContext) -> str | None:
        resolution = context.images.resolution
        problem = resolution_problem(f"the {cls.name} discriminator", resolution)
        return problem or attended(options.attention, len(resolutions(resolution)) + 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        maps = (images.contiguous(memory_format=torch.channels_last) + 1) / 2
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if str(number) in self.attention:
                maps = self.attention[str(number)](maps)
        maps = self.conv(maps)
        # Float32: the last sum decides between logits that hardly differ.
        with full_precision(maps):
            logits: Tensor = self.logit(at_least_float32(maps).flatten(1))
        return (logits * labels).sum(dim=1) if labels.shape[1] else logits[:, 0]


class _Block(nn.Module):
    """`[N, I, H, W]` to `[N, O, H / 2, W / 2]`, or to `[N, O, H, W]` in the last."""

    def __init__(self, inputs: int, outputs: int, *, down: bool) -> None:
        super().__init__()
        # No filter in front of the shortcut's stride: the package's, and cheap.
        self.shortcut = Halving(inputs, outputs, 1) if down else Convolution(inputs, outputs, 1)
        self.first = Convolution(inputs, outputs, 3, padding=1)
        self.second = Convolution(outputs, outputs, 3, padding=1)
        self.blur = Blur() if down else None
        self.down = Halving(outputs, outputs, 3) if down else None

    def forward(self, maps: Tensor) -> Tensor:
        made = F.leaky_relu(self.second(F.leaky_relu(self.first(maps), SLOPE)), SLOPE)
        if self.blur is not None and self.down is not None:
            made = self.down(self.blur(made))
        # The variance of one branch (arXiv:1912.04958, section 4.1).
        return (made + self.shortcut(maps)) * math.sqrt(0.5)
