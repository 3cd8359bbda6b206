"""Finite-difference R1: the penalty R1 by a second forward instead of a gradient of a gradient."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from ganzoo import Regularizer, Role, Step
from ganzoo_regularizers.finite_difference import FiniteDifferenceOptions, squared_differences


class FiniteDifferenceR1(Regularizer[FiniteDifferenceOptions]):
    """R1 without second derivatives: how much the logits of real images change under a little noise.

    gamma / (2 sigma^2) * mean_i (D(x_i) - D(x_i + sigma e_i))^2, e ~ N(0, 1). For small sigma its mean over the noise
    is R1's value, so that gamma means what it means for `r1`; the paper's lambda is gamma / (2 sigma^2). It costs a
    forward and a backward more, goes with what has no second derivative, and looks in one random direction at a time.
    Images move after the augmentation, where R1's gradient is taken before it.

    Paper: Lin et al., APT, arXiv:2501.08316: its approximated R1.
    """

    name = "finite-difference-r1"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    compares_logits: ClassVar[bool] = True

    Options = FiniteDifferenceOptions

    def penalty(self, step: Step) -> Tensor:
        squares = squared_differences(step, step.real_shown, step.real_logits, self.options.sigma)
        return self.options.gamma / 2 * squares.mean()
