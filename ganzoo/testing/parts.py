"""Tiny parts: the smallest that keep their contracts, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, softplus

from ganzoo.contracts.capabilities import NoiseMode
from ganzoo.contracts.component import ComponentOptions, ImageSpec, PixelArray
from ganzoo.contracts.datasets import DatasetOptions, ImageDataset, Item
from ganzoo.contracts.networks import Discriminator, Generator
from ganzoo.contracts.objectives import AdversarialLoss
from ganzoo.layers.noise import add_noise
from ganzoo.layers.ranks import batch_mean, per_image

_GROWTH_START = 4


class TinyGeneratorOptions(ComponentOptions):
    """Size of the latents."""

    latent_dim: PositiveInt = Field(default=8, description="Size of the latents.")


class TinyGenerator(Generator[TinyGeneratorOptions]):
    """One linear layer and a tanh."""

    name = "tiny"

    Options = TinyGeneratorOptions

    def __init__(self, options: TinyGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.shape = (images.channels, images.resolution, images.resolution)
        pixels = images.channels * images.resolution**2
        self.dense = nn.Linear(options.latent_dim + images.label_dim, pixels)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.dense(torch.cat([latents, labels], dim=1)).unflatten(1, self.shape).tanh()


class TinyStyledGeneratorOptions(ComponentOptions):
    """Sizes of latents and styles."""

    latent_dim: PositiveInt = Field(default=8, description="Size of the latents.")
    style_dim: PositiveInt = Field(default=6, description="Size of the styles.")


class TinyStyledGenerator(Generator[TinyStyledGeneratorOptions]):
    """Two linear layers, each with a style and a noise map of its own; mixes styles while training."""

    name = "tiny-styled"

    Options = TinyStyledGeneratorOptions

    def __init__(self, options: TinyStyledGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        self.shape = (images.channels, images.resolution, images.resolution)
        pixels = images.channels * images.resolution**2
        self.mapping = nn.Linear(options.latent_dim + images.label_dim, options.style_dim)
        self.layers = nn.ModuleList(nn.Linear(options.style_dim, pixels) for _ in range(2))
        self.strengths = nn.Parameter(torch.zeros(2))
        self.mean: Tensor
        self.maps: Tensor
        self.register_buffer("mean", torch.zeros(options.style_dim))
        self.register_buffer("maps", torch.randn(2, 1, images.resolution, images.resolution))
        self.noise: NoiseMode = "random"

    def use_noise(self, mode: NoiseMode) -> None:
        """See `NoiseInputs.use_noise`."""
        self.noise = mode

    def map(self, latents: Tensor, labels: Tensor) -> Tensor:
        """See `StyleBased.map`."""
        styles = self._mapped(latents, labels)
        if not self.training:
            return styles.unsqueeze(1).repeat(1, 2, 1)
        self.mean.lerp_(batch_mean(styles.detach()), 0.01)
        drawn = per_image(lambda count: torch.randn(count, self.latent_dim), len(latents)).to(latents)
        mixed = per_image(lambda count: torch.rand(count, 1), len(latents)).to(latents) < 0.5
        return torch.stack([styles, torch.where(mixed, self._mapped(drawn, labels), styles)], dim=1)

    def _mapped(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.mapping(torch.cat([latents, labels], dim=1)).tanh()

    def synthesize(self, styles: Tensor) -> Tensor:
        """See `StyleBased.synthesize`."""
        images = styles.new_zeros(1)
        for index, layer in enumerate(self.layers):
            images = images + layer(styles[:, index]).unflatten(1, self.shape)
            images = add_noise(images, self.strengths[index].expand(self.shape[0]), self.maps[index], self.noise)
        return images.tanh()

    def mean_w(self) -> Tensor:
        """See `StyleBased.mean_w`."""
        return self.mean

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.synthesize(self.map(latents, labels))


class TinyDiscriminator(Discriminator):
    """One linear layer: the logit is an inner product with the pixels, so penalties can be written down."""

    name = "tiny"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.dense = nn.Linear(images.channels * images.resolution**2 + images.label_dim, 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.dense(torch.cat([images.flatten(1), labels], dim=1)).squeeze(1)


class TinyLoss(AdversarialLoss):
    """The logistic loss."""

    name = "tiny"

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-real).mean() + softplus(fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(-fake).mean()


class _Grown(nn.Module):
    """Where a growing network stands: from 4x4 to the resolution of the data."""

    def __init__(self, final: int) -> None:
        super().__init__()
        self.resolutions = [resolution for resolution in (_GROWTH_START << k for k in range(10)) if resolution <= final]
        self.resolution, self.alpha = final, 1.0

    def grow(self, resolution: int, alpha: float) -> None:
        self.resolution, self.alpha = resolution, alpha

    def previous(self) -> int | None:
        """Return the resolution that still shows through, or None."""
        fades = self.alpha < 1 and self.resolution > self.resolutions[0]
        return self.resolution // 2 if fades else None


class TinyGrowableGenerator(Generator[TinyGeneratorOptions]):
    """One linear layer per resolution; the newest one is faded in."""

    name = "tiny-growable"

    Options = TinyGeneratorOptions

    def __init__(self, options: TinyGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim, self.channels = options.latent_dim, images.channels
        self.growth = _Grown(images.resolution)
        inputs = options.latent_dim + images.label_dim
        self.layers = nn.ModuleDict(
            {
                str(resolution): nn.Linear(inputs, images.channels * resolution**2)
                for resolution in self.growth.resolutions
            }
        )

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution`, the newest layer weighing `alpha`."""
        self.growth.grow(resolution, alpha)

    def _at(self, resolution: int, inputs: Tensor) -> Tensor:
        return self.layers[str(resolution)](inputs).unflatten(1, (self.channels, resolution, resolution)).tanh()

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        inputs = torch.cat([latents, labels], dim=1)
        images = self._at(self.growth.resolution, inputs)
        previous = self.growth.previous()
        if previous is None:
            return images
        return torch.lerp(interpolate(self._at(previous, inputs), scale_factor=2.0), images, self.growth.alpha)


