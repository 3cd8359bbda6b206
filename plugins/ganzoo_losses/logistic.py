"""Logistic loss: that of the first GAN, non-saturating."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganzoo import AdversarialLoss


class Logistic(AdversarialLoss):
    """Cross-entropy of real against generated, the generator's in its non-saturating form.

    L_D = mean softplus(-r) + mean softplus(f), L_G = mean softplus(-f); softplus(-x) = -log sigmoid(x).

    Paper: Goodfellow et al., arXiv:1406.2661, section 3 (the non-saturating generator).
    """

    name = "logistic"
    takes_many_logits: ClassVar[bool] = True

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # softplus instead of log(sigmoid): it neither overflows nor loses small probabilities.
        return softplus(-real).mean() + softplus(fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        # Non-saturating: the minimax form, -softplus(fake), has no slope where D is sure (section 3).
        return softplus(-fake).mean()
