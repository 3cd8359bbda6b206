"""Parts of several kinds with options that nothing reads, or that change nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch.nn.functional import softplus

from ganzoo import Augmentation, ComponentOptions, RegularizerOptions, WithoutEffect
from ganzoo.testing import TinyDiscriminator, TinyGenerator, TinyLoss
from ganzoo.testing.parts import TinyGeneratorOptions
from planted.bug import PlantedBug, planted
from planted.metrics import Sound as SoundMetric
from planted.metrics import SoundOptions as MetricOptions
from planted.penalties import SoundGP

OPTIONS: list[PlantedBug] = []


class PenaltyOptions(RegularizerOptions):
    """Strength, and what is aimed at."""

    weight: float = Field(default=10.0, ge=0, description="Weight.")
    target: float = Field(default=1.0, ge=0, description="Norm that is aimed at.")
    norm: Literal["two", "one"] = Field(default="two", description="Which norm.")
    chunk: Annotated[int, WithoutEffect("memory alone")] = Field(default=64, ge=1, description="Images at once.")


class SoundPenalty(SoundGP):
    """A gradient penalty that reads all of its options, but for one of memory."""

    Options = PenaltyOptions

    def lengths(self, slope):
        if self.options.norm == "one":
            return slope.abs().sum(dim=(1, 2, 3))
        return slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt()

    def penalty(self, step):
        points = self.points(step).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, step.labels).sum(), points, create_graph=True)
        return self.strength() * (self.lengths(slope) - self.target()).square().mean()

    def strength(self):
        return self.options.weight

    def target(self):
        return self.options.target


@planted(OPTIONS, "option 'target' changes nothing", "options.target", "WithoutEffect")
class IgnoresTarget(SoundPenalty):
    def target(self):
        return 1.0


@planted(OPTIONS, "option 'weight' changes nothing", "options.weight")
class KeepsWeight(SoundPenalty):
    """Reads its weight, and does nothing with it."""

    def __init__(self, options):
        super().__init__(options)
        self.weight = options.weight

    def strength(self):
        return 10.0


@planted(OPTIONS, "option 'norm' changes nothing", "'one'", "'two'")
class OneNorm(SoundPenalty):
    def lengths(self, slope):
        return slope.square().sum(dim=(1, 2, 3)).clamp_min(1e-12).sqrt()


class UnmarkedOptions(PenaltyOptions):
    """The same, of which one does not say that it is of memory alone."""

    chunk: int = Field(default=64, ge=1, description="Images at once.")


@planted(OPTIONS, "option 'chunk' changes nothing", "speed", "WithoutEffect")
class Unmarked(SoundPenalty):
    Options = UnmarkedOptions


class LossOptions(ComponentOptions):
    """Margins."""

    margin: float = Field(default=0.0, ge=0, description="Logits beyond which reals count no more.")
    sided: bool = Field(default=False, description="Whether the margin is of generated images too.")


class SoundLoss(TinyLoss):
    """A logistic loss with a margin; of its options one counts where the other is not 0."""

    Options = LossOptions

    def discriminator_loss(self, real, fake):
        return softplus(self.options.margin - real).mean() + softplus(fake + self.of_fakes()).mean()

    def of_fakes(self):
        return self.options.margin if self.options.sided else 0.0


@planted(OPTIONS, "option 'sided' changes nothing", "options.sided")
class IgnoresSides(SoundLoss):
    def of_fakes(self):
        return 0.0


class AugmentationOptions(ComponentOptions):
    """Strength."""

    strength: float = Field(default=0.5, ge=0, le=1, description="How much.")
    flip: bool = Field(default=True, description="Whether images are mirrored by chance.")


class SoundAugmentation(Augmentation[AugmentationOptions]):
    """Dims and mirrors each image by chance."""

    name = "dim-and-flip"
    Options = AugmentationOptions

    def forward(self, images: Any) -> Any:
        chances = torch.rand(2, len(images), 1, 1, 1, device=images.device)
        dimmed = images * (1 - self.options.strength * chances[0])
        return torch.where(chances[1] < 0.5, dimmed.flip(3), dimmed) if self.flips() else dimmed

    def flips(self):
        return self.options.flip


@planted(OPTIONS, "option 'flip' changes nothing", "with False in place of True")
class FlipsAlways(SoundAugmentation):
    def flips(self):
        return True


class GeneratorOptions(TinyGeneratorOptions):
    """Size and strength."""

    gain: float = Field(default=1.0, gt=0, description="What the last layer is multiplied by.")


class SoundGenerator(TinyGenerator):
    """A layer with a gain."""

    Options = GeneratorOptions

    def __init__(self, options: Any, images: Any) -> None:
        super().__init__(options, images)
        self.options = options

    def forward(self, latents, labels):
        return (self.gain() * self.dense(torch.cat([latents, labels], dim=1))).unflatten(1, self.shape).tanh()

    def gain(self):
        return self.options.gain


@planted(OPTIONS, "option 'gain' changes nothing", "options.gain")
class IgnoresGain(SoundGenerator):
    def gain(self):
        return 1.0


class CriticOptions(ComponentOptions):
    """Strength."""

    gain: float = Field(default=1.0, gt=0, description="What the logit is multiplied by.")


@planted(OPTIONS, "option 'gain' changes nothing", "options.gain", twin=TinyDiscriminator)
class CriticIgnoresGain(TinyDiscriminator):
    Options = CriticOptions


class TwoPowers(MetricOptions):
    """Powers."""

    second: float = Field(default=2.0, gt=0, description="Power of something else.")


@planted(OPTIONS, "option 'second' changes nothing", "options.second", twin=SoundMetric)
class IgnoresPower(SoundMetric):
    Options = TwoPowers
