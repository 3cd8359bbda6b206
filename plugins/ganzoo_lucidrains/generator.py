"""Generator of lucidrains' stylegan2-pytorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ganzoo import ImageSpec, RecipeContext
from ganzoo.layers import StyledGenerator, StyledOptions, per_image, resolution_problem, resolutions
from ganzoo_lucidrains.attention import Attention
from ganzoo_lucidrains.blocks import Block
from ganzoo_lucidrains.layers import Convolution, attended, generator_widths, initialize, uniform

ATTENTION = "Numbers of blocks {}, where pixels attend to each other; none by default. Blocks are counted from 0 {}."


class LucidrainsGeneratorOptions(StyledOptions):
    """The shell's, sizes, start and attention; the defaults are the package's."""

    capacity: PositiveInt = Field(
        default=16, description="Half the channels of the finest maps, doubled with each halving (`network_capacity`)."
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have (`fmap_max`).")
    # The package multiplies weights of deviation 1 by 0.1; here they are stored 16 = sqrt(512 / 2) times as large.
    mapping_lr_multiplier: PositiveFloat = Field(
        default=1.6, description="Factor on the learning rate of the mapping network; the package's 0.1 at width 512."
    )
    start: Literal["constant", "style"] = Field(
        default="constant", description="What 4x4 begins with: a learned constant, or the mean style (`no_const`)."
    )
    attention: tuple[int, ...] = Field(
        default=(), description=ATTENTION.format("in front of which maps are seen", "at 4x4")
    )


class LucidrainsGenerator(StyledGenerator[LucidrainsGeneratorOptions]):
    """StyleGAN2 with bilinear doubling, one style a block, and one noise image for all layers.

    As in the package `stylegan2_pytorch`: layers crop the same uniform noise from a corner; images of all
    resolutions are summed, smoothed by [1, 2, 1]. The package's images lie in [0, 1], so the sum is brought to [-1, 1]
    at the end. Noise is centered here, so that none of it is its mean. Classes, which the package does not know, enter
    the mapping network.

    Paper: StyleGAN2, arXiv:1912.04958; https://github.com/lucidrains/stylegan2-pytorch.
    """

    name = "stylegan2-lucidrains"
    noise_const: Tensor

    Options = LucidrainsGeneratorOptions

    def __init__(self, options: LucidrainsGeneratorOptions, images: ImageSpec) -> None:
        found = resolutions(images.resolution)
        super().__init__(options, images, style_resolutions=found, noise_resolutions=found)
        self.resolution = images.resolution
        widths = generator_widths(images.resolution, options.capacity, options.channel_max)
        first = widths[found[0]]
        self.constant = nn.Parameter(torch.randn(1, first, 4, 4)) if options.start == "constant" else None
        self.from_style = nn.ConvTranspose2d(options.style_dim, first, 4, bias=False) if self.constant is None else None
        self.first_conv = Convolution(first, first, 3, padding=1)
        self.blocks = nn.ModuleList()
        self.attention = nn.ModuleDict()
        inputs = first
        for number, each in enumerate(found):
            if number in options.attention:
                self.attention[str(number)] = Attention(inputs)
            last = each == found[-1]
            self.blocks.append(
                Block(inputs, widths[each], images.channels, options.style_dim, up=number > 0, up_image=not last)
            )
            inputs = widths[each]
        self.apply(initialize)
        self.register_buffer("noise_const", uniform(1, images.resolution, torch.device("cpu"))[0, 0])
        self.build_mapping(images)

    @classmethod
    def example_options(cls, folder: Path) -> LucidrainsGeneratorOptions:
        return LucidrainsGeneratorOptions(latent_dim=16, style_dim=16, mapping_layers=2, capacity=2, channel_max=8)

    @classmethod
    def incompatibility(cls, options: LucidrainsGeneratorOptions, context: RecipeContext) -> str | None:
        resolution = context.images.resolution
        problem = resolution_problem(f"the {cls.name} generator", resolution)
        return problem or attended(options.attention, len(resolutions(resolution)))

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weights `[I, W]` by which layers see their style, with the number of that style."""
        blocks: list[Block] = list(self.blocks)  # type: ignore[arg-type]
        return [(number, weight) for number, block in enumerate(blocks) for weight in block.styles()]

    def synthesize(self, styles: Tensor) -> Tensor:
        maps: Tensor = self.first_conv(self._start(styles))
        noise, image = self._noise(styles), None
        for number, block in enumerate(self.blocks):
            if str(number) in self.attention:
                maps = self.attention[str(number)](maps)
            resolution = self.style_resolutions()[number]
            seen = noise.get(self.noise_at(resolution))
            # The corner of the one image, at every resolution: its coarse layers see what its fine ones see magnified.
            corner = None if seen is None else seen[..., :resolution, :resolution]
            maps, image = block(maps, image, styles[:, number], corner)
        assert image is not None
        return image * 2 - 1

    def _start(self, styles: Tensor) -> Tensor:
        if self.from_style is not None:
            return self.from_style(styles.mean(dim=1)[..., None, None])
        assert self.constant is not None
        constant = self.constant.contiguous(memory_format=torch.channels_last)
        return constant.expand(styles.shape[0], -1, -1, -1)

    def _noise(self, styles: Tensor) -> Mapping[str, Tensor]:
        """Return the noise image of each mode that some layer has: one for each image of the batch, or for all."""
        modes = {self.noise_at(resolution) for resolution in self.noise_resolutions()}
        found = {"constant": self.noise_const} if "constant" in modes else {}
        if "random" in modes:
            side, device = self.resolution, styles.device
            found["random"] = per_image(lambda images: uniform(images, side, device), len(styles))
        return found
