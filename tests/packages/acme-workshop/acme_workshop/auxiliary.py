"""An auxiliary classifier: a critic that also says which class it sees, and the loss that asks it to (AC-GAN)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, leaky_relu, softplus

from ganzoo import (
    AdversarialLoss,
    ComponentOptions,
    ConfiguredPart,
    Discriminator,
    ImageSpec,
    RecipeContext,
    Regularizer,
    RegularizerOptions,
    Role,
    Scheduled,
    Step,
)
from ganzoo.layers import resolution_problem


class AuxiliaryCriticOptions(ComponentOptions):
    """Sizes."""

    width: PositiveInt = Field(default=16, description="Channels of the first layer; twice as many in each next one.")


class AuxiliaryCritic(Discriminator[AuxiliaryCriticOptions]):
    """Strided convolutions, then one logit of being real and one for each class; sees no labels.

    Paper: Odena et al., arXiv:1610.09585.
    """

    name = "acme-auxiliary"
    Options = AuxiliaryCriticOptions

    def __init__(self, options: AuxiliaryCriticOptions, images: ImageSpec) -> None:
        super().__init__(options, images)
        widths = [images.channels]
        side = images.resolution
        while side > 4:
            widths.append(options.width * 2 ** (len(widths) - 1))
            side //= 2
        self.halvings = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1) for inputs, outputs in pairwise(widths)
        )
        self.head = nn.Linear(widths[-1] * side**2, self.logits_per_image(options, images))

    @classmethod
    def logits_per_image(cls, options: AuxiliaryCriticOptions, images: ImageSpec) -> int:
        return 1 + images.label_dim

    @classmethod
    def incompatibility(cls, options: AuxiliaryCriticOptions, context: RecipeContext) -> str | None:
        return resolution_problem(cls.name, context.images.resolution)

    def features(self, images: Tensor, labels: Tensor) -> Sequence[Tensor]:
        found = [images]
        for halving in self.halvings:
            found.append(leaky_relu(halving(found[-1]), 0.2))
        return found[1:]

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images, labels)[-1].flatten(1))
        return logits if logits.shape[1] > 1 else logits.squeeze(1)


class ClassWeight(RegularizerOptions):
    """Strength."""

    weight: Scheduled[NonNegativeFloat] = Field(default=1.0, description="Weight of the cross-entropy of classes.")


class _Classes(Regularizer[ClassWeight]):
    Options = ClassWeight

    @classmethod
    def incompatibility(cls, options: ClassWeight, context: RecipeContext) -> str | None:
        classes = context.images.label_dim
        if not classes:
            return "needs a dataset with classes; choose one, or another loss"
        if context.logits_per_image != 1 + classes:
            name, logits = context.discriminator.cls.name, context.logits_per_image
            return f"needs {1 + classes} logits per image, but '{name}' gives {logits}; use the critic acme-auxiliary"
        return None

    def of(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.options.weight * cross_entropy(logits[:, 1:], labels.argmax(dim=1))


class RealClasses(_Classes):
    """Cross-entropy of the classes of real images, which the critic learns.

    Paper: Odena et al., arXiv:1610.09585, equation 3.
    """

    name = "acme-real-classes"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR

    def penalty(self, step: Step) -> Tensor:
        return self.of(step.real_logits, step.labels)


class FakeClasses(_Classes):
    """Cross-entropy of the classes that generated images were to show, which the generator learns.

    Paper: Odena et al., arXiv:1610.09585, equation 3.
    """

    name = "acme-fake-classes"
    applies_to: ClassVar[Role] = Role.GENERATOR

    def penalty(self, step: Step) -> Tensor:
        return self.of(step.fake_logits, step.labels)


class AuxiliaryLoss(AdversarialLoss):
    """The logistic loss of the first logit; the others are for classes.

    Paper: Odena et al., arXiv:1610.09585, equation 2.
    """

    name = "acme-auxiliary"
    takes_many_logits = True

    @classmethod
    def regularizers(cls, options: ComponentOptions) -> tuple[ConfiguredPart[Regularizer], ...]:
        return (ConfiguredPart(RealClasses, ClassWeight()), ConfiguredPart(FakeClasses, ClassWeight()))

    def realness(self, logits: Tensor) -> Tensor:
        return logits if logits.dim() == 1 else logits[:, 0]

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return softplus(-self.realness(real)).mean() + softplus(self.realness(fake)).mean()

    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        return softplus(-self.realness(fake)).mean()
