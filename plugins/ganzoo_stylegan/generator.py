"""Generator of StyleGAN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganzoo import ImageSpec, RecipeContext
from ganzoo.layers import (
    EqualizedConv2d,
    Growth,
    StyledGenerator,
    StyledOptions,
    channels_at,
    resolution_problem,
    resolutions,
)
from ganzoo_stylegan.layers import SharedSettings, Start, StyledBlock
from ganzoo_stylegan.options import Blur


class StyleGANGeneratorOptions(StyledOptions):
    """The shell's, sizes, and where copies of the code differ; the defaults are the official code's."""

    channel_base: PositiveInt = Field(
        default=16384,
        description="Channels are min(channel_base / resolution, channel_max); the official 8192 is 16384.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have.")
    input: Literal["constant", "normal", "dense"] = Field(
        default="constant",
        description="Input of the 4x4 block: a learned constant, 1 at first; one that is N(0, 1) at "
        "first; or a dense layer, as before StyleGAN (the paper's 'traditional input').",
    )
    blur: Blur = Field(default=(1, 2, 1), description="Taps of the filter after each doubling; [] for none.")
    bias_before_blur: bool = Field(
        default=False, description="Whether a doubling layer's bias is added before the filter."
    )
    norm_epsilon: PositiveFloat = Field(default=1e-8, description="Added to the variance of a map.")
    style_offset: float = Field(default=1.0, description="Added to the learned scale of a map.")


class StyleGANGenerator(StyledGenerator[StyleGANGeneratorOptions]):
    """A mapping network, and blocks that can grow, each layer with a style and noise; the defaults are official.

    Parameters: `mapping.layers.<n>` and `mapping.embedding.weight` (with classes), `start.constant`,
    `blocks.<resolution>.first` and `.second` with `convolution.weight`, `bias`, `noise_weight` and `style`, and
    `to_rgb.<resolution>`. Buffers: `noise_const` of each layer, and `w_avg`. Weights are used times
    gain / sqrt(fan-in): the gain is sqrt(2) for convolutions and the mapping, 1 for `style` and `to_rgb`.

    Paper: Karras et al., arXiv:1812.04948, sections 2 and 3, appendix C.
    """

    name = "stylegan"

    Options = StyleGANGeneratorOptions

    def __init__(self, options: StyleGANGeneratorOptions, images: ImageSpec) -> None:
        # All layers are there from the start; `grow` says which take part.
        all_resolutions = resolutions(images.resolution)
        super().__init__(
            options,
            images,
            style_resolutions=[resolution for resolution in all_resolutions for _ in range(2)],  # two layers a block
            noise_resolutions=all_resolutions,
        )
        self.growth = Growth(images.resolution)
        self.build_mapping(images)
        shared = SharedSettings(
            options.style_dim, options.norm_epsilon, options.style_offset, options.blur, options.bias_before_blur
        )
        widths = [channels_at(each, options.channel_base, options.channel_max) for each in all_resolutions]
        # 4x4 has its start in place of a doubling convolution: its first layer adds noise and style alone.
        self.start = Start(options.input, options.style_dim, widths[0])
        self.blocks = nn.ModuleDict(
            {
                str(resolution): StyledBlock(inputs, outputs, resolution, shared)
                for resolution, inputs, outputs in zip(all_resolutions, [None, *widths], widths, strict=False)
            }
        )
        self.to_rgb = nn.ModuleDict(
            {
                str(resolution): EqualizedConv2d(width, images.channels, 1)
                for resolution, width in zip(all_resolutions, widths, strict=True)
            }
        )

    @classmethod
    def example_options(cls, folder: Path) -> StyleGANGeneratorOptions:
        return StyleGANGeneratorOptions(latent_dim=16, style_dim=16, mapping_layers=2, channel_max=16)

    @classmethod
    def incompatibility(cls, options: StyleGANGeneratorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the stylegan generator", context.images.resolution)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.growth = Growth(resolution, alpha)

    def active_ws(self) -> int:
        # The crossover is drawn among the layers in use: beyond them it would have no effect (official code).
        return 2 * len(self.growth.resolutions)

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weight `[2 O, W]` by which each layer sees its style, with the number of that style."""
        blocks: list[Any] = list(self.blocks.values())
        layers = [layer for block in blocks for layer in (block.first, block.second)]
        return [(number, layer.style.scaled_weight()) for number, layer in enumerate(layers)]

    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images; layers beyond the present resolution are not used."""
        # The constant is the same for every style; the dense start is a function of the first.
        features = coarse = self.start(styles[:, 0])
        for index, resolution in enumerate(self.growth.resolutions):
            # Two styles a block, in the order of its layers; those of finer blocks are not looked at.
            pair = styles[:, 2 * index : 2 * index + 2]
            coarse, features = features, self.blocks[str(resolution)](features, pair, self.noise_at(resolution))
        images: Tensor = self.to_rgb[str(self.growth.resolution)](features)
        if not self.growth.fades:
            return images
        # As in ProGAN (arXiv:1710.10196, figure 2).
        previous = self.to_rgb[str(self.growth.resolution // 2)](coarse)
        return torch.lerp(interpolate(previous, scale_factor=2.0, mode="nearest"), images, self.growth.alpha)
