"""What the generators of this plugin share: mapping, style mixing, the mean style, noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Generator, ImageSpec, NoiseMode, RecipeContext
from ganzoo.layers import MappingNetwork, full_precision, sides
from ganzoo_stylegan2.resolutions import resolution_problem


class StyledOptions(ComponentOptions):
    """Options of every generator of this plugin; the defaults are configuration F's."""

    latent_dim: PositiveInt = Field(default=512, description="Size of the latents (Z).")
    style_dim: PositiveInt = Field(default=512, description="Size of the styles (W).")
    mapping_layers: int = Field(default=8, ge=1, le=16, description="Dense layers of the mapping network.")
    mapping_width: PositiveInt | None = Field(
        default=None, description="Units of the hidden layers of the mapping network; by default, style_dim."
    )
    label_width: PositiveInt | None = Field(
        default=None, description="Size of labels that are embedded separately; by default, style_dim."
    )
    labels: Literal["separate", "joint"] = Field(
        default="separate",
        description="Labels are embedded and normalised by themselves (`separate`, as in StyleGAN2-ADA), or together "
        "with the latents (`joint`, as in the first StyleGAN2 code).",
    )
    mapping_lr_multiplier: PositiveFloat = Field(
        default=0.01, description="Factor on the learning rate of the mapping network."
    )
    channel_base: PositiveInt = Field(
        default=32768,
        description="Channels at side r are channel_base / r: 32768 in configuration F, 16384 in A to E.",
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels a feature map may have.")
    demodulate: bool = Field(
        default=True, description="Bring the outputs of modulated convolutions to deviation 1 (configuration B on)."
    )
    style_mixing: float = Field(
        default=0.9, ge=0.0, le=1.0, description="Probability that a batch in training mixes two styles."
    )
    style_mean_decay: float = Field(
        default=0.995, ge=0.0, lt=1.0, description="Decay per batch of the tracked mean style."
    )
    clamp: PositiveFloat | None = Field(
        default=None, description="Bound on what convolutions give; 256 in networks that NVIDIA trained in float16."
    )


class StyledGenerator(Generator):
    """Mapping, style mixing, mean style and noise mode; subclasses synthesize.

    Args:
        options: See `StyledOptions`.
        images: What is made.
        styles: Styles of the synthesis network (S).
    """

    style_average: Tensor

    def __init__(self, options: StyledOptions, images: ImageSpec, styles: int) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.styles = styles
        self.noise_mode: NoiseMode = "random"
        self.noise_modes: dict[int, NoiseMode] = {}
        self.sides = sides(images.resolution)
        self.style_mixing, self.style_mean_decay = options.style_mixing, options.style_mean_decay
        self.mapping = MappingNetwork(
            options.latent_dim,
            images.label_dim,
            options.style_dim,
            options.mapping_layers,
            lr_multiplier=options.mapping_lr_multiplier,
            width=options.mapping_width,
            label_width=options.label_width,
            labels=options.labels,
            bias_gain=math.sqrt(2),
        )
        self.register_buffer("style_average", torch.zeros(options.style_dim))

    @classmethod
    def incompatibility(cls, options: Any, context: RecipeContext) -> str | None:
        return resolution_problem(f"the {cls.name} generator", context.images.resolution)

    def use_noise(self, mode: NoiseMode) -> None:
        """See `NoiseInputs.use_noise`."""
        self.noise_mode, self.noise_modes = mode, {}

    def noise_resolutions(self) -> Sequence[int]:
        """See `NoiseResolutions.noise_resolutions`."""
        return self.sides

    def use_noise_at(self, modes: Mapping[int, NoiseMode]) -> None:
        """See `NoiseResolutions.use_noise_at`."""
        self.noise_modes = dict(modes)

    def noise_at(self, side: int) -> NoiseMode:
        """Return the noise mode at a side."""
        return self.noise_modes.get(side, self.noise_mode)

    def style_resolutions(self) -> Sequence[int]:
        """See `StyleResolutions.style_resolutions`: the first block has one, the others two, the last image its own."""
        return [self.sides[min((style + 1) // 2, len(self.sides) - 1)] for style in range(self.styles)]

    def style_mean(self) -> Tensor:
        """See `StyleBased.style_mean`."""
        return self.style_average

    def noise_maps(self) -> Sequence[str]:
        """Name the buffers of constant noise."""
        return [name for name, _ in self.named_buffers() if name.endswith(".noise_const")]

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        """Return the weight `[O, W]` by which each layer sees its style, with the number of that style."""
        raise NotImplementedError

    def active_styles(self) -> int:
        """Return how many styles take part at present."""
        return self.styles

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """See `StyleBased.map`. In training, follows the mean style and mixes styles at times."""
        with full_precision(latents):
            style = self.mapping(latents, labels)
            styles = style[:, None].expand(-1, self.styles, -1)
            if not self.training:
                return styles
            with torch.no_grad():
                self.style_average.copy_(style.mean(dim=0).lerp(self.style_average, self.style_mean_decay))
            return self._mixed(styles, latents, labels)

    def _mixed(self, styles: Tensor, latents: Tensor, labels: Tensor) -> Tensor:
        """Give a batch other styles from a crossover on, which is never past the last style that takes part."""
        if self.active_styles() < 2 or torch.rand(()).item() >= self.style_mixing:
            return styles
        crossover = int(torch.randint(1, self.active_styles(), ()).item())
        others = self.mapping(torch.randn_like(latents), labels)
        return torch.cat([styles[:, :crossover], others[:, None].expand(-1, self.styles - crossover, -1)], dim=1)

    def synthesize(self, styles: Tensor) -> Tensor:
        """See `StyleBased.synthesize`."""
        raise NotImplementedError

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))
