"""Small packs, generators and settings for the tests of sampling and scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ganzoo._recipe.schema import ScoringSettings
from ganzoo._registry.registry import Registry
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.datasets import ImageDataset, Item
from ganzoo.contracts.networks import Generator
from ganzoo.data.pack.pack import Pack
from ganzoo.data.prepare.prepare import prepare
from ganzoo.layers import redrawn_within


class Arrays(ImageDataset):
    """Images that are in memory."""

    name = "arrays"

    class Options(ImageDataset.Options):
        """Shape of the images."""

        channels: int = 1
        classes: int = 0

    def __init__(self, options, images, labels=None):
        super().__init__(options)
        self.images, self.labels = images, labels

    @classmethod
    def spec_of(cls, options):
        return ImageSpec(options.resolution, options.channels, options.classes)

    def items(self):
        labels = [None] * len(self.images) if self.labels is None else self.labels
        return [Item(f"{index:05d}", label=label) for index, label in enumerate(labels)]

    def load(self, item):
        return self.images[int(item.key)]


def pack_of(folder: Path, images: np.ndarray, labels: list[int] | None = None, classes: int = 0) -> Pack:
    options = Arrays.Options(resolution=images.shape[-1], channels=images.shape[1], classes=classes)
    return prepare(Arrays(options, images, labels), "arrays", cache=folder, workers=1)


def pictures(count: int, *, resolution: int = 16, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Bright squares at random places on a dark ground: uint8 [count, C, R, R]."""
    rng = np.random.RandomState(seed)
    images = rng.randint(10, 40, (count, channels, resolution, resolution))
    for image in images:
        x, y = rng.randint(0, resolution // 2, 2)
        image[:, y : y + resolution // 2, x : x + resolution // 2] += rng.randint(100, 200, (channels, 1, 1))
    return images.astype(np.uint8)


def settings(**changes) -> ScoringSettings:
    base = {
        "metrics": ("fid", {"name": "kid", "subset_size": 30, "subsets": 5}),
        "generated": 60,
        "extractor": {"name": "random-features"},
        "batch_size": 16,
    }
    return ScoringSettings.model_validate(base | changes, context={"registry": Registry.discover()})


class Toy(Generator):
    """A linear map to images; conditional if there are labels."""

    name = "toy"

    def __init__(self, options, images: ImageSpec):
        super().__init__(options, images)
        self.latent_dim = 6
        self.spec = images
        pixels = images.channels * images.resolution**2
        self.linear = nn.Linear(self.latent_dim + images.label_dim, pixels)
        self.dropout = nn.Dropout(0.5)
        with torch.no_grad():
            weight = np.random.RandomState(1).standard_normal(tuple(self.linear.weight.shape)) * 0.3
            self.linear.weight.copy_(torch.from_numpy(weight))
            self.linear.bias.zero_()

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        flat = torch.tanh(self.dropout(self.linear(torch.cat([latents, labels], 1))))
        return flat.view(-1, self.spec.channels, self.spec.resolution, self.spec.resolution)


class UniformToy(Toy):
    """As DCGAN: latents in (-1, 1)."""

    def sample_latents(self, count, rng):
        return torch.rand(count, self.latent_dim, generator=rng) * 2 - 1


class TruncatableToy(Toy):
    """As BigGAN: its latents can be truncated."""

    def truncate_latents(self, latents, threshold, rng):
        return redrawn_within(latents, threshold, rng)


class NoisyToy(Toy):
    """Draws noise while it generates."""

    def forward(self, latents, labels):
        images = super().forward(latents, labels)
        return (images + 0.1 * torch.randn_like(images)).clamp(-1, 1)


class GrowingToy(Toy):
    """Grows; tells at which stage it was used."""

    def __init__(self, options, images):
        super().__init__(options, images)
        self.stage = (4, 0.5)
        self.used = []

    def grow(self, resolution, alpha):
        self.stage = (resolution, alpha)

    def forward(self, latents, labels):
        self.used.append(self.stage)
        return super().forward(latents, labels)


class StyledToy(Toy):
    """Has styles."""

    def map(self, latents, labels):
        return latents.unsqueeze(1).expand(-1, 2, -1)

    def synthesize(self, styles):
        return Toy.forward(self, styles.mean(1), styles.new_zeros(len(styles), 0))

    def mean_w(self):
        return torch.full((self.latent_dim,), 0.25)

    def forward(self, latents, labels):
        return self.synthesize(self.map(latents, labels))


def toy(cls=Toy, *, resolution=16, channels=1, label_dim=0):
    return cls(cls.Options(), ImageSpec(resolution, channels, label_dim))
