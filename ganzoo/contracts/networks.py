"""Networks: the two players of the game, and what the trainer may ask of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ganzoo.contracts.component import Component, ImageSpec, OptionsT

NoiseMode = Literal["random", "constant", "none"]


class Generator(Component[OptionsT], nn.Module, ABC):
    """Latents and labels to images. Subclasses set `latent_dim` in `__init__(options, images)`."""

    latent_dim: int

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()

    def sample_latents(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw latents `[count, Z]`: N(0, 1) unless overridden. Training, scoring and figures all ask here.

        `rng` is a CPU generator, and so is the result: the same seed gives the same latents on every device.
        """
        return torch.randn(count, self.latent_dim, generator=rng)

    @abstractmethod
    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, Z]` and `[N, L]` to images `[N, C, R, R]` on the scale of the reals, [-1, 1]."""


class Discriminator(Component[OptionsT], nn.Module, ABC):
    """Images and labels to raw logits: no sigmoid, the loss owns it."""

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, C, R, R]` and `[N, L]` to logits `[N]`."""


@runtime_checkable
class Growable(Protocol):
    """Capability: progressive growing (ProGAN, arXiv:1710.10196)."""

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution` from now on; the newest block weighs `alpha` (0 absent, 1 fully in)."""


@runtime_checkable
class StyleBased(Protocol):
    """Capability: `forward(z, c) == synthesize(map(z, c))` in evaluation mode (StyleGAN, arXiv:1812.04948)."""

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map latents to styles `[N, S, W]`; mixes styles while training."""

    def synthesize(self, styles: Tensor) -> Tensor:
        """Turn styles `[N, S, W]` into images `[N, C, R, R]`."""

    def style_mean(self) -> Tensor:
        """Return the tracked mean style `[W]`, towards which truncation pulls."""


@runtime_checkable
class NoiseInputs(Protocol):
    """Capability: noise maps inside the generator, apart from its latents (StyleGAN, arXiv:1812.04948, section 3.2)."""

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise from now on; networks begin, and always train, with `random`.

        `random` is drawn for every image; `constant` is the network's own buffers, the same for every image;
        `none` adds nothing.
        """
