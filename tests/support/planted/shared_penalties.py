"""Penalties that both players descend, with planted bugs."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ganzoo import Featured, Role, SharedRegularizer
from planted.bug import PlantedBug, planted

SHARED_PENALTIES: list[PlantedBug] = []


class SoundHead(SharedRegularizer):
    """A head on the critic's features names classes, and the generator is to make them right (arXiv:1610.09585)."""

    name = "head-like"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be: ClassVar[type] = Featured

    @classmethod
    def incompatibility(cls, options: object, context: Any) -> str | None:
        return None if context.images.label_dim > 1 else "needs classes"

    def prepare(self, images: Any, discriminator: Any) -> None:
        self.head = nn.Linear(images.channels * images.resolution**2, images.label_dim)

    def named(self, step, images):
        features = step.critic_features(images, step.labels)[-1].flatten(1)
        return cross_entropy(self.head(features), step.labels.argmax(dim=1))

    def penalty(self, step):
        return self.named(step, step.real_input)

    def other_penalty(self, step):
        return self.named(step, step.fake_input)


class SoundDistance(SharedRegularizer):
    """The generator draws near to the reals in the critic's features, from which the critic moves them away."""

    name = "distance-like"
    applies_to: ClassVar[Role] = Role.GENERATOR
    discriminator_must_be: ClassVar[type] = Featured

    def distance(self, step, fakes):
        features = [step.critic_features(each, step.labels)[-1].flatten(1) for each in (step.real, fakes)]
        return (features[0] - features[1]).square().mean()

    def penalty(self, step):
        return self.distance(step, step.generated)

    def other_penalty(self, step):
        return -self.distance(step, step.fakes)


@planted(SHARED_PENALTIES, "the generator's share", "no gradient to the generator")
class ShareOfReals(SoundHead):
    def other_penalty(self, step):
        return self.named(step, step.real_input)


@planted(SHARED_PENALTIES, "the generator's share", "penalty is inf")
class InfiniteShare(SoundHead):
    def other_penalty(self, step):
        return super().other_penalty(step) - (step.labels.sum() - len(step.labels)).log()


@planted(
    SHARED_PENALTIES, "the generator's share", "the penalty itself, which the first player trains", "requires_grad"
)
class TrainsHeadTwice(SoundHead):
    def other_penalty(self, step):
        self.head.requires_grad_(True)
        return super().other_penalty(step)


@planted(SHARED_PENALTIES, "the generator's share", "changes the weights of the penalty itself")
class MovesHead(SoundHead):
    def other_penalty(self, step):
        with torch.no_grad():
            self.head.weight.mul_(0.99)
        return super().other_penalty(step)


@planted(SHARED_PENALTIES, "no gradient of the penalty reaches its own", "head.weight")
class HeadOfGenerator(SoundHead):
    """Trains its head by the generator's share alone, in which nothing of it is trained."""

    def penalty(self, step):
        features = step.critic_features(step.real_input, step.labels)[-1].flatten(1)
        return features.square().mean()


@planted(SHARED_PENALTIES, "sends gradient into the generator", "step.fakes")
class IntoGenerator(SoundHead):
    def penalty(self, step):
        return super().penalty(step) + self.named(step, step.generated)


@planted(SHARED_PENALTIES, "the discriminator's share", "sends gradient into the generator", "step.fakes")
class OtherIntoGenerator(SoundDistance):
    def other_penalty(self, step):
        return -self.distance(step, step.generated)
