"""Styled DCGAN: DCGAN's generator with a mapping network, and a style and noise in each block."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu_

from ganzoo import ImageSpec, NoiseMode, RecipeContext
from ganzoo.layers import (
    LOWEST_RESOLUTION,
    EqualizedLinear,
    StyledGenerator,
    StyledOptions,
    adaptive_instance_norm,
    add_noise,
    at_least_float32,
    resolutions,
)
from ganzoo_dcgan.layers import initialize, resolution_problem, widths


class StyledDCGANGeneratorOptions(StyledOptions):
    """The shell's, sizes and noise."""

    width: PositiveInt = Field(
        default=32, description="Channels of the finest map; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=512, description="Most channels a map may have.")
    kernel: Literal[3, 5] = Field(default=3, description="Size of the kernels.")
    input: Literal["dense", "constant"] = Field(
        default="dense", description="Input of the first block: a dense layer as in DCGAN, or a constant."
    )
    noise: bool = Field(default=True, description="Whether blocks add noise, with learned weights.")


class StyledDCGANGenerator(StyledGenerator[StyledDCGANGeneratorOptions]):
    """DCGAN's generator with a mapping network, AdaIN in each block and bilinear upsampling; it does not grow.

    A dense layer (of the first block's style) or a learned constant gives 4x4; then one block per resolution:
    bilinear upsampling but in the first, convolution, noise, leaky ReLU 0.2, AdaIN. The image is a 1x1 convolution
    and a tanh. Classes enter the mapping network. Latents are N(0, 1).

    Paper: Karras et al., arXiv:1812.04948, section 2, on Radford et al., arXiv:1511.06434.
    """

    name = "dcgan-styled"

    Options = StyledDCGANGeneratorOptions

    def __init__(self, options: StyledDCGANGeneratorOptions, images: ImageSpec) -> None:
        # One style per block, and a block per resolution.
        all_resolutions = resolutions(images.resolution)
        super().__init__(
            options,
            images,
            style_resolutions=all_resolutions,
            noise_resolutions=all_resolutions if options.noise else [],
        )
        coarsest, *finer = reversed(widths(2 * images.resolution, options.width, options.max_width))
        # The learned constant is StyleGAN's configuration D, the dense layer what there is before (table 1).
        self.start: nn.Module = _Constant(coarsest)
        if options.input == "dense":
            self.start = nn.Sequential(
                nn.Linear(options.style_dim, coarsest * LOWEST_RESOLUTION**2),
                nn.Unflatten(1, (coarsest, LOWEST_RESOLUTION, LOWEST_RESOLUTION)),
            )
        blocks, inputs = [], coarsest
        for resolution, outputs in zip(all_resolutions, (coarsest, *finer), strict=True):
            blocks.append(_Block(inputs, outputs, resolution, options))
            inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.to_rgb = nn.Conv2d(inputs, images.channels, 1)
        self.apply(initialize)
        # Last, so that DCGAN's layers are drawn as they are in `dcgan`.
        self.build_mapping(images)

    @classmethod
    def example_options(cls, folder: Path) -> StyledDCGANGeneratorOptions:
        return StyledDCGANGeneratorOptions(latent_dim=16, style_dim=16, mapping_layers=2, width=8, max_width=16)

    @classmethod
    def incompatibility(cls, options: StyledDCGANGeneratorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the dcgan-styled generator", context.images.resolution)

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weight `[2 O, W]` by which each block sees its style, with the number of that style."""
        blocks: list[Any] = list(self.blocks)
        return [(number, block.style.scaled_weight()) for number, block in enumerate(blocks)]

    def synthesize(self, styles: Tensor) -> Tensor:
        features = self.start(styles[:, 0])
        for block, resolution, style in zip(self.blocks, self.style_resolutions(), styles.unbind(dim=1), strict=True):
            features = block(features, style, self.noise_at(resolution))
        # DCGAN's bound; StyleGAN itself has none.
        return self.to_rgb(features).tanh()


class _Constant(nn.Module):
    """A learned map, 1 at first: `[N, W]` to `[N, C, 4, 4]`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.ones(1, channels, LOWEST_RESOLUTION, LOWEST_RESOLUTION))

    def forward(self, style: Tensor) -> Tensor:
        return self.constant.expand(style.shape[0], -1, -1, -1)


class _Block(nn.Module):
    """`[N, inputs, H, W]` and a style `[N, W]` to `[N, outputs, r, r]`."""

    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, resolution: int, options: StyledDCGANGeneratorOptions) -> None:
        super().__init__()
        self.resolution = resolution
        self.convolution = nn.Conv2d(inputs, outputs, options.kernel, padding=options.kernel // 2)
        self.noise_weight = nn.Parameter(torch.zeros(outputs)) if options.noise else None
        self.style = EqualizedLinear(options.style_dim, 2 * outputs)
        self.register_buffer("noise_const", torch.randn(1, 1, resolution, resolution) if options.noise else None)

    def forward(self, features: Tensor, style: Tensor, mode: NoiseMode) -> Tensor:
        if features.shape[-1] != self.resolution:
            # Bilinear, as from StyleGAN's configuration B on (table 1); aligned corners would shift the image.
            features = interpolate(features, size=self.resolution, mode="bilinear", align_corners=False)
        features = self.convolution(features)
        if self.noise_weight is not None:
            features = add_noise(features, self.noise_weight, self.noise_const, mode)
        # AdaIN, arXiv:1812.04948, equation 1, with styles learned around a scale of 1.
        scale, shift = at_least_float32(self.style(style)).chunk(2, dim=1)
        return adaptive_instance_norm(leaky_relu_(features, 0.2), scale + 1, shift)
