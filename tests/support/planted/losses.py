"""Losses with planted bugs."""

from __future__ import annotations

import random

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from ganzoo import AdversarialLoss, ComponentOptions, ConfiguredPart, Regularizer, Role, Scheduled
from ganzoo.layers import batch_mean
from ganzoo.testing import TinyLoss
from planted.bug import PlantedBug, planted

LOSSES: list[PlantedBug] = []


class Sound(TinyLoss):
    """The logistic loss."""


class Relativistic(TinyLoss):
    """Relativistic average logistic loss (arXiv:1807.00734)."""

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True

    def discriminator_loss(self, real, fake):
        return softplus(fake.mean() - real).mean() + softplus(fake - real.mean()).mean()

    def generator_loss(self, fake, real):
        reals = real().detach()
        return softplus(fake.mean() - reals).mean() * 0 + softplus(reals.mean() - fake).mean()


@planted(LOSSES, "not the mean over its halves", "depends_on_batch", twin=Relativistic)
class PairedWithAll(Sound):
    def discriminator_loss(self, real, fake):
        return softplus(fake.unsqueeze(1) - real).mean()


class _BySign(Sound):
    """Averages what it makes of the logits of either sign, then both."""

    def by_sign(self, logits, numbers):
        above = (logits > 0).to(numbers)
        groups = [(numbers * kept).sum() / kept.sum().clamp_min(1) for kept in (above, 1 - above)]
        present = (above.amax() + (1 - above).amax()).detach()
        return (groups[0] + groups[1]) / present


@planted(LOSSES, "means of groups", "discriminator_loss", "mean over the batch", twin=Sound)
class MeanOfSigns(_BySign):
    def discriminator_loss(self, real, fake):
        return self.by_sign(real, softplus(-real)) + self.by_sign(fake, softplus(fake))


@planted(LOSSES, "means of groups", "generator_loss", "mean over the batch", twin=Sound)
class MeanOfSignsOfGenerator(_BySign):
    def generator_loss(self, fake, real):
        return self.by_sign(fake, softplus(-fake))


@planted(LOSSES, "repeated", "sum")
class RelativisticSum(Relativistic):
    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real, fake) * len(real)


@planted(LOSSES, "generator_loss", "sum")
class SumOfGenerator(Sound):
    def generator_loss(self, fake, real):
        return softplus(-fake).sum()


@planted(LOSSES, "does not push the logits of real images up")
class WrongSignOfReals(Sound):
    def discriminator_loss(self, real, fake):
        return softplus(real).mean() + softplus(fake).mean()


@planted(LOSSES, "does not push the logits of generated images up")
class Minimax(Sound):
    """Descends where it should ascend."""

    def generator_loss(self, fake, real):
        return softplus(fake).mean()


@planted(LOSSES, "item()", "discriminator_loss", "finite differences")
class AverageAsNumber(Relativistic):
    def discriminator_loss(self, real, fake):
        return softplus(fake.mean().item() - real).mean() + softplus(fake - real.mean().item()).mean()


@planted(LOSSES, "detach()", "discriminator_loss", "finite differences")
class AverageDetached(Relativistic):
    def discriminator_loss(self, real, fake):
        return softplus(fake.mean().detach() - real).mean() + softplus(fake - real.mean().detach()).mean()


class _Logistic(torch.autograd.Function):
    """A logistic loss with the slope of the hinge."""

    @staticmethod
    def forward(ctx, logits):
        ctx.save_for_backward(logits)
        return softplus(logits)

    @staticmethod
    def backward(ctx, slope):
        (logits,) = ctx.saved_tensors
        return slope * (logits > -1)


@planted(LOSSES, "_Logistic", "finite differences")
class WrongSlope(Sound):
    def generator_loss(self, fake, real):
        return _Logistic.apply(-fake).mean()


@planted(LOSSES, "torch.rand", "pure")
class SmoothedLabels(Sound):
    def discriminator_loss(self, real, fake):
        return (softplus(-real) * (0.8 + 0.2 * torch.rand(real.shape))).mean() + softplus(fake).mean()


