"""Finite-difference R2: the penalty R2 by a second forward instead of a gradient of a gradient."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ganzoo import Regularizer, Role, Step
from ganzoo_regularizers.finite_difference import FiniteDifferenceOptions, squared_differences


class FiniteDifferenceR2(Regularizer[FiniteDifferenceOptions]):
    """R2 without second derivatives: how much the logits of generated images change under a little noise.

    gamma / (2 sigma^2) * mean_i (D(x_i) - D(x_i + sigma e_i))^2 at x = G(z), e ~ N(0, 1): `finite-difference-r1` where
    R2 is taken. It moves the discriminator alone.

    Paper: Lin et al., APT, arXiv:2501.08316, at generated images: of both in Adversarial Flow Models,
    arXiv:2511.22475.
    """

    name = "finite-difference-r2"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    compares_logits: ClassVar[bool] = True

    Options = FiniteDifferenceOptions

    def penalty(self, step: Step) -> Tensor:
        squares = squared_differences(step, step.fake_shown, step.fake_logits, self.options.sigma)
        return self.options.gamma / 2 * squares.mean()
