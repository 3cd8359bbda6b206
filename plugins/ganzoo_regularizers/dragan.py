"""DRAGAN: the gradient penalty around the data."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo.layers import at_least_float32, batch_mean


class DRAGANOptions(RegularizerOptions):
    """Strength, norm and distance."""

    # lambda = 10 and k = 1 (the paper's experiments); 0.5 standard deviations in the author's code.
    weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight (lambda).")
    target: NonNegativeFloat = Field(default=1.0, description="Gradient norm that is aimed at (k).")
    distance: NonNegativeFloat = Field(
        default=0.5, description="Largest move of a pixel, in standard deviations of the batch's pixels."
    )


class DRAGAN(Regularizer[DRAGANOptions]):
    """Penalty on the gradient norm at real images moved at random, per image, towards norm k.

    weight * mean_i (|d logit_i / d x_i| - k)^2 at x = real + a c std u: u ~ U(0, 1) per pixel, a ~ U(0, 1) per image,
    std that of all pixels of the batch. The paper writes Gaussian noise; these moves, which brighten, are its author's.

    Paper: Kodali et al., arXiv:1705.07215, with the moves of the author's code.
    """

    name = "dragan"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    reduces_over_ranks: ClassVar[bool] = True
    per_sample_gradient: ClassVar[bool] = True

    Options = DRAGANOptions

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def penalty(self, step: Step) -> Tensor:
        real = step.real
        mean = batch_mean(real).mean()
        deviation = batch_mean((real - mean).square()).mean().sqrt()
        reach = step.uniform(len(real), 1, 1, 1).to(real) * self.options.distance * deviation
        moved = real + reach * step.uniform(*real.shape).to(real)
        points = step.lift(moved).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        # The floor keeps the root's gradient finite where the critic is flat.
        norm = at_least_float32(slope).square().sum(dim=(1, 2, 3)).clamp_min(1e-16).sqrt()
        return self.options.weight * (norm - self.options.target).square().mean()
