"""What a third party may say of critics and objectives: an auxiliary classifier, a patch critic, weights of a loss."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from ganzoo import (
    AdversarialLoss,
    ComponentOptions,
    ConfiguredPart,
    Discriminator,
    Featured,
    ImageSpec,
    Regularizer,
    RegularizerOptions,
    Role,
    Scheduled,
    Step,
)


class Classifying(Discriminator):
    """A linear critic whose first logit judges and whose others name the class."""

    name = "classifying"

    def __init__(self, options: ComponentOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        self.dense = nn.Linear(images.channels * images.resolution**2, 1 + images.label_dim)

    @classmethod
    def incompatibility(cls, options, context):
        return None if context.images.label_dim else "names classes, and there are none; choose a dataset with some"

    @classmethod
    def logits_per_image(cls, options, images):
        return 1 + images.label_dim

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.dense(images.flatten(1))


class ClassTermOptions(RegularizerOptions):
    """Strength."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight of the cross-entropy.")


class _ClassTerm(Regularizer[ClassTermOptions]):
    Options = ClassTermOptions

    def of(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.options.weight * cross_entropy(logits[:, 1:], labels.argmax(dim=1))


class RealClasses(_ClassTerm):
    """The discriminator is to name the classes of reals (AC-GAN, arXiv:1610.09585)."""

    name = "real-classes"
    applies_to = Role.DISCRIMINATOR

    def penalty(self, step: Step) -> Tensor:
        return self.of(step.real_logits, step.labels)


class FakeClasses(_ClassTerm):
    """The generator is to make images whose class the discriminator names."""

    name = "fake-classes"
    applies_to = Role.GENERATOR

    def penalty(self, step: Step) -> Tensor:
        return self.of(step.fake_logits, step.labels)


class AuxiliaryOptions(ComponentOptions):
    """Strength of the classifier."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight of both cross-entropies.")


class Auxiliary(AdversarialLoss[AuxiliaryOptions]):
    """The logistic loss of the first logit, with the classifier's terms."""

    name = "auxiliary"
    takes_many_logits = True
    Options = AuxiliaryOptions

    @classmethod
    def regularizers(cls, options):
        return tuple(ConfiguredPart(each, each.Options(weight=options.weight)) for each in (RealClasses, FakeClasses))

    def realness(self, logits: Tensor) -> Tensor:
        return logits if logits.dim() == 1 else logits[:, 0]

    def discriminator_loss(self, real, fake):
        return softplus(-self.realness(real)).mean() + softplus(self.realness(fake)).mean()

    def generator_loss(self, fake, real):
        return softplus(-self.realness(fake)).mean()


class Tempered(AdversarialLoss):
    """The logistic loss at a temperature that the discriminator learns, kept near 1."""

    name = "tempered"

    def __init__(self, options):
        super().__init__(options)
        self.log_temperature = nn.Parameter(torch.tensor(0.1))

    def discriminator_loss(self, real, fake):
        scale = self.log_temperature.exp()
        return softplus(-real * scale).mean() + softplus(fake * scale).mean() + self.log_temperature.square()

    def generator_loss(self, fake, real):
        return softplus(-fake * self.log_temperature.exp()).mean()


class Probe(Regularizer):
    """A head of its own on the discriminator's features: tells reals from fakes, and the discriminator helps it."""

    name = "probe"
    applies_to = Role.DISCRIMINATOR
    discriminator_must_be: ClassVar[type] = Featured

    def prepare(self, images, discriminator):
        shape = (1, images.channels, images.resolution, images.resolution)
        with torch.no_grad():
            (feature, *_) = discriminator.features(
                torch.zeros(shape, device=next(discriminator.parameters()).device), torch.zeros(1, images.label_dim)
            )
        self.head = nn.Linear(feature[0].numel(), 1)

    def penalty(self, step):
        images = (step.real, -1), (step.fakes, 1)
        return sum(
            softplus(sign * self.head(step.critic_features(shown, step.labels)[0].flatten(1))).mean()
            for shown, sign in images
        )
