"""A plugin for ganzoo in one file: two small networks, a loss, and a dataset that needs no download."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganzoo import (
    AdversarialLoss,
    ComponentOptions,
    DatasetOptions,
    Discriminator,
    Generator,
    ImageDataset,
    ImageSpec,
    Item,
    hookimpl,
)

requires_ganzoo_api = 2


class AcmeGeneratorOptions(ComponentOptions):
    """Sizes."""

    latent_dim: PositiveInt = Field(default=32, description="Size of the latents.")
    hidden: PositiveInt = Field(default=128, description="Units of the hidden layer.")


class AcmeGenerator(Generator[AcmeGeneratorOptions]):
    """A perceptron with one hidden layer."""

    name = "acme"

    Options = AcmeGeneratorOptions

    def __init__(self, options: AcmeGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        shape = (images.channels, images.resolution, images.resolution)
        self.layers = nn.Sequential(
            nn.Linear(options.latent_dim + images.label_dim, options.hidden),
            nn.ReLU(),
            nn.Linear(options.hidden, images.channels * images.resolution**2),
            nn.Tanh(),
            nn.Unflatten(1, shape),
        )

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.layers(torch.cat([latents, labels], dim=1))


class AcmeDiscriminatorOptions(ComponentOptions):
    """Sizes."""

    hidden: PositiveInt = Field(default=128, description="Units of the hidden layer.")


class AcmeDiscriminator(Discriminator[AcmeDiscriminatorOptions]):
    """A perceptron with one hidden layer; its output is a raw logit."""

    name = "acme"

    Options = AcmeDiscriminatorOptions

    def __init__(self, options: AcmeDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.layers = nn.Sequential(
            nn.Linear(images.channels * images.resolution**2 + images.label_dim, options.hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(options.hidden, 1),
        )

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.layers(torch.cat([images.flatten(1), labels], dim=1)).squeeze(1)


class PairedLoss(AdversarialLoss):
    """Each real image is to beat one generated image, and the other way round.

    Paper: Jolicoeur-Martineau, arXiv:1807.00734, section 4.1 (relativistic pairing).
    """

    name = "acme-paired"

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(real().detach() - fake).mean()


class RingsOptions(DatasetOptions):
    """How many rings, and whether they have labels."""

    resolution: PositiveInt = Field(default=16, description="Resolution of the images, a power of two.")
    count: PositiveInt = Field(default=256, description="How many images.")
    sizes_as_labels: bool = Field(default=False, description="Two classes: small and large rings.")


class Rings(ImageDataset[RingsOptions]):
    """Gray rings of random radius and brightness on black; the label, if asked for, is the size."""

    name = "acme-rings"

    Options = RingsOptions

    @classmethod
    def spec_of(cls, options: RingsOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=1, label_dim=2 if options.sizes_as_labels else 0)

    def items(self) -> list[Item]:
        labeled = self.options.sizes_as_labels
        return [Item(key=f"{i:06d}", label=i % 2 if labeled else None) for i in range(self.options.count)]

    def load(self, item: Item) -> np.ndarray:
        number, side = int(item.key), self.options.resolution
        rng = np.random.default_rng(number)
        radius = rng.uniform(0.2, 0.5) + 0.4 * (number % 2)
        axis = np.linspace(-1, 1, side)
        distance = np.abs(np.hypot(axis[:, None], axis[None, :]) - radius)
        ring = np.clip(1.5 - distance * side / 3, 0, 1) * rng.uniform(128, 255)
        return ring.astype(np.uint8)[None]


@hookimpl
def ganzoo_generators() -> list[type[Generator]]:
    return [AcmeGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type[Discriminator]]:
    return [AcmeDiscriminator]


@hookimpl
def ganzoo_losses() -> list[type[AdversarialLoss]]:
    return [PairedLoss]


@hookimpl
def ganzoo_datasets() -> list[type[ImageDataset]]:
    return [Rings]
