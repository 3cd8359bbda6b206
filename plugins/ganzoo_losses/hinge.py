"""Hinge loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import relu

from ganzoo import AdversarialLoss


class Hinge(AdversarialLoss):
    """A margin of 1 on either side of zero for the discriminator; the generator raises its logits.

    L_D = mean relu(1 - r) + mean relu(1 + f), L_G = -mean f.

    Paper: Lim and Ye, arXiv:1705.02894; as used by Miyato et al., arXiv:1802.05957, equations 16 and 17.
    """

    name = "hinge"
    takes_many_logits: ClassVar[bool] = True

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # Logits beyond the margin descend no further: D spends nothing on what it already classifies with that margin.
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return -fake.mean()