class TinyGrowableDiscriminator(Discriminator):
    """One linear layer per resolution; the newest one is faded in."""

    name = "tiny-growable"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.growth = _Grown(images.resolution)
        self.layers = nn.ModuleDict(
            {
                str(resolution): nn.Linear(images.channels * resolution**2 + images.label_dim, 1)
                for resolution in self.growth.resolutions
            }
        )

    def grow(self, resolution: int, alpha: float) -> None:
        """Work at `resolution`, the newest layer weighing `alpha`."""
        self.growth.grow(resolution, alpha)

    def _at(self, resolution: int, images: Tensor, labels: Tensor) -> Tensor:
        return self.layers[str(resolution)](torch.cat([images.flatten(1), labels], dim=1)).squeeze(1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        logits = self._at(self.growth.resolution, images, labels)
        previous = self.growth.previous()
        if previous is None:
            return logits
        return torch.lerp(self._at(previous, avg_pool2d(images, 2), labels), logits, self.growth.alpha)


class TinyDatasetOptions(DatasetOptions):
    """How many, and of what kind."""

    resolution: PositiveInt = Field(default=16, description="Resolution of the images, a power of two.")
    channels: PositiveInt = Field(default=1, description="1 for grayscale, 3 for color.")
    classes: int = Field(default=0, ge=0, description="Classes: the image's number modulo this; 0 for none.")
    count: PositiveInt = Field(default=64, description="How many images.")
    seed: int = Field(default=0, ge=0, description="Seed of the images.")


class TinyDataset(ImageDataset[TinyDatasetOptions]):
    """Squares of random place and brightness on black, made from a seed: no files."""

    name = "tiny"

    Options = TinyDatasetOptions

    @classmethod
    def spec_of(cls, options: TinyDatasetOptions) -> ImageSpec:
        return ImageSpec(options.resolution, options.channels, options.classes)

    def items(self) -> Sequence[Item]:
        classes = self.options.classes
        return [
            Item(key=f"{index:06d}", label=index % classes if classes else None, fingerprint=f"{self.options.seed}")
            for index in range(self.options.count)
        ]

    def load(self, item: Item) -> PixelArray:
        resolution = self.options.resolution
        rng = np.random.default_rng([self.options.seed, int(item.key)])
        top, left = rng.integers(0, resolution // 2, size=2)
        image = np.zeros((self.options.channels, resolution, resolution), dtype=np.uint8)
        image[:, top : top + resolution // 2, left : left + resolution // 2] = rng.integers(64, 256)
        return image
