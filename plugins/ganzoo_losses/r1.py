"""R1: penalty on the squared gradient of the logits at real images."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo_losses.slopes import squared_slopes


class R1Options(RegularizerOptions):
    """Strength and rhythm."""

    # 10 in the authors' experiments on images, and in StyleGAN's code.
    gamma: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight; half of it multiplies the penalty.")


class R1(Regularizer[R1Options]):
    """Half gamma times the squared gradient of the raw logits at real images, mean over the batch.

    R1 = gamma / 2 * mean_i sum_CHW |d logit_i / d x_i|^2. It shares the forward of the loss on the reals. With
    normalization over the batch, the gradient is that of the sum of all logits.

    Paper: Mescheder et al., arXiv:1801.04406, equation 9.
    """

    name = "r1"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    needs_real_gradient: ClassVar[bool] = True

    Options = R1Options

    def penalty(self, step: Step) -> Tensor:
        return self.options.gamma / 2 * squared_slopes(step.real_logits, step.real_input).mean()
