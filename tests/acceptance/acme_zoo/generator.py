"""A generator: as many waves as there are latents, added up."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from ganzoo import ComponentOptions, Generator, ImageSpec


class WavesOptions(ComponentOptions):
    """Size of the latents."""

    latent_dim: PositiveInt = Field(default=4, description="Size of the latents: as many waves.")


class Waves(Generator[WavesOptions]):
    """Adds up waves whose weights are learned."""

    name = "acme-waves"

    Options = WavesOptions

    def __init__(self, options: WavesOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        axis = torch.linspace(0, math.pi, images.resolution)
        frequencies = torch.arange(1, options.latent_dim + 1)
        waves = torch.sin(axis[:, None] * frequencies).T
        self.waves: Tensor
        self.register_buffer("waves", waves[:, None, :, None] * waves[:, None, None, :])
        self.mix = nn.Linear(options.latent_dim + images.label_dim, options.latent_dim * images.channels)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        weights = self.mix(torch.cat([latents, labels], dim=1)).unflatten(1, (self.latent_dim, -1))
        return torch.einsum("nkc,kuhw->nchw", weights, self.waves).tanh()
