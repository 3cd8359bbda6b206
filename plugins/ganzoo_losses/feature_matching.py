"""Feature matching: the generator is to give the discriminator features with the mean of the reals'."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Featured, Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo.layers import batch_mean


class FeatureMatchingOptions(RegularizerOptions):
    """Strength and layer."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight of the squared distance.")
    layer: int = Field(default=-1, description="Which of the discriminator's features; -1: those nearest its logits.")


class FeatureMatching(Regularizer[FeatureMatchingOptions]):
    """Squared distance between the mean features of real and generated images, inside the discriminator.

    weight * |E_x f(x) - E_z f(G(z))|^2, f one layer of the discriminator, E means over the batch. The squared norm is
    divided by the number of units, so that a weight means the same for wide layers. The paper descends it in place of
    a loss; here it stands beside one.

    Paper: Salimans et al., arXiv:1606.03498, section 3.1.
    """

    name = "feature-matching"
    reduces_over_ranks: ClassVar[bool] = True
    applies_to: ClassVar[Role] = Role.GENERATOR
    discriminator_must_be: ClassVar[type] = Featured

    Options = FeatureMatchingOptions

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def penalty(self, step: Step) -> Tensor:
        # The reals' features do not depend on the generator: their graph would only take memory.
        with torch.no_grad():
            real = batch_mean(step.critic_features(step.real_input, step.labels)[self.options.layer])
        fake = batch_mean(step.critic_features(step.fake_input, step.labels)[self.options.layer])
        return self.options.weight * (real - fake).square().mean()
