"""An adversarial loss: the difference of mean logits, softly bounded."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import softplus

from ganzoo import AdversarialLoss


class Distance(AdversarialLoss):
    """Pulls reals above zero and fakes below it."""

    name = "acme-distance"

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-real).mean() + softplus(fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(-fake).mean()
