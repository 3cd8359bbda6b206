"""The loss of pairs, and the penalty on both sides that makes it converge."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor
from torch.nn.functional import softplus

from ganzoo import AdversarialLoss, ConfiguredPart, Regularizer, RegularizerOptions, Role, Scheduled, Step


class ZeroCenteredOptions(RegularizerOptions):
    """Strength."""

    gamma: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight; half of it multiplies each side.")


class ZeroCentered(Regularizer[ZeroCenteredOptions]):
    """Squared gradients of the logits at real and at generated images, pulled to zero.

    Paper: Mescheder et al., arXiv:1801.04406, equations 9 and 10.
    """

    name = "acme-zero-centered"
    Options = ZeroCenteredOptions
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    needs_real_gradient = True
    needs_fake_gradient = True

    def penalty(self, step: Step) -> Tensor:
        total = step.real_logits.sum() + step.fake_logits.sum()
        slopes = torch.autograd.grad(total, [step.real_input, step.fake_input], create_graph=True)
        real, fake = (slope.square().flatten(1).sum(dim=1).mean() for slope in slopes)
        return self.options.gamma / 2 * (real + fake)


class PairedLogistic(AdversarialLoss):
    """Each real image is to look more real than one generated image of its class, and the other way round.

    Paper: Jolicoeur-Martineau, arXiv:1807.00734, section 4.1; Huang et al., arXiv:2501.05441, equation 2.
    """

    name = "acme-relativistic"

    @classmethod
    def regularizers(cls, options: object) -> tuple[ConfiguredPart[Regularizer], ...]:
        return (ConfiguredPart(ZeroCentered, ZeroCenteredOptions()),)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(fake - real).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(real().detach() - fake).mean()
