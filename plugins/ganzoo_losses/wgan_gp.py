"""Wasserstein loss with gradient penalty."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from ganzoo import AdversarialLoss, ComponentOptions, ConfiguredPart, Regularizer, Scheduled
from ganzoo_losses.gradient_penalty import GradientPenalty


class WGANGPOptions(ComponentOptions):
    """The penalty's options, and the drift."""

    # Lambda is 10 in all experiments of the paper (section 4).
    weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight of the gradient penalty (lambda).")
    target: NonNegativeFloat = Field(default=1.0, description="Gradient norm that the penalty aims at.")
    every: PositiveInt = Field(
        default=1, description="Penalize on every n-th update only, n times as strong (lazy when above 1)."
    )
    drift: Scheduled[NonNegativeFloat] = Field(
        default=0.0, description="Weight of the mean squared logit of the reals; ProGAN: 0.001."
    )


class WGANGP(AdversarialLoss[WGANGPOptions]):
    """The difference of mean logits, with the gradient penalty that belongs to it and ProGAN's drift if asked.

    L_D = mean f - mean r + drift * mean r^2, L_G = -mean f. The penalty is the part `gradient-penalty`, which the
    loss brings along. The paper trains the critic five times per step of the generator
    (`training.discriminator_steps = 5`), ProGAN once, with `drift = 0.001`.

    Paper: Gulrajani et al., arXiv:1704.00028, equation 3; drift: Karras et al., arXiv:1710.10196, appendix A.1.
    """

    name = "wgan-gp"

    Options = WGANGPOptions

    @classmethod
    def regularizers(cls, options: WGANGPOptions) -> tuple[ConfiguredPart[Regularizer], ...]:
        own = GradientPenalty.Options(weight=options.weight, target=options.target, every=options.every)
        return (ConfiguredPart(GradientPenalty, own),)

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        # Equation 3 without its last term, which is the regularizer that comes along.
        loss = fake.mean() - real.mean()
        if self.options.drift:
            # Differences alone leave the logits' level free; the drift ties it to 0 (arXiv:1710.10196, appendix A.1).
            loss = loss + self.options.drift * real.square().mean()
        return loss

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return -fake.mean()
