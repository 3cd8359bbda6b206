"""R2: penalty on the squared gradient of the logits at generated images."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo_losses.slopes import squared_slopes


class R2Options(RegularizerOptions):
    """Strength and rhythm."""

    # 10 in the authors' experiments on images.
    gamma: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight; half of it multiplies the penalty.")


class R2(Regularizer[R2Options]):
    """Half gamma times the squared gradient of the raw logits at generated images, mean over the batch.

    R2 = gamma / 2 * mean_i sum_CHW |d logit_i / d x_i|^2 at x = G(z). It shares the forward of the loss on the fakes,
    and moves the discriminator alone. With normalization over the batch, the gradient is that of the sum of all logits.

    Paper: Mescheder et al., arXiv:1801.04406, equation 10; with R1 in R3GAN, arXiv:2501.05441, section 2.2.
    """

    name = "r2"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    needs_fake_gradient: ClassVar[bool] = True

    Options = R2Options

    def penalty(self, step: Step) -> Tensor:
        return self.options.gamma / 2 * squared_slopes(step.fake_logits, step.fake_input).mean()
