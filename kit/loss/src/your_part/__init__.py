"""The logistic loss with smoothed labels of reals."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field
from torch import Tensor
from torch.nn.functional import softplus

from ganzoo import AdversarialLoss, ComponentOptions, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(ComponentOptions):
    """How sure the discriminator may be."""

    smoothing: float = Field(default=0.1, ge=0, lt=0.5, description="Share of each real's label that says: not real.")


class YourPart(AdversarialLoss[YourPartOptions]):
    """The logistic loss, in which a real image is real by nine tenths only.

    Paper: arXiv:1606.03498, section 3.4 (one-sided label smoothing).
    """

    name = "your-part"
    Options = YourPartOptions
    takes_many_logits = True  # a mean over all there are

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # Logits are raw: softplus(-x) is -log(sigmoid(x)), and finite however large x is.
        smoothing = self.options.smoothing
        of_reals = (1 - smoothing) * softplus(-real) + smoothing * softplus(real)
        return of_reals.mean() + softplus(fake).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(-fake).mean()  # `real()` would draw fresh reals; what does not call it does not pay for it


@hookimpl
def ganzoo_losses() -> list[type[AdversarialLoss]]:
    return [YourPart]
