"""The generator of StyleGAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ganzoo import ComponentOptions, Generator, ImageSpec, NoiseMode, RecipeContext
from ganzoo.layers import (
    EqualizedConv2d,
    Growth,
    MappingNetwork,
    channels_at,
    draw_crossover,
    full_precision,
    layered,
    resolution_problem,
    sides,
)
from ganzoo_stylegan.layers import SamplingOptions, Start, StyledBlock
from ganzoo_stylegan.options import Blur


class StyleGANGeneratorOptions(ComponentOptions):
    """Options of the generator; the defaults are the official code's."""

    latent_dim: PositiveInt = Field(default=512, description="Size of the latents.")
    style_dim: PositiveInt = Field(default=512, description="Size of the styles.")
    mapping_layers: int = Field(default=8, ge=1, le=16, description="Layers of the mapping network.")
    mapping_width: PositiveInt | None = Field(
        default=None, description="Units of the hidden layers of the mapping network; by default, style_dim."
    )
    mapping_lr_multiplier: PositiveFloat = Field(
        default=0.01, description="Factor on the learning rate of the mapping network."
    )
    channel_base: PositiveInt = Field(
        default=16384, description="Channels are min(channel_base / side, channel_max); the official 8192 is 16384."
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a map may have.")
    input: Literal["constant", "normal", "dense"] = Field(
        default="constant",
        description="What the 4x4 block begins with: a learned constant, 1 at first; one that is N(0, 1) at "
        "first; or a dense layer, as before StyleGAN (the paper's 'traditional input').",
    )
    blur: Blur = Field(default=(1, 2, 1), description="Taps of the filter after each doubling; [] for none.")
    bias_before_blur: bool = Field(
        default=False, description="Whether a doubling layer's bias is added before the filter."
    )
    norm_epsilon: PositiveFloat = Field(default=1e-8, description="Added to the variance of a map.")
    style_offset: float = Field(default=1.0, description="Added to the learned scale of a map.")
    style_mixing: float = Field(
        default=0.9, ge=0.0, le=1.0, description="How often a batch in training mixes the styles of two latents."
    )
    style_mean_decay: float = Field(
        default=0.995, ge=0.0, le=1.0, description="Weight kept by the mean style at each batch in training."
    )


class StyleGANGenerator(Generator[StyleGANGeneratorOptions]):
    """A mapping network, and blocks that can grow, each layer with a style and noise; the defaults are official.

    Parameters: `mapping.layers.<n>` and `mapping.embedding.weight` (with classes), `start.constant`,
    `blocks.<side>.first` and `.second` with `convolution.weight`, `bias`, `noise_weight` and `style`, and
    `to_rgb.<side>`. Buffers: the constant `noise` of each layer, and `mean_style`. Weights are used times
    gain / sqrt(fan-in): the gain is sqrt(2) for convolutions and the mapping, 1 for `style` and `to_rgb`.

    Paper: Karras et al., arXiv:1812.04948, sections 2 and 3, appendix C.
    """

    name = "stylegan"
    mean_style: Tensor

    Options = StyleGANGeneratorOptions

    def __init__(self, options: StyleGANGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.options = options
        self.latent_dim = options.latent_dim
        self.growth = Growth(images.resolution)
        self.noise_mode: NoiseMode = "random"
        self.noise_modes: dict[int, NoiseMode] = {}
        all_sides = sides(images.resolution)
        self.layer_count = 2 * len(all_sides)
        self.mapping = MappingNetwork(
            options.latent_dim,
            images.label_dim,
            options.style_dim,
            options.mapping_layers,
            lr_multiplier=options.mapping_lr_multiplier,
            width=options.mapping_width,
        )
        self.register_buffer("mean_style", torch.zeros(options.style_dim))
        sampling = SamplingOptions(
            options.style_dim, options.norm_epsilon, options.style_offset, options.blur, options.bias_before_blur
        )
        widths = [channels_at(side, options.channel_base, options.channel_max) for side in all_sides]
        self.start = Start(options.input, options.style_dim, widths[0])
        self.blocks = nn.ModuleDict(
            {
                str(side): StyledBlock(inputs, outputs, side, sampling)
                for side, inputs, outputs in zip(all_sides, [None, *widths], widths, strict=False)
            }
        )
        self.to_rgb = nn.ModuleDict(
            {
                str(side): EqualizedConv2d(width, images.channels, 1)
                for side, width in zip(all_sides, widths, strict=True)
            }
        )

    @classmethod
    def incompatibility(cls, options: StyleGANGeneratorOptions, context: RecipeContext) -> str | None:
        return resolution_problem("the stylegan generator", context.images.resolution)

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on, the newest block weighing `alpha`."""
        self.growth = Growth(resolution, alpha)

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise from now on."""
        self.noise_mode, self.noise_modes = mode, {}

    def noise_resolutions(self) -> Sequence[int]:
        """Return the sides of all blocks."""
        return [int(side) for side in self.blocks]

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """Choose the noise at some sides, until `use_noise`."""
        self.noise_modes = dict(modes)

    def style_resolutions(self) -> Sequence[int]:
        """Return the side of each style's layer: two layers a block."""
        return [int(side) for side in self.blocks for _ in range(2)]

    def noise_maps(self) -> Sequence[str]:
        """Name the buffers of constant noise."""
        return [name for name, _ in self.blocks.named_buffers(prefix="blocks") if name.endswith(".noise")]

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weight `[2 O, W]` by which each layer sees its style, with the number of that style."""
        blocks: list[Any] = list(self.blocks.values())
        layers = [layer for block in blocks for layer in (block.first, block.second)]
        return [(number, layer.style.scaled_weight()) for number, layer in enumerate(layers)]

    def style_mean(self) -> Tensor:
        """Return the mean style `[W]`, tracked in training."""
        return self.mean_style

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map latents to styles `[N, S, W]`, S being all layers; in training, track their mean and mix some."""
        with full_precision(latents):
            styles = self.mapping(latents, labels)
        if not self.training:
            return layered(styles, self.layer_count)
        with torch.no_grad():
            self.mean_style.lerp_(styles.mean(dim=0), 1 - self.options.style_mean_decay)
        crossover = draw_crossover(2 * len(self.growth.sides), self.options.style_mixing)
        if crossover is None:
            return layered(styles, self.layer_count)
        with full_precision(latents):
            others = self.mapping(torch.randn_like(latents), labels)
        return layered(styles, self.layer_count, others, crossover)

    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images; layers beyond the present resolution are not used."""
        features = coarse = self.start(styles[:, 0])
        for index, side in enumerate(self.growth.sides):
            pair = styles[:, 2 * index : 2 * index + 2]
            coarse, features = (
                features,
                self.blocks[str(side)](features, pair, self.noise_modes.get(side, self.noise_mode)),
            )
        images: Tensor = self.to_rgb[str(self.growth.resolution)](features)
        if not self.growth.fades:
            return images
        previous = self.to_rgb[str(self.growth.resolution // 2)](coarse)
        return torch.lerp(interpolate(previous, scale_factor=2.0, mode="nearest"), images, self.growth.alpha)
