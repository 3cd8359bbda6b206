"""A plugin of volumes: a DCGAN of 3-D convolutions, made-up volumes, and 3-D features to score them by.

To the core a volume of D slices is an image of D channels, so that `ImageSpec(16, 16)` is a cube. Networks lift
`[N, D, H, W]` to `[N, 1, D, H, W]`, and nothing else here differs from a plugin of images; docs/volumes.md says what
that leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool3d, leaky_relu

from ganzoo import (
    ComponentOptions,
    DatasetOptions,
    Discriminator,
    Extractor,
    Generator,
    ImageDataset,
    ImageSpec,
    Item,
    Layer,
    PixelArray,
    RecipeContext,
    WeightsFile,
    hookimpl,
)
from ganzoo.layers import LOWEST_RESOLUTION, BatchNorm2d


class NetworkOptions(ComponentOptions):
    """Size of a network."""

    width: PositiveInt = Field(default=16, description="Channels of the finest hidden map; coarser ones have more.")


class GeneratorOptions(NetworkOptions):
    """Sizes of the generator."""

    latent_dim: PositiveInt = Field(default=32, description="Size of the latents.")


def depths_of(images: ImageSpec) -> list[int]:
    """Return the slices of each map, the volume's own first: halved with the side, while they are even and above 4."""
    depths = [images.channels]
    for _ in range((images.resolution // LOWEST_RESOLUTION).bit_length() - 1):
        halved = depths[-1] % 2 == 0 and depths[-1] > LOWEST_RESOLUTION
        depths.append(depths[-1] // 2 if halved else depths[-1])
    return depths


def _step(fine: int, coarse: int) -> dict[str, Any]:
    """Return how a convolution goes between `fine` and `coarse` slices while the sides halve or double."""
    halves = fine != coarse
    return {"kernel_size": (4 if halves else 3, 4, 4), "stride": (2 if halves else 1, 2, 2), "padding": 1}


def _too_small(part: str, context: RecipeContext) -> str | None:
    side = context.images.resolution
    return f"{part} needs at least 8 pixels a side, not {side}: raise dataset.resolution" if side < 8 else None


def _initialize(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02) (arXiv:1511.06434, section 4)."""
    if isinstance(module, nn.Conv3d | nn.ConvTranspose3d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class _VolumeNorm(BatchNorm2d):
    """Batch normalization of maps `[N, C, D, H, W]`: that of `[N, C, D * H, W]`, whose statistics are the same."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.flatten(2, 3)).unflatten(2, input.shape[2:4])


class VolumeGenerator(Generator[GeneratorOptions]):
    """DCGAN in three dimensions: a dense layer, then transposed 3-D convolutions of stride 2 to a tanh.

    Paper: Wu et al., arXiv:1610.07584, section 3.1, whose volumes are occupied or not and end in a sigmoid.
    """

    name = "volume-dcgan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = GeneratorOptions

    def __init__(self, options: GeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        depths = depths_of(images)[::-1]
        width = options.width << (len(depths) - 2)
        layers: list[nn.Module] = [
            nn.Linear(options.latent_dim + images.label_dim, width * depths[0] * LOWEST_RESOLUTION**2),
            nn.Unflatten(1, (width, depths[0], LOWEST_RESOLUTION, LOWEST_RESOLUTION)),
        ]
        for coarse, fine in pairwise(depths[:-1]):
            layers += [_VolumeNorm(width), nn.ReLU()]
            layers.append(nn.ConvTranspose3d(width, width // 2, bias=False, **_step(fine, coarse)))
            width //= 2
        layers += [_VolumeNorm(width), nn.ReLU(), nn.ConvTranspose3d(width, 1, **_step(depths[-1], depths[-2]))]
        self.layers = nn.Sequential(*layers)
        self.apply(_initialize)

    @classmethod
    def example_options(cls, folder: Path) -> GeneratorOptions:
        return GeneratorOptions(width=4, latent_dim=8)

    @classmethod
    def incompatibility(cls, options: GeneratorOptions, context: RecipeContext) -> str | None:
        return _too_small("the volume-dcgan generator", context)

    @classmethod
    def depends_on_batch(cls, options: GeneratorOptions) -> bool:
        return True

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return self.layers(torch.cat([latents, labels], dim=1)).squeeze(1).tanh()


class VolumeDiscriminator(Discriminator[NetworkOptions]):
    """3-D convolutions of stride 2 with leaky ReLU 0.2 to one logit, without normalization; labels by projection.

    Paper: Wu et al., arXiv:1610.07584, section 3.1, whose discriminator normalizes its batches, which R1 does without.
    """

    name = "volume-dcgan"

    Options = NetworkOptions

    def __init__(self, options: NetworkOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        depths = depths_of(images)
        widths = [1, *(options.width << number for number in range(len(depths) - 1))]
        self.convolutions = nn.ModuleList(
            nn.Conv3d(inputs, outputs, **_step(fine, coarse))
            for (inputs, outputs), (fine, coarse) in zip(pairwise(widths), pairwise(depths), strict=True)
        )
        self.dense = nn.Linear(widths[-1] * depths[-1] * LOWEST_RESOLUTION**2, 1)
        self.projection = nn.Linear(images.label_dim, widths[-1], bias=False) if images.label_dim else None
        self.apply(_initialize)

    @classmethod
    def example_options(cls, folder: Path) -> NetworkOptions:
        return NetworkOptions(width=4)

    @classmethod
    def incompatibility(cls, options: NetworkOptions, context: RecipeContext) -> str | None:
        return _too_small("the volume-dcgan discriminator", context)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        maps = images.unsqueeze(1)
        for convolution in self.convolutions:
            maps = leaky_relu(convolution(maps), 0.2)
        logits = self.dense(maps.flatten(1)).squeeze(1)
        if self.projection is None:
            return logits
        return logits + (self.projection(labels) * maps.sum(dim=(2, 3, 4))).sum(dim=1)


class EllipsoidsOptions(DatasetOptions):
    """How many volumes, and of how many slices."""

    resolution: PositiveInt = Field(default=16, description="Pixels of a slice's side, a power of two.")
    slices: PositiveInt = Field(default=16, description="Slices of a volume.")
    count: PositiveInt = Field(default=48, description="How many volumes, two of each subject.")


class Ellipsoids(ImageDataset[EllipsoidsOptions]):
    """Smooth shells of ellipsoids with noise, two volumes of each subject: made up, no files."""

    name = "ellipsoids"
    license = "CC0-1.0"

    Options = EllipsoidsOptions

    @classmethod
    def spec_of(cls, options: EllipsoidsOptions) -> ImageSpec:
        return ImageSpec(options.resolution, channels=options.slices)

    def items(self) -> Sequence[Item]:
        return [
            Item(f"{number:05d}", f"subject {number // 2}", fingerprint="1") for number in range(self.options.count)
        ]

    def load(self, item: Item) -> PixelArray:
        rng = np.random.default_rng(int(item.key))
        side, slices = self.options.resolution, self.options.slices
        axes = [np.linspace(-1, 1, size) for size in (slices, side, side)]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        center, radii = rng.uniform(-0.2, 0.2, 3), rng.uniform(0.4, 0.8, 3)
        distance = np.sqrt((((places - center) / radii) ** 2).sum(-1)) - 1
        shell = 200 * np.exp(-((distance / 0.3) ** 2)) + rng.normal(20, 4, distance.shape)
        return shell.clip(0, 255).astype(np.uint8)


class _RandomVolumeNetwork(nn.Module):
    """Three 3-D convolutions of stride 2: mean and deviation of each map, and brightness on a 4 x 4 x 4 grid."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.RandomState(0)  # whose stream is frozen
        self.weights = nn.ParameterList(
            nn.Parameter(torch.from_numpy(rng.standard_normal((outputs, inputs, 3, 3, 3)) / (13.5 * inputs) ** 0.5))
            for inputs, outputs in pairwise((1, 8, 16, 32))
        )
        self.float().requires_grad_(False).eval()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        maps = images.float().div(127.5).sub(1).unsqueeze(1)
        found = [adaptive_avg_pool3d(maps, 4).flatten(1)]
        for weight in self.weights:
            maps = leaky_relu(nn.functional.conv3d(maps, weight, stride=2, padding=1), 0.2)
            variance, mean = torch.var_mean(maps, dim=(2, 3, 4), correction=0)
            found += [mean, (variance + 1e-4).sqrt()]
        return (torch.cat(found, dim=1),)


class RandomVolumeFeatures(Extractor):
    """Fixed random 3-D convolutional features; needs no download."""

    name = "volume-features"
    label = "volume"
    layers: ClassVar[Mapping[str, Layer]] = {"pooled": Layer("176", width=176)}

    @classmethod
    def cannot_see(cls, options: ComponentOptions, images: ImageSpec) -> str | None:
        return None  # channels are slices, of whatever number

    def weights(self) -> WeightsFile | None:
        return None

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {"network": "random 3-D convolutions, version 1", "weights": "frozen stream"}

    def build(self, layers: Sequence[str]) -> nn.Module:
        return _RandomVolumeNetwork()


@hookimpl
def ganzoo_generators() -> list[type]:
    return [VolumeGenerator]


@hookimpl
def ganzoo_discriminators() -> list[type]:
    return [VolumeDiscriminator]


@hookimpl
def ganzoo_datasets() -> list[type]:
    return [Ellipsoids]


@hookimpl
def ganzoo_extractors() -> list[type]:
    return [RandomVolumeFeatures]
