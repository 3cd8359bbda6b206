"""Penalties with planted bugs in what they show the networks, and sound ones that are at rest for a while."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor
from torch.nn.functional import relu

from ganzoo import Regularizer, RegularizerOptions, Role, Scheduled
from ganzoo.layers import batch_mean
from ganzoo.testing.critics import TinyFeaturedDiscriminator
from planted.bug import PlantedBug, planted

PENALTY_STEPS: list[PlantedBug] = []


class SoundOptions(RegularizerOptions):
    """Strength, and how soon."""

    gamma: Scheduled[NonNegativeFloat] = Field(default=2.0, description="Strength at the end of the ramp.")
    ramp_kimg: PositiveFloat = Field(default=10.0, description="Thousands of images until it is reached.")


class Ramp(Regularizer[SoundOptions]):
    """The squared gradient at the reals, faded in over the first images."""

    name = "ramp-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    needs_real_gradient = True
    Options = SoundOptions

    def penalty(self, step):
        share = min(1.0, step.images_seen / (1000 * self.options.ramp_kimg))
        (slope,) = torch.autograd.grad(step.real_logits.sum(), step.real_input, create_graph=True)
        return share * self.strength() / 2 * self.square(slope).mean()

    def strength(self):
        return self.options.gamma

    def square(self, slope):
        return slope.square().sum(dim=(1, 2, 3))


@planted(PENALTY_STEPS, "'gamma' may follow a schedule", "self.options.gamma")
class FrozenStrength(Ramp):
    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.gamma = options.gamma

    def strength(self):
        return self.gamma


@planted(PENALTY_STEPS, "leaves rows 0, 15 and columns 0, 15 out of the slope")
class WithoutBorder(Ramp):
    def square(self, slope):
        return slope[..., 1:-1, 1:-1].square().sum(dim=(1, 2, 3))


class OneSided(Regularizer):
    """Slopes above 1 between reals and fakes (arXiv:1709.08894), which most critics do not have at first."""

    name = "one-sided-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step):
        shares = step.uniform(len(step.real), 1, 1, 1)
        points = step.lift(torch.lerp(step.real, step.fakes, shares)).detach().requires_grad_()
        (slope,) = torch.autograd.grad(step.critic(points, self.labels(step)).sum(), points, create_graph=True)
        return relu(self.norm(slope) - 1).square().mean()

    def labels(self, step):
        return step.labels

    def norm(self, slope):
        return (slope.square().flatten(1).sum(dim=1) + 1e-12).sqrt()


@planted(PENALTY_STEPS, "labels that are all 0", "step.labels")
class WithoutClasses(OneSided):
    def labels(self, step):
        return torch.zeros_like(step.labels)


@planted(PENALTY_STEPS, "by channel 0 of 3 alone")
class OfFirstChannel(OneSided):
    def norm(self, slope):
        return super().norm(slope[:, :1])


class Banded(Regularizer):
    """How far images move for a change of latents, where that is not between two bounds (arXiv:1802.08768)."""

    name = "banded-like"
    applies_to: ClassVar[Role] = Role.GENERATOR

    def penalty(self, step):
        moved = self.moved(step.fake_latents, step.latents(len(step.real)))
        change = step.generator(moved, step.labels) - step.generator(step.fake_latents, step.labels)
        size = (change.square().flatten(1).sum(dim=1) + 1e-12).sqrt()
        return (relu(size - 20).square() + relu(1 - size).square()).mean()

    def moved(self, latents, direction):
        return latents + direction


@planted(PENALTY_STEPS, "changes step.fake_latents in place")
class MovesLatents(Banded):
    def moved(self, latents, direction):
        return latents.add_(direction)


class Flips(Regularizer):
    """Logits of reals and fakes are to stay when images are flipped and made noisy, all in one forward."""

    name = "flips-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    augment = False

    def penalty(self, step):
        shown = self.images(step)
        noise = 0.1 * step.uniform(*shown.shape)
        logits = step.critic(shown.flip(3) + noise, step.labels.repeat(2, 1), augment=self.augment)
        return (logits - torch.cat([step.real_logits, step.fake_logits])).square().mean()

    def images(self, step):
        return torch.cat([step.real_shown, step.fake_shown])


@planted(PENALTY_STEPS, "augmented before", "augment=False")
class AugmentsTwice(Flips):
    augment = True


@planted(PENALTY_STEPS, "passed no augmentation", "step.real_shown")
class ComparesUnaugmented(Flips):
    def images(self, step):
        return torch.cat([step.real, step.fakes])


@planted(PENALTY_STEPS, "changes step.real_input in place")
class DimsReals(Flips):
    def images(self, step):
        step.real_shown.data.mul_(0.9)
        return super().images(step)


class Anchor(Regularizer):
    """Logits of fakes are drawn to the running mean of those of reals."""

    name = "anchor-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    reduces_over_ranks = True
    mean: Tensor

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.register_buffer("mean", torch.zeros(()))

    @classmethod
    def depends_on_batch(cls, options: Any) -> bool:
        return True

    def penalty(self, step):
        self.follow(self.mean_of(step.real_logits))
        return (step.fake_logits - self.mean).square().mean()

    def mean_of(self, logits):
        return batch_mean(logits.detach()).mean()

    def follow(self, mean):
        self.mean.lerp_(mean, 0.1)


@planted(PENALTY_STEPS, "reduces_over_ranks", "batch_mean")
class AnchorOfOwnImages(Anchor):
    def mean_of(self, logits):
        return logits.detach().mean()


@planted(PENALTY_STEPS, "keeps a tensor with its graph in `mean`")
class AnchorWithGraph(Anchor):
    def penalty(self, step):
        self.mean = self.mean.lerp(step.real_logits.mean(), 0.1)
        return (step.fake_logits - self.mean).square().mean()


class OwnClasses(Regularizer):
    """A classifier on the critic's features, with weights of its own."""

    name = "own-classes-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be = TinyFeaturedDiscriminator

    @classmethod
    def incompatibility(cls, options: Any, context: Any) -> str | None:
        return None if context.images.label_dim else "needs classes; choose a dataset that has some"

    def prepare(self, images, discriminator):
        shown = torch.zeros(1, images.channels, images.resolution, images.resolution)
        last = discriminator.features(shown, torch.zeros(1, images.label_dim))[-1]
        self.classes = torch.nn.Linear(last[0].numel(), images.label_dim)

    def penalty(self, step):
        logits = self.classes(step.critic_features(step.real_input, step.labels)[-1].flatten(1))
        return torch.nn.functional.cross_entropy(logits, self.numbers(step.labels))

    def numbers(self, labels):
        return labels.argmax(dim=1)


@planted(PENALTY_STEPS, "takes classes 0 and 1 for one", "from 0")
class OffByOne(OwnClasses):
    def numbers(self, labels):
        return (labels.argmax(dim=1) - 1).clamp(min=0)


class HalvesRows(Regularizer):
    """Products of the generator's weights, which stay as they are."""

    name = "rows-like"
    applies_to: ClassVar[Role] = Role.GENERATOR

    def penalty(self, step):
        rows = [self.rows(each).flatten(1) for each in step.generator.parameters() if each.dim() > 1]
        return 1e-4 * sum((each @ each.T).triu(1).square().sum() for each in rows)

    def rows(self, weight):
        return weight


@planted(PENALTY_STEPS, "changes the weights of the generator")
class NormalizesRows(HalvesRows):
    def rows(self, weight):
        weight.data.div_(weight.data.norm())
        return weight


class InAWindow(Regularizer):
    """The squared logits of the reals, from 5,000 to 500,000 images alone."""

    name = "window-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step):
        return (5_000 <= step.images_seen < 500_000) * step.real_logits.square().mean()


SOUND_PENALTY_STEPS = [InAWindow, Ramp, OneSided, Banded, Flips, Anchor, OwnClasses]
