"""Relativistic pairing loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganzoo import AdversarialLoss
from ganzoo_losses.reals import drawn_reals


class RpGAN(AdversarialLoss):
    """Each generated image is judged against one real image: the logistic loss of the difference of their logits.

    L_D = mean softplus(-(r_i - f_i)), L_G = mean softplus(-(f_i - r_i)); pairs carry the same label, and the reals of
    the generator's step are drawn afresh. It has no bad local minima, but may fail to converge without gradient
    penalties on reals and fakes: R3GAN adds R1 and R2.

    Paper: Huang et al., arXiv:2501.05441, equation 2; Jolicoeur-Martineau, arXiv:1807.00734, section 4.1.
    """

    name = "rpgan"
    takes_many_logits: ClassVar[bool] = True

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # By pairs, not by means of the batch: no image sees another than its partner, so batches may be split.
        return softplus(fake - real).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(drawn_reals(self.name, real) - fake).mean()
