"""zCR: latent consistency, by which latents close to each other look alike to the critic and not to the eye."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo.layers import at_least_float32, per_image


def moved_latents(step: Step, sigma: float) -> Tensor:
    """Return the latents behind the step's fakes, each moved by N(0, sigma^2): `[N, Z]`."""
    latents = step.fake_latents
    noise = per_image(lambda count: torch.randn(count, *latents.shape[1:], device=latents.device), len(latents))
    return latents + sigma * noise.to(latents)


class ZCRDiscriminatorOptions(RegularizerOptions):
    """Strength and distance."""

    # lambda_dis = 5, lambda_gen = 0.5 and sigma_noise = 0.03 (the paper's experiments on CIFAR-10); PyTorch-StudioGAN
    # has 20, 0.5 and 0.05 there.
    weight: Scheduled[NonNegativeFloat] = Field(default=5.0, description="Weight (lambda_dis).")
    sigma: NonNegativeFloat = Field(default=0.03, description="Standard deviation of the moves of the latents.")


class ZCRGeneratorOptions(ZCRDiscriminatorOptions):
    """Strength and distance."""

    weight: Scheduled[NonNegativeFloat] = Field(default=0.5, description="Weight (lambda_gen).")


class ZCRDiscriminator(Regularizer[ZCRDiscriminatorOptions]):
    """Squared change of the logits of generated images when their latents move a little.

    lambda_dis * mean (D(G(z)) - D(G(z + dz)))^2, dz ~ N(0, sigma^2). It shares the forward of the loss on the fakes,
    and is meant beside `zcr-generator`, which makes these images differ.

    Paper: Zhao et al., arXiv:2002.04724, algorithm 2.
    """

    name = "zcr-discriminator"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    compares_logits: ClassVar[bool] = True

    Options = ZCRDiscriminatorOptions

    def penalty(self, step: Step) -> Tensor:
        # The discriminator pays: the generator's graph would only take memory.
        with torch.no_grad():
            moved = at_least_float32(step.generator(moved_latents(step, self.options.sigma), step.labels))
        change = step.critic(moved, step.labels) - step.fake_logits
        return self.options.weight * change.square().mean()


class ZCRGenerator(Regularizer[ZCRGeneratorOptions]):
    """Minus the squared change of generated images when their latents move a little, which is to grow.

    -lambda_gen * mean (G(z) - G(z + dz))^2, dz ~ N(0, sigma^2), the mean over images, channels and pixels.

    Paper: Zhao et al., arXiv:2002.04724, algorithm 2.
    """

    name = "zcr-generator"
    applies_to: ClassVar[Role] = Role.GENERATOR

    Options = ZCRGeneratorOptions

    def penalty(self, step: Step) -> Tensor:
        moved = at_least_float32(step.generator(moved_latents(step, self.options.sigma), step.labels))
        return -self.options.weight * (step.generated - moved).square().mean()
