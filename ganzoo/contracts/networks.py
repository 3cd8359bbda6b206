"""Networks: the two players of the game, and what the trainer may ask of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from ganzoo.contracts.component import Component, ImageSpec, OptionsT


class Generator(Component[OptionsT], nn.Module, ABC):
    """Latents and labels to images. Subclasses set `latent_dim` in `__init__(options, images)`.

    `self.options` are its options, as of every part that is built.
    """

    latent_dim: int

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()
        self.options = options

    def sample_latents(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw latents `[count, Z]`: N(0, 1) unless overridden. Training, scoring and figures all ask here.

        `rng` is a CPU generator, and so is the result: the same seed gives the same latents on every device.
        """
        return torch.randn(count, self.latent_dim, generator=rng)

    @abstractmethod
    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, Z]` and `[N, L]` to images `[N, C, R, R]` on the scale of the reals, [-1, 1]."""


class Discriminator(Component[OptionsT], nn.Module, ABC):
    """Images and labels to raw logits: no sigmoid, the loss owns it.

    `self.options` are its options, as of every part that is built.
    """

    @classmethod
    def logits_per_image(cls, options: OptionsT, images: ImageSpec) -> int:
        """Return how many logits each image gets: 1, or K of patches, heads, classes. Losses say if they take K."""
        return 1

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Map `[N, C, R, R]` and `[N, L]` to logits `[N]`, or `[N, K]` where `logits_per_image` is K above 1."""
