"""A DCGAN generator with styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu_

from ganzoo import ComponentOptions, Generator, ImageSpec, NoiseMode, RecipeContext
from ganzoo.layers import (
    EqualizedLinear,
    MappingNetwork,
    adaptive_instance_norm,
    add_noise,
    draw_crossover,
    full_precision,
    layered,
)
from ganzoo_dcgan.layers import SMALLEST, initialize, resolution_problem, widths


class StyledDCGANGeneratorOptions(ComponentOptions):
    """Sizes, styles and noise."""

    latent_dim: PositiveInt = Field(default=512, description="Size of the latents.")
    style_dim: PositiveInt = Field(default=512, description="Size of the styles.")
    mapping_layers: int = Field(default=8, ge=1, le=16, description="Layers of the mapping network.")
    mapping_lr_multiplier: PositiveFloat = Field(
        default=0.01, description="Factor on the learning rate of the mapping network."
    )
    width: PositiveInt = Field(
        default=32, description="Channels of the finest map; each coarser one has twice as many."
    )
    max_width: PositiveInt = Field(default=512, description="Most channels a map may have.")
    kernel: Literal[3, 5] = Field(default=3, description="Size of the kernels.")
    input: Literal["dense", "constant"] = Field(
        default="dense", description="What the first block begins with: a dense layer as in DCGAN, or a constant."
    )
    noise: bool = Field(default=True, description="Whether blocks add noise, with learned weights.")
    style_mixing: float = Field(
        default=0.9, ge=0.0, le=1.0, description="Probability that a batch in training mixes two styles."
    )
    style_mean_decay: float = Field(
        default=0.995, ge=0.0, lt=1.0, description="Decay per batch of the tracked mean style."
    )


class StyledDCGANGenerator(Generator[StyledDCGANGeneratorOptions]):
    """DCGAN's generator with a mapping network, AdaIN in each block and bilinear upsampling; it does not grow.

    A dense layer (of the first block's style) or a learned constant gives 4x4; then one block per resolution:
    bilinear upsampling but in the first, convolution, noise, leaky ReLU 0.2, AdaIN. The image is a 1x1 convolution
    and a tanh. Classes enter the mapping network. Latents are N(0, 1).

    Paper: Karras et al., arXiv:1812.04948, section 2, on Radford et al., arXiv:1511.06434.
    """

    name = "dcgan-styled"
    mean_style: Tensor

    Options = StyledDCGANGeneratorOptions

    def __init__(self, options: StyledDCGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.options = options
        self.latent_dim = options.latent_dim
        self.noise_mode: NoiseMode = "random"
        self.noise_modes: dict[int, NoiseMode] = {}
        coarsest, *finer = reversed(widths(2 * images.resolution, options.width, options.max_width))
        self.start: nn.Module = _Constant(coarsest)
        if options.input == "dense":
            self.start = nn.Sequential(
                nn.Linear(options.style_dim, coarsest * SMALLEST**2), nn.Unflatten(1, (coarsest, SMALLEST, SMALLEST))
            )
        blocks, inputs = [], coarsest
        for depth, outputs in enumerate((coarsest, *finer)):
            blocks.append(_Block(inputs, outputs, SMALLEST << depth, options))
            inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.sides = [SMALLEST << depth for depth in range(len(blocks))]
        self.to_rgb = nn.Conv2d(inputs, images.channels, 1)
        self.apply(initialize)
        self.mapping = MappingNetwork(
            options.latent_dim,
            images.label_dim,
            options.style_dim,
            options.mapping_layers,
            lr_multiplier=options.mapping_lr_multiplier,
        )
        self.register_buffer("mean_style", torch.zeros(options.style_dim))

    @classmethod
    def incompatibility(cls, options: StyledDCGANGeneratorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the dcgan-styled generator", context.images.resolution)

    def use_noise(self, mode: NoiseMode) -> None:
        """See `NoiseInputs.use_noise`."""
        self.noise_mode, self.noise_modes = mode, {}

    def noise_resolutions(self) -> Sequence[int]:
        """See `NoiseResolutions.noise_resolutions`; none if the option `noise` is off."""
        return self.sides if self.options.noise else []

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """See `NoiseResolutions.use_noise_at`."""
        self.noise_modes = dict(modes)

    def style_resolutions(self) -> Sequence[int]:
        """See `StyleResolutions.style_resolutions`: one style per block."""
        return self.sides

    def noise_maps(self) -> Sequence[str]:
        """Name the buffers of constant noise; none where the network has no noise."""
        return [name for name, _ in self.blocks.named_buffers(prefix="blocks") if name.endswith(".noise")]

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weight `[2 O, W]` by which each block sees its style, with the number of that style."""
        blocks: list[Any] = list(self.blocks)
        return [(number, block.style.scaled_weight()) for number, block in enumerate(blocks)]

    def style_mean(self) -> Tensor:
        """See `StyleBased.style_mean`."""
        return self.mean_style

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """See `StyleBased.map`: one style per block. In training, follows the mean style and mixes some."""
        with full_precision(latents):
            style = self.mapping(latents, labels)
        if not self.training:
            return layered(style, len(self.blocks))
        with torch.no_grad():
            self.mean_style.lerp_(style.mean(dim=0), 1 - self.options.style_mean_decay)
        crossover = draw_crossover(len(self.blocks), self.options.style_mixing)
        if crossover is None:
            return layered(style, len(self.blocks))
        with full_precision(latents):
            other = self.mapping(torch.randn_like(latents), labels)
        return layered(style, len(self.blocks), other, crossover)

    def synthesize(self, styles: Tensor) -> Tensor:
        """See `StyleBased.synthesize`."""
        features = self.start(styles[:, 0])
        for block, side, style in zip(self.blocks, self.sides, styles.unbind(dim=1), strict=True):
            features = block(features, style, self.noise_modes.get(side, self.noise_mode))
        return self.to_rgb(features).tanh()


class _Constant(nn.Module):
    """A learned map, 1 at first: `[N, W]` to `[N, C, 4, 4]`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.ones(1, channels, SMALLEST, SMALLEST))

    def forward(self, style: Tensor) -> Tensor:
        return self.constant.expand(style.shape[0], -1, -1, -1)


class _Block(nn.Module):
    """`[N, inputs, H, W]` and a style `[N, W]` to `[N, outputs, side, side]`."""

    noise: Tensor

    def __init__(self, inputs: int, outputs: int, side: int, options: StyledDCGANGeneratorOptions) -> None:
        super().__init__()
        self.side = side
        self.convolution = nn.Conv2d(inputs, outputs, options.kernel, padding=options.kernel // 2)
        self.noise_weight = nn.Parameter(torch.zeros(outputs)) if options.noise else None
        self.style = EqualizedLinear(options.style_dim, 2 * outputs)
        self.register_buffer("noise", torch.randn(1, 1, side, side) if options.noise else None)

    def forward(self, features: Tensor, style: Tensor, mode: NoiseMode) -> Tensor:
        if features.shape[-1] != self.side:
            features = interpolate(features, size=self.side, mode="bilinear", align_corners=False)
        features = self.convolution(features)
        if self.noise_weight is not None:
            features = add_noise(features, self.noise_weight, self.noise, mode)
        scale, shift = self.style(style).float().chunk(2, dim=1)
        return adaptive_instance_norm(leaky_relu_(features, 0.2), scale + 1, shift)
