"""Least-squares loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from ganzoo import AdversarialLoss, ComponentOptions


class LeastSquaresOptions(ComponentOptions):
    """The targets."""

    # The 0-1 coding of equation 9.
    fake_target: float = Field(default=0.0, description="D's target for generated images (the paper's a).")
    real_target: float = Field(default=1.0, description="D's target for real images (the paper's b).")
    generator_target: float = Field(default=1.0, description="G's target for generated images (the paper's c).")


class LeastSquares(AdversarialLoss[LeastSquaresOptions]):
    """Squared distance of the logits from targets: 1 for real, 0 for generated, 1 for the generator (0-1 coding).

    L_D = mean (r - b)^2 / 2 + mean (f - a)^2 / 2, L_G = mean (f - c)^2 / 2.

    Paper: Mao et al., arXiv:1611.04076, equations 2 and 9.
    """

    name = "least-squares"
    takes_many_logits: ClassVar[bool] = True

    Options = LeastSquaresOptions

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        reals = (real - self.options.real_target).square().mean()
        fakes = (fake - self.options.fake_target).square().mean()
        # Each term has its half in equation 2.
        return (reals + fakes) / 2

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return (fake - self.options.generator_target).square().mean() / 2