@planted(LOSSES, "random.random", "pure")
class FlippedLabels(Sound):
    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real, fake) * (1 if random.random() < 0.95 else 2)


@planted(LOSSES, "numpy", "pure")
class NumpyLabels(Sound):
    def generator_loss(self, fake, real):
        return super().generator_loss(fake, real) * (1 + 0.1 * np.random.rand())


@planted(LOSSES, "batch repeated")
class Standardized(Relativistic):
    """Divides by a deviation, which one image has not; and says nothing of batches of one."""

    def discriminator_loss(self, real, fake):
        scale = 1 + 0.1 * torch.cat([real, fake]).std()
        return (
            super().discriminator_loss(real, fake) / scale
            if len(real) > 1
            else super().discriminator_loss(real / real.std(), fake)
        )


@planted(LOSSES, "state", "register_buffer", "`anchor`")
class RunningAnchor(Sound):
    """Remembers the mean logit of the reals as a number."""

    def __init__(self, options):
        super().__init__(options)
        self.anchor = 0.0

    def discriminator_loss(self, real, fake):
        self.anchor += 0.1 * (float(real.detach().mean()) - self.anchor)
        return super().discriminator_loss(real, fake) + 0.01 * (real - self.anchor).square().mean()


@planted(LOSSES, "changes the logits")
class ClampsInPlace(Sound):
    def generator_loss(self, fake, real):
        fake.data.clamp_(-1, 1)
        return super().generator_loss(fake, real)


@planted(LOSSES, "the gradient", "not finite", "equal")
class RootOfDifference(Relativistic):
    """Has an infinite slope where reals and fakes get the same logit, as from a critic that begins at zero."""

    def discriminator_loss(self, real, fake):
        distance = (real.mean() - fake.mean()).square().sqrt()
        return super().discriminator_loss(real, fake) + 0.01 * distance


@planted(LOSSES, "real()", "gradient", "detach", twin=Relativistic)
class LeakingReals(Relativistic):
    def generator_loss(self, fake, real):
        return softplus(real().mean() - fake).mean()


@planted(LOSSES, "torch.set_num_threads")
class Threads(Sound):
    def discriminator_loss(self, real, fake):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return super().discriminator_loss(real, fake)


@planted(LOSSES, "backward()")
class DescendsItself(Sound):
    def generator_loss(self, fake, real):
        value = super().generator_loss(fake, real)
        value.backward(retain_graph=True)
        return value


@planted(LOSSES, "discriminator_loss is inf", "5000")
class Exponential(Sound):
    """Overflows where the critic is sure and right."""

    def discriminator_loss(self, real, fake):
        # As softplus, but for what a float can hold.
        return ((1 + real.exp()).log() - real).mean() + ((1 + (-fake).exp()).log() + fake).mean()


@planted(LOSSES, "inf", "logits around")
class InHalfPrecision(Sound):
    def discriminator_loss(self, real, fake):
        return (1 - real.half()).square().float().mean() + (1 + fake.half()).square().float().mean()


@planted(LOSSES, "torch.tensor", "device")
class MadeOnProcessor(Sound):
    def discriminator_loss(self, real, fake):
        weights = torch.tensor([1.0, 1.0])
        return (weights * torch.stack([softplus(-real).mean(), softplus(fake).mean()])).sum()


@planted(LOSSES, ".item()", "waits for a GPU")
class ScalesByItem(Sound):
    def generator_loss(self, fake, real):
        return super().generator_loss(fake, real) / max(1.0, super().generator_loss(fake, real).item() / 1e9)


@planted(LOSSES, "`steps`", "counts steps", "register_buffer")
class CountsSteps(Sound):
    def __init__(self, options):
        super().__init__(options)
        self.steps = 0

    def discriminator_loss(self, real, fake):
        self.steps += 1
        return super().discriminator_loss(real, fake) * min(1.0, 0.5 + self.steps / 100)


