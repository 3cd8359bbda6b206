"""Relativistic average hinge loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor
from torch.nn.functional import relu

from ganzoo import AdversarialLoss, RecipeContext
from ganzoo.layers import batch_mean
from ganzoo_losses.reals import drawn_reals


class RaHinge(AdversarialLoss):
    """Each logit is judged against the mean logit of the other batch, by a hinge of margin 1.

    With r, f the logits and r', f' their means over the batch:
    L_D = [mean relu(1 - (r - f')) + mean relu(1 + (f - r'))] / 2,
    L_G = [mean relu(1 + (r - f')) + mean relu(1 - (f - r'))] / 2.
    Both terms of L_G reach the generator, the first through f'; the reals of its step are drawn afresh, as the
    author does. The half matters beside a penalty only. A loss of D near 0 is normal.

    Paper: Jolicoeur-Martineau, arXiv:1807.00734, section 4.4, with the half of the author's code.
    """

    name = "rahinge"
    reduces_over_ranks: ClassVar[bool] = True

    @classmethod
    def incompatibility(cls, options: Any, context: RecipeContext) -> str | None:
        if min(context.batch_sizes) > 1:
            return None
        return (
            "the loss 'rahinge' compares each logit with the mean of the other batch's, and in a batch of one that "
            "mean is a single logit: raise training.batch_size"
        )

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # The half is the author's code's (GAN_losses_iter.py), not the paper's.
        return (relu(1 - (real - batch_mean(fake))).mean() + relu(1 + (fake - batch_mean(real))).mean()) / 2

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        # Fresh reals, and both terms: without the first, G would get no gradient that makes reals look less real
        # (section 3).
        reals = drawn_reals(self.name, real)
        return (relu(1 + (reals - batch_mean(fake))).mean() + relu(1 - (fake - batch_mean(reals))).mean()) / 2
