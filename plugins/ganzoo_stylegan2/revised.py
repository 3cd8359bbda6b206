"""Growing generator of StyleGAN2's configurations B to D."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo import ImageSpec
from ganzoo.layers import Growth, full_precision, half_precision_if, resolutions
from ganzoo_stylegan2.shell import ShellOptions, StyleGAN2Shell
from ganzoo_stylegan2.synthesis import affine_weights, blocks, of_block, of_image, to_rgb


class RevisedGeneratorOptions(ShellOptions):
    """Sizes and mixing."""

    channel_base: PositiveInt = Field(
        default=16384, description="Channels at resolution r are channel_base / r: 16384 in configurations A to E."
    )


class RevisedGenerator(StyleGAN2Shell[RevisedGeneratorOptions]):
    """StyleGAN's generator with modulated convolutions and demodulation, grown as before.

    Configurations B to D: B has weight demodulation, C lazy penalties as well, D the path length penalty as well;
    from E on, nothing grows (`stylegan2`). Each resolution has an image layer of its own; a new one fades in over
    the coarser image with its pixels doubled. Layers are those of `stylegan2`. Its partner is a growing
    discriminator, such as `stylegan`.

    Paper: StyleGAN2, arXiv:1912.04958, section 2 and table 1.
    """

    name = "stylegan2-growing"

    Options = RevisedGeneratorOptions

    def __init__(self, options: RevisedGeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.growth = Growth(images.resolution)
        self.blocks = blocks(options, images.resolution)
        self.to_rgb = nn.ModuleDict(
            {str(each): to_rgb(options, each, images.channels) for each in resolutions(images.resolution)}
        )

    @classmethod
    def example_options(cls, folder: Path) -> RevisedGeneratorOptions:
        return RevisedGeneratorOptions(latent_dim=16, style_dim=16, mapping_layers=2, channel_max=16)

    def grow(self, resolution: int, alpha: float) -> None:
        """See `Growable.grow`."""
        self.growth = Growth(resolution, alpha)

    def active_ws(self) -> int:
        return 2 * len(self.growth.resolutions)

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        return affine_weights(self.blocks, self.to_rgb)

    def synthesize(self, styles: Tensor) -> Tensor:
        # StyleGAN's growing: the newest block on those before, of which finer ones take no part yet.
        active = self.growth.resolutions
        features = coarser = styles
        for index, resolution in enumerate(active):
            coarser, inputs = features, (features,) if index else ()
            with half_precision_if(resolution >= self.lowest_half, styles):
                features = self.blocks[str(resolution)](*inputs, of_block(styles, index), self.noise_at(resolution))
        last = len(active) - 1
        image = self.to_rgb[str(active[last])](features, of_image(styles, last))
        if not self.growth.fades:
            return image
        # Both images are whole ones here, not parts of a sum, so the newer takes the place of the older.
        former = self.to_rgb[str(active[last - 1])](coarser, of_image(styles, last - 1))
        # Images are float32 from their last layer on, and autocast must not round their mixture.
        with full_precision(image):
            return torch.lerp(F.interpolate(former, scale_factor=2.0, mode="nearest"), image, self.growth.alpha)
