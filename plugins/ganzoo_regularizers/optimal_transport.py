"""Optimal transport: a generated image is to stay close to its latent."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field, NonNegativeFloat
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ganzoo import RecipeContext, Regularizer, RegularizerOptions, Role, Scheduled, Step


def latent_side(latent_dim: int, channels: int) -> int:
    """Return the side of the largest square image `[C, k, k]` that latents of this size fill; 0 for none."""
    return math.isqrt(latent_dim // channels)


class OptimalTransportOptions(RegularizerOptions):
    """Strength."""

    # lambda_ot falls from 0.2 to 0.005 by a cosine in the authors' train_afm_1nfe.yaml.
    weight: Scheduled[NonNegativeFloat] = Field(
        default=0.2, description="Weight (lambda_ot); a schedule lets it fall, as the authors do."
    )


class OptimalTransport(Regularizer[OptimalTransportOptions]):
    """Mean squared distance of generated images from their latents, which picks one of the maps that fit the data.

    weight * mean_i |G(z_i) - z_i|^2 / n. The paper's latents have the size of the image. Of others the first C k^2 are
    laid out as the largest image of k x k, and the generated one is averaged down to that: a latent says the colors of
    its places, and what is left of it the rest. Where the image is the smaller one, latents are averaged.

    Paper: Lin et al., Adversarial Flow Models, arXiv:2511.22475: the transport term of the generator's loss.
    """

    name = "optimal-transport"
    applies_to: ClassVar[Role] = Role.GENERATOR

    Options = OptimalTransportOptions

    @classmethod
    def incompatibility(cls, options: OptimalTransportOptions, context: RecipeContext) -> str | None:
        size, channels = getattr(context.generator.options, "latent_dim", None), context.images.channels
        if not isinstance(size, int) or latent_side(size, channels):
            return None
        return f"it lays latents out as {channels} channels, and these have {size} numbers: choose a larger latent_dim"

    def penalty(self, step: Step) -> Tensor:
        images, latents = step.generated, step.fake_latents
        channels = images.shape[1]
        side = latent_side(latents.shape[1], channels)
        laid_out = latents[:, : channels * side**2].reshape(-1, channels, side, side)
        common = min(side, images.shape[-1])
        far = adaptive_avg_pool2d(images, common) - adaptive_avg_pool2d(laid_out, common)
        return self.options.weight * far.square().mean()
