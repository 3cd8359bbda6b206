"""Instance noise: the same noise on reals and fakes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Augmentation, ComponentOptions, Scheduled
from ganzoo.layers import per_image, to_device


class InstanceNoiseOptions(ComponentOptions):
    """How strong."""

    sigma: Scheduled[NonNegativeFloat] = Field(
        default=0.1,
        description="Standard deviation of the noise, where intensities are in [-1, 1]; a schedule anneals it, as "
        "`{ from = 0.1, to = 0.0, kimg = 20 }`.",
    )


class InstanceNoise(Augmentation[InstanceNoiseOptions]):
    """Noise of N(0, sigma^2) on every pixel that the critic sees, of reals and fakes alike.

    So both overlap, and the critic's slopes tell the generator something: the distributions are compared after a blur,
    where their divergence is finite. Annealed to 0, the game ends as that of the images themselves; left on, the
    generator still aims at the images, for what is equal after the noise was equal before.

    Papers: Soenderby et al., arXiv:1610.04490, section 4; Arjovsky and Bottou, arXiv:1701.04862, section 3.
    """

    name = "instance-noise"

    Options = InstanceNoiseOptions

    @classmethod
    def acts_unobserved(cls, options: InstanceNoiseOptions) -> bool:
        return options.sigma > 0

    def forward(self, images: Tensor) -> Tensor:
        if not self.options.sigma and not images.is_meta:
            return images
        # Drawn on the CPU, so that it is the same on every device.
        noise = per_image(lambda count: torch.randn(count, *images.shape[1:], device="cpu"), len(images))
        return images + self.options.sigma * to_device(noise, images.device, images.dtype)

    def report(self) -> Mapping[str, Tensor]:
        return {"sigma": torch.tensor(float(self.options.sigma), device="cpu")}