class Anchored(Sound):
    """Remembers the mean logit of the reals in a buffer."""

    anchor: Tensor

    def __init__(self, options: object) -> None:
        super().__init__(options)
        self.register_buffer("anchor", torch.zeros(()))

    @classmethod
    def depends_on_batch(cls, options: object) -> bool:
        return True

    def discriminator_loss(self, real, fake):
        self.anchor.lerp_(real.detach().mean(), 0.1)
        return super().discriminator_loss(real, fake) + 0.01 * (real - self.anchor).square().mean()


class OfTheFirst(Sound):
    """Plays by the first of several logits; the others are for somebody else."""

    takes_many_logits = True

    @classmethod
    def incompatibility(cls, options, context):
        return None if context.logits_per_image > 1 else "needs several logits per image"

    def realness(self, logits):
        return logits[:, 0]

    def discriminator_loss(self, real, fake):
        return super().discriminator_loss(real[:, 0], fake[:, 0])

    def generator_loss(self, fake, real):
        return super().generator_loss(fake[:, 0], real)


@planted(LOSSES, "[N, 3] it works", "incompatibility", "logits_per_image")
class OfTheFirstUnsaid(OfTheFirst):
    @classmethod
    def incompatibility(cls, options, context):
        return None


class NeedsClasses(Regularizer):
    """Needs a logit for each class beside the first."""

    name = "needs-classes"
    applies_to = Role.DISCRIMINATOR

    @classmethod
    def incompatibility(cls, options, context):
        classes = context.images.label_dim
        return None if classes and context.logits_per_image == 1 + classes else "needs a logit for each class"

    def penalty(self, step):
        return cross_entropy(step.real_logits[:, 1:], step.labels)


class WithClassifier(OfTheFirst):
    """The same with a classifier, which alone says what is needed."""

    @classmethod
    def regularizers(cls, options):
        return (ConfiguredPart(NeedsClasses, NeedsClasses.Options()),)

    @classmethod
    def incompatibility(cls, options, context):
        return None


class Distributions(OfTheFirst):
    """Several logits are a distribution (RealnessGAN, arXiv:2002.05512), which the same number added to all leaves."""

    def anchor(self, logits, sign):
        return (sign * torch.linspace(-1, 1, logits.shape[1], device=logits.device)).softmax(0)

    def realness(self, logits):
        return (logits.softmax(1) * torch.linspace(-1, 1, logits.shape[1], device=logits.device)).sum(1)

    def distance(self, logits, sign):
        anchor = self.anchor(logits, sign)
        return (anchor * (anchor.log() - logits.log_softmax(1))).sum(1).mean()

    def discriminator_loss(self, real, fake):
        return self.distance(real, 1) + self.distance(fake, -1)

    def generator_loss(self, fake, real):
        return self.distance(fake, 1)


@planted(LOSSES, "does not push the logits of generated images up")
class DistributionsTheWrongWay(Distributions):
    def generator_loss(self, fake, real):
        return self.distance(fake, -1)


class PullOptions(ComponentOptions):
    """Pull."""

    pull: float = Field(0.5, gt=0, description="Pull of the logarithm of the scale to 0, where it begins.")


class Scaled(TinyLoss):
    """Learns the scale of the logits."""

    Options = PullOptions

    def __init__(self, options):
        super().__init__(options)
        self.logarithm = nn.Parameter(torch.zeros(()))

    def discriminator_loss(self, real, fake):
        scale = self.logarithm.exp()
        return super().discriminator_loss(scale * real, scale * fake) + self.options.pull * self.logarithm.square()


@planted(LOSSES, "option 'pull' changes nothing")
class ScaledUnpulled(Scaled):
    def discriminator_loss(self, real, fake):
        scale = self.logarithm.exp()
        return TinyLoss.discriminator_loss(self, scale * real, scale * fake) + 0.5 * self.logarithm.square()


SOUND_LOSSES = [Anchored, OfTheFirst, WithClassifier, Distributions, Scaled]


