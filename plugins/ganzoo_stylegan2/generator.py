"""Generator of StyleGAN2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from ganzoo import ImageSpec
from ganzoo.layers import fir_kernel, full_precision, half_precision_if, resolutions, upsample
from ganzoo_stylegan2.modulation import FIR_TAPS
from ganzoo_stylegan2.shell import ShellOptions, StyleGAN2Shell
from ganzoo_stylegan2.synthesis import affine_weights, blocks, of_block, of_image, to_rgb


class StyleGAN2GeneratorOptions(ShellOptions):
    """Sizes, the path to the image, mixing."""

    architecture: Literal["skip", "resnet", "orig"] = Field(
        default="skip",
        description="Path to the image: `skip` sums an image per resolution, `resnet` has shortcuts around "
        "blocks, `orig` neither.",
    )


class StyleGAN2Generator(StyleGAN2Shell[StyleGAN2GeneratorOptions]):
    """Modulated convolutions with demodulation and noise; images summed over the resolutions, without growing.

    Defaults are configuration F; configuration E has `channel_base = 16384`. Each modulated convolution shares one
    weight in the batch: features are scaled by the style before it and demodulated after it. Labels, where there are
    any, are embedded and enter the mapping network. Noise has one learned strength per layer, 0 at the start.

    Paper: StyleGAN2, arXiv:1912.04958, section 2 and figure 7.
    """

    name = "stylegan2"
    kernel: Tensor

    Options = StyleGAN2GeneratorOptions

    def __init__(self, options: StyleGAN2GeneratorOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.blocks = blocks(options, images.resolution, residual=options.architecture == "resnet")
        outlets = resolutions(images.resolution)[0 if options.architecture == "skip" else -1 :]
        self.to_rgb = nn.ModuleDict({str(outlet): to_rgb(options, outlet, images.channels) for outlet in outlets})
        self.register_buffer("kernel", fir_kernel(FIR_TAPS), persistent=False)

    @classmethod
    def example_options(cls, folder: Path) -> StyleGAN2GeneratorOptions:
        return StyleGAN2GeneratorOptions(latent_dim=16, style_dim=16, mapping_layers=2, channel_max=16)

    def style_weights(self) -> Sequence[tuple[int, Tensor]]:
        return affine_weights(self.blocks, self.to_rgb)

    def synthesize(self, styles: Tensor) -> Tensor:
        return self.outputs(styles)[-1]

    def outputs(self, styles: Tensor) -> list[Tensor]:
        """See `SkipOutputs.outputs`; a single image unless the architecture is `skip`."""
        features, images = styles, list[Tensor]()
        for index, (resolution, block) in enumerate(self.blocks.items()):
            inputs = () if index == 0 else (features,)
            with half_precision_if(int(resolution) >= self.lowest_half, styles):
                features = block(*inputs, of_block(styles, index), self.noise_at(int(resolution)))
                if resolution not in self.to_rgb:
                    continue
                newer = self.to_rgb[resolution](features, of_image(styles, index))
            # Each resolution adds to the upsampled image of the coarser ones: output skips (section 4.1, figure 7b).
            images.append(self._add(images[-1] if images else None, newer))
        return images

    def _add(self, image: Tensor | None, newer: Tensor) -> Tensor:
        if image is None:
            return newer
        with full_precision(image):
            # Float32: a sum over up to nine resolutions, each a little detail on a large value.
            return upsample(image, self.kernel) + newer
