"""Discriminator of FastGAN."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganzoo import ComponentOptions, Discriminator, ImageSpec, RecipeContext
from ganzoo.layers import channels_at, resolution_problem, resolutions
from ganzoo_fastgan.critic_layers import DownBlock, PatchHead, layer
from ganzoo_fastgan.layers import SkipLayerExcitation

_LARGEST = 256  # Larger images are brought to this side first, by one halving layer for each factor of two.
_SMALL = 128  # of the authors' second view


class FastGANDiscriminatorOptions(ComponentOptions):
    """Options of the discriminator; the defaults are the authors'."""

    channel_base: PositiveInt = Field(
        default=4096, description="Channels are min(channel_base / resolution, channel_max); of the small view, half."
    )
    channel_max: PositiveInt = Field(default=512, description="Most channels that maps may have.")
    end: PositiveInt = Field(
        default=8, description="Side of the last maps, a power of two; 8 gives 5x5 logits of each view."
    )
    small_resolution: PositiveInt | None = Field(
        default=None,
        description="Resolution of the second, smaller view; absent: 128 as published, or half of smaller images.",
    )
    excites: PositiveInt = Field(
        default=8,
        ge=2,
        description="How many times coarser the maps are that fine ones excite: 64x64 excites 8x8 with 8.",
    )
    normalization: Literal["batch", "none"] = Field(
        default="batch", description="What follows the convolutions; with batch, images are not independent."
    )
    projection: PositiveInt = Field(
        default=64, description="With classes: numbers per place that are multiplied with those of the class."
    )


class FastGANDiscriminator(Discriminator[FastGANDiscriminatorOptions]):
    """A strongly regularized critic for few images: patches of two views, features that decoders can be trained on.

    The image is halved by residual blocks of spectral norm 1, whose fine maps weigh the channels of coarse ones
    (skip-layer excitation), down to 8x8; a smaller view of it by plain layers. Each gives 5x5 logits. The penalty
    `reconstruction` trains decoders of its last maps on the reals, without which it is not the paper's. The authors
    augment with `diffaugment` (color and translation) and use the loss `hinge`.

    Paper: Liu et al., arXiv:2101.04775, section 3.2; classes: Miyato and Koyama, arXiv:1802.05637.
    """

    name = "fastgan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = FastGANDiscriminatorOptions

    def __init__(self, options: FastGANDiscriminatorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.view = _small(options, images.resolution)
        normalized = options.normalization == "batch"
        sides = _sides(options, images.resolution)
        widths = [channels_at(side, options.channel_base, options.channel_max) for side in sides]
        self.stem = _stem(options, images, widths[0])
        self.blocks = nn.ModuleList(
            DownBlock(inputs, outputs, normalized=normalized) for inputs, outputs in pairwise(widths)
        )
        # By the coarser map's place among the maps.
        self._fine = {
            number: sides.index(side * options.excites)
            for number, side in enumerate(sides)
            if side * options.excites in sides
        }
        self.skips = nn.ModuleDict(
            {str(coarse): SkipLayerExcitation(widths[fine], widths[coarse]) for coarse, fine in self._fine.items()}
        )
        base = max(1, options.channel_base // 2)
        small = [channels_at(side, base, options.channel_max) for side in _halved(options, self.view)]
        self.small = nn.Sequential(
            layer(images.channels, small[0], 4, stride=2, normalized=False),
            *(layer(inputs, outputs, 4, stride=2, normalized=normalized) for inputs, outputs in pairwise(small)),
        )
        wide = 2 * widths[-1]
        self.before_head = layer(widths[-1], wide, 1, normalized=normalized)
        classes = {"label_dim": images.label_dim, "projection": options.projection}
        self.head = PatchHead(wide, options.end, **classes)
        self.small_head = PatchHead(small[-1], options.end, **classes)

    @classmethod
    def logits_per_image(cls, options: FastGANDiscriminatorOptions, images: ImageSpec) -> int:
        return 2 * PatchHead.logits(options.end)

    @classmethod
    def depends_on_batch(cls, options: FastGANDiscriminatorOptions) -> bool:
        return options.normalization == "batch"

    @classmethod
    def example_options(cls, folder: Path) -> FastGANDiscriminatorOptions:
        return FastGANDiscriminatorOptions(channel_base=64, channel_max=8, end=4, excites=2, projection=4)

    @classmethod
    def incompatibility(cls, options: FastGANDiscriminatorOptions, context: RecipeContext) -> str | None:
        resolution, end = context.images.resolution, options.end
        if problem := resolution_problem("the fastgan discriminator", resolution):
            return problem
        if end & (end - 1) or 2 * end > min(resolution, _LARGEST):
            return f"end: halving images of {resolution} pixels ends at a power of two, at least once: {end} is not one"
        small = options.small_resolution
        if small is not None and (small & (small - 1) or not 2 * end <= small <= resolution):
            return (
                f"small_resolution: should be a power of two from {2 * end} (twice end) to {resolution} (the images'), "
                f"but is {small}"
            )
        return None

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.judge(self.features(images, labels), labels)

    def features(self, images: Tensor, labels: Tensor) -> Sequence[Tensor]:
        """Return the maps of the residual blocks, finest first, and as the last those of the small view."""
        maps: list[Tensor] = [self.stem(images)]
        for number, block in enumerate(self.blocks, start=1):
            coarse = block(maps[-1])
            if number in self._fine:
                coarse = self.skips[str(number)](maps[self._fine[number]], coarse)
            maps.append(coarse)
        # Averaged, where the authors take every other pixel of the reals and let their generator make a second image:
        # here both are one view of one image.
        return [*maps, self.small(avg_pool2d(images, images.shape[-1] // self.view))]

    def judge(self, features: Sequence[Tensor], labels: Tensor) -> Tensor:
        """Return the logits of an image whose features these are: those of the large view, then of the small one."""
        large = self.head(self.before_head(features[-2]), labels)
        # Side by side: their hinge is the mean over both, as in the authors' code.
        return torch.cat([large, self.small_head(features[-1], labels)], dim=1)


def _sides(options: FastGANDiscriminatorOptions, resolution: int) -> list[int]:
    return resolutions(min(resolution, _LARGEST), options.end)[::-1]


def _small(options: FastGANDiscriminatorOptions, resolution: int) -> int:
    """Return the resolution of the small view: the largest that may be, of 128, half the image, what `end` needs."""
    return options.small_resolution or min(_SMALL, max(resolution // 2, 2 * options.end))


def _halved(options: FastGANDiscriminatorOptions, view: int) -> list[int]:
    """Return the sides of the small view's maps: half of it, down to the last."""
    return resolutions(view // 2, options.end)[::-1]


def _stem(options: FastGANDiscriminatorOptions, images: ImageSpec, width: int) -> nn.Sequential:
    """Return what brings an image to the first maps: as large as it is, or 256 at most."""
    above = resolutions(images.resolution // 2, _LARGEST)[::-1] if images.resolution > _LARGEST else []
    if not above:
        return layer(images.channels, width, 3, normalized=False)
    widths = [images.channels, *(channels_at(side, options.channel_base, options.channel_max) for side in above)]
    return nn.Sequential(
        *(
            layer(inputs, outputs, 4, stride=2, normalized=number > 0 and options.normalization == "batch")
            for number, (inputs, outputs) in enumerate(pairwise(widths))
        )
    )
