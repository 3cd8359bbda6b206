"""Gradient penalty of WGAN-GP."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo_losses.slopes import squared_slopes


class GradientPenaltyOptions(RegularizerOptions):
    """Strength, norm and rhythm."""

    weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight (lambda).")
    target: NonNegativeFloat = Field(default=1.0, description="Gradient norm that is aimed at.")


class GradientPenalty(Regularizer[GradientPenaltyOptions]):
    """Penalty on the gradient norm between real and generated images, per image, towards norm 1.

    GP = weight * mean_i (|d logit_i / d x_i| - target)^2 at x = real + t (fake - real), one t ~ U(0, 1) per image;
    the norm is over channels and pixels. (ProGAN's code divides its weight by target^2: write the quotient here.)
    A critic with batch normalization has no gradient of one image alone: such pairs are refused.

    Paper: Gulrajani et al., arXiv:1704.00028, equation 3 and algorithm 1.
    """

    name = "gradient-penalty"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    per_sample_gradient: ClassVar[bool] = True

    Options = GradientPenaltyOptions

    def penalty(self, step: Step) -> Tensor:
        # One number per image (algorithm 1, line 4), broadcast over its pixels.
        share = step.uniform(len(step.real), 1, 1, 1).to(step.real)
        between = torch.lerp(step.real, step.fakes, share)
        points = step.lift(between).detach().requires_grad_()
        # The floor keeps the root's gradient finite where the critic is flat.
        norm = squared_slopes(step.critic(points, step.labels), points).clamp_min(1e-16).sqrt()
        return self.options.weight * (norm - self.options.target).square().mean()
