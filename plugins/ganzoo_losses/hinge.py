"""Hinge loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.functional import relu

from ganzoo import AdversarialLoss, ComponentOptions


class HingeOptions(ComponentOptions):
    """The margin."""

    margin_spread: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="How far below 1 margins reach, evenly; the loss is the mean over them. FastGAN's code draws the "
        "margin of each logit from 0.8 to 1: in the mean over the draws, a spread of 0.2.",
    )


class Hinge(AdversarialLoss[HingeOptions]):
    """A margin of 1 on either side of zero for the discriminator; the generator raises its logits.

    L_D = mean h(1 - r) + mean h(1 + f), L_G = -mean f, with h(a) = relu(a). With `margin_spread` s, h(a) is the mean of
    relu(a - u) over u from 0 to s, the expectation of a loss whose margins are drawn from 1 - s to 1: a parabola,
    a^2 / 2s, from 0 to s, and a - s/2 beyond.

    Paper: Lim and Ye, arXiv:1705.02894; as used by Miyato et al., arXiv:1802.05957, equations 16 and 17. Margins that
    are drawn: the code of Liu et al., arXiv:2101.04775.
    """

    name = "hinge"
    takes_many_logits: ClassVar[bool] = True

    Options = HingeOptions

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # Logits beyond the margin descend no further: D spends nothing on what it already classifies with that margin.
        return self._hinge(1 - real).mean() + self._hinge(1 + fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return -fake.mean()

    def _hinge(self, short: Tensor) -> Tensor:
        spread = self.options.margin_spread
        if not spread:
            return relu(short)
        return short.clamp(0, spread).square() / (2 * spread) + relu(short - spread)
