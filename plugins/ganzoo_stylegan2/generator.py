"""The generator of StyleGAN2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from ganzoo import ImageSpec
from ganzoo.layers import fir_kernel, full_precision, sides, upsample
from ganzoo_stylegan2.modulation import FIR_TAPS
from ganzoo_stylegan2.styled import StyledGenerator, StyledOptions
from ganzoo_stylegan2.synthesis import blocks, of_block, of_image, style_count, to_rgb

Architecture = Literal["skip", "resnet", "orig"]


class StyleGAN2Generator(StyledGenerator):
    """Modulated convolutions with demodulation and noise; images summed over the resolutions, without growing.

    Defaults are configuration F; configuration E has `channel_base = 16384`. Each modulated convolution shares one
    weight in the batch: features are scaled by the style before it and demodulated after it. Labels, where there are
    any, are embedded and enter the mapping network. Noise has one learned strength per layer, 0 at the start.

    Paper: StyleGAN2, arXiv:1912.04958, section 2 and figure 7.
    """

    name = "stylegan2"
    kernel: Tensor

    class Options(StyledOptions):
        """Sizes, the path to the image, mixing."""

        architecture: Literal["skip", "resnet", "orig"] = Field(
            default="skip",
            description="Path to the image: `skip` sums an image per resolution, `resnet` has shortcuts around "
            "blocks, `orig` neither.",
        )

    def __init__(self, options: Options, images: ImageSpec) -> None:
        super().__init__(options, images, style_count(images.resolution))
        self.sides = sides(images.resolution)
        self.blocks = blocks(options, images.resolution, residual=options.architecture == "resnet")
        outlets = self.sides if options.architecture == "skip" else self.sides[-1:]
        self.to_rgb = nn.ModuleDict({str(side): to_rgb(options, side, images.channels) for side in outlets})
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    def synthesize(self, styles: Tensor) -> Tensor:
        features, image = styles, None
        for index, (side, block) in enumerate(self.blocks.items()):
            inputs = () if index == 0 else (features,)
            features = block(*inputs, of_block(styles, index), self.noise_mode)
            if side in self.to_rgb:
                image = self._add(image, self.to_rgb[side](features, of_image(styles, index)))
        assert image is not None
        return image

    def _add(self, image: Tensor | None, newer: Tensor) -> Tensor:
        if image is None:
            return newer
        with full_precision(image):
            return upsample(image, self.kernel) + newer
