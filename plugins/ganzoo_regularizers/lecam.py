"""LeCam: logits of reals and fakes are drawn to the running means of each other."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled, Step
from ganzoo.layers import batch_mean


class LeCamOptions(RegularizerOptions):
    """Strength, memory and form."""

    # 0.3 and 0.99 (0.9 in its first version): the authors' BigGAN on CIFAR-10, where the penalty begins after 1000
    # steps of the generator, each with four batches of 50 for the critic.
    weight: Scheduled[NonNegativeFloat] = Field(
        default=0.3, description="Weight (lambda). A schedule begins later: the logits' means tell nothing at first."
    )
    decay: float = Field(default=0.99, ge=0.0, lt=1.0, description="How much of the running means remains per update.")
    one_sided: bool = Field(
        default=True,
        description="Count reals above the fakes' mean and fakes below the reals' alone, as the authors' code does; "
        "false: all, as the paper writes it.",
    )


class LeCam(Regularizer[LeCamOptions]):
    """Squared distances of the logits of reals from the fakes' running mean, and of fakes from the reals'.

    weight * (mean |D(x) - a_F|^2 + mean |D(G(z)) - a_R|^2): a_R and a_F are exponential moving averages of the logits
    of reals and fakes, updated first, without gradient, and free of their start at 0: weighted means of the batches so
    far. For few images, beside an augmentation. Of several logits per image, it sees each.

    Paper: Tseng et al., arXiv:2104.03310, section 3, with the running means of the authors' code.
    """

    name = "lecam"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    reduces_over_ranks: ClassVar[bool] = True
    sums: Tensor
    share: Tensor

    Options = LeCamOptions

    def __init__(self, options: LeCamOptions) -> None:
        super().__init__(options)
        self.register_buffer("sums", torch.zeros(2))  # of reals and fakes, each batch with its weight
        self.register_buffer("share", torch.zeros(()))  # what these weights sum to

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        # The running means are updated once per batch, with the means of all its logits.
        return True

    def penalty(self, step: Step) -> Tensor:
        real, fake = step.real_logits, step.fake_logits
        means = torch.stack([batch_mean(logits.detach()).mean() for logits in (real, fake)])
        self.sums.lerp_(means.to(self.sums), 1 - self.options.decay)
        self.share.lerp_(torch.ones_like(self.share), 1 - self.options.decay)
        of_real, of_fake = self.sums / self.share
        distances = real - of_fake, of_real - fake
        if self.options.one_sided:
            distances = distances[0].relu(), distances[1].relu()
        return self.options.weight * (distances[0].square().mean() + distances[1].square().mean())