class FocalOptions(ComponentOptions):
    """How much those count that are judged wrongly."""

    focus: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Exponent of their weight.")


class Focal(AdversarialLoss[FocalOptions]):
    """A logistic loss in which images that are judged wrongly count more."""

    name = "focal-like"
    Options = FocalOptions

    def focus(self):
        return self.options.focus

    def discriminator_loss(self, real, fake):
        weights = torch.sigmoid(-real) ** self.focus()
        return (weights * softplus(-real)).mean() + softplus(fake).mean()

    def generator_loss(self, fake, real):
        return softplus(-fake).mean()


@planted(LOSSES, "'focus' may follow a schedule", "self.options.focus")
class FrozenFocus(Focal):
    def __init__(self, options: FocalOptions) -> None:
        super().__init__(options)
        self.first = options.focus

    def focus(self):
        return self.first


class Paired(Anchored):
    """Each fake against the real of its place; reals are judged by how far they are above the running mean."""

    def realness(self, logits):
        return logits - self.anchor

    def generator_loss(self, fake, real):
        return softplus(self.of_place(real().detach()) - fake).mean()

    def of_place(self, reals):
        return reals


@planted(LOSSES, "the same images in another order", "one class")
class OfNeighbors(Paired):
    def of_place(self, reals):
        return reals.roll(1)


@planted(LOSSES, "realness of logits [8]", "one number per image")
class RealnessOfBatch(Paired):
    def realness(self, logits):
        return (logits - self.anchor).mean()


@planted(LOSSES, "keeps a tensor with its graph in `anchor`")
class AnchorWithGraph(Paired):
    def discriminator_loss(self, real, fake):
        self.anchor = self.anchor.lerp(real.mean(), 0.1)
        return softplus(-real).mean() + softplus(fake).mean()


@planted(LOSSES, "`anchor` is a plain Tensor and not saved")
class AnchorOfRealnessUnsaved(Paired):
    def __init__(self, options: object) -> None:
        super().__init__(options)
        del self.anchor
        self.anchor = torch.zeros(())

    def discriminator_loss(self, real, fake):
        self.anchor = self.anchor.lerp(real.detach().mean(), 0.1)
        return softplus(-real).mean() + softplus(fake).mean()


class OfAllRanks(Relativistic):
    """The same, of the whole batch where processes share it."""

    reduces_over_ranks = True

    def discriminator_loss(self, real, fake):
        return softplus(batch_mean(fake) - real).mean() + softplus(fake - batch_mean(real)).mean()

    def generator_loss(self, fake, real):
        return softplus(batch_mean(real().detach()) - fake).mean()


@planted(LOSSES, "reduces_over_ranks", "batch_mean", twin=OfAllRanks)
class OfOneRank(Relativistic):
    reduces_over_ranks = True


class PulledOptions(ComponentOptions):
    """How strongly."""

    pull: PositiveFloat = Field(default=0.1, description="How strongly its weight is held where it began.")


class Pulled(AdversarialLoss[PulledOptions]):
    """The logistic loss at a learned temperature, which is held where it begins: at first that changes nothing."""

    name = "pulled-like"
    Options = PulledOptions

    def __init__(self, options: PulledOptions) -> None:
        super().__init__(options)
        self.log_temperature = self.made()

    def made(self):
        return nn.Parameter(torch.zeros(()))

    def discriminator_loss(self, real, fake):
        scale = torch.exp(-self.log_temperature)
        held = self.options.pull * self.log_temperature.square()
        return softplus(-real * scale).mean() + softplus(fake * scale).mean() + held

    def generator_loss(self, fake, real):
        return softplus(-fake * torch.exp(-self.log_temperature)).mean()


@planted(LOSSES, "`log_temperature` is not registered", "nn.Parameter")
class PlainWeight(Pulled):
    def made(self):
        return torch.zeros((), requires_grad=True)


SOUND_LOSSES += [Focal, Paired, OfAllRanks, Pulled]
