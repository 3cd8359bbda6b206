"""Generator of FastGAN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from ganzoo import ComponentOptions, Generator, ImageSpec, NoiseMode, RecipeContext
from ganzoo.layers import channels_at, pixel_norm, resolution_problem, resolutions
from ganzoo_fastgan.layers import GatedLayer, SkipLayerExcitation, Start, UpBlock, convolution

_NOISE_BUFFER = "noise_map"
_FINEST_EXCITED = 512  # No coarse maps excite those of 1024 in the authors' code.


class FastGANOptions(ComponentOptions):
    """Options of the generator; the defaults are the paper's, with the latents of Projected GAN's code."""

    latent_dim: PositiveInt = Field(default=256, description="Size of the latents.")
    channel_base: PositiveInt = Field(
        default=4096, description="Channels are min(channel_base / resolution, channel_max)."
    )
    channel_max: PositiveInt = Field(default=1024, description="Most channels that maps may have.")
    channels: tuple[PositiveInt, ...] = Field(
        default=(), description="Channels of the maps from 4x4 up, in place of what channel_base and _max give."
    )
    excites: PositiveInt = Field(
        default=16,
        ge=2,
        description="How many times finer the maps are that coarse ones excite: 4x4 excites 64x64 with 16.",
    )


class FastGANGenerator(Generator[FastGANOptions]):
    """Few layers with gated units, and coarse maps that weigh the channels of fine ones (skip-layer excitation).

    From 4x4 up, blocks take turns: two gated layers with noise, and one without. Fast on little hardware. Latents are
    normalized to length sqrt(Z). With classes, the batch normalizations of the blocks take gain and offset from an
    embedding of the label, as in Projected GAN's code.

    Paper: Liu et al., arXiv:2101.04775, section 3.1; as used by Sauer et al., arXiv:2111.01007.
    """

    name = "fastgan"
    reduces_over_ranks: ClassVar[bool] = True

    Options = FastGANOptions

    def __init__(self, options: FastGANOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.latent_dim = options.latent_dim
        embedding = options.latent_dim if images.label_dim else 0
        self.embed = nn.Linear(images.label_dim, embedding, bias=False) if embedding else None
        sides = resolutions(images.resolution)
        widths = _channels(options, sides)
        self.start = Start(options.latent_dim, widths[0])
        self.blocks = nn.ModuleList(
            # Two layers with noise at 8, 32, 128 ...; one at 16, 64, 256 ... (table 4).
            UpBlock(widths[number], widths[number + 1], side, embedding, composed=number % 2 == 0)
            for number, side in enumerate(sides[1:])
        )
        # By the finer map's place among the blocks.
        self.skips = nn.ModuleDict(
            {
                str(number): SkipLayerExcitation(widths[sides.index(side // options.excites)], widths[number + 1])
                for number, side in enumerate(sides[1:])
                if side // options.excites in sides and side <= _FINEST_EXCITED
            }
        )
        self._coarse = {int(number): sides.index(sides[int(number) + 1] // options.excites) for number in self.skips}
        self.to_rgb = convolution(widths[-1], images.channels, 3, padding=1, bias=True)

    @classmethod
    def depends_on_batch(cls, options: FastGANOptions) -> bool:
        return True  # batch normalization

    @classmethod
    def example_options(cls, folder: Path) -> FastGANOptions:
        return FastGANOptions(latent_dim=16, channel_max=16, excites=4)

    @classmethod
    def incompatibility(cls, options: FastGANOptions, context: RecipeContext) -> str | None:
        if problem := resolution_problem("the fastgan generator", context.images.resolution):
            return problem
        expected, given = len(resolutions(context.images.resolution)), len(options.channels)
        if given not in (0, expected):
            return f"the fastgan generator has maps of {expected} resolutions; channels lists {given}: give {expected}"
        return None

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        classes = None if self.embed is None else self.embed(labels)
        maps = [self.start(pixel_norm(latents))]
        for number, block in enumerate(self.blocks):
            fine = block(maps[-1], classes)
            if number in self._coarse:
                fine = self.skips[str(number)](maps[self._coarse[number]], fine)
            maps.append(fine)
        images: Tensor = self.to_rgb(maps[-1])
        return torch.tanh(images)

    def use_noise(self, mode: NoiseMode) -> None:
        """Choose the noise of all layers from now on."""
        for layer in self._noisy():
            layer.noise_mode = mode

    def noise_maps(self) -> Sequence[str]:
        """Name the buffers of constant noise."""
        return [name for name, _ in self.named_buffers() if name.rpartition(".")[2] == _NOISE_BUFFER]

    def _noisy(self) -> Iterator[GatedLayer]:
        yield from (each for each in self.modules() if isinstance(each, GatedLayer))


def _channels(options: FastGANOptions, sides: Sequence[int]) -> Sequence[int]:
    return options.channels or [channels_at(side, options.channel_base, options.channel_max) for side in sides]
