"""Auxiliary classifier: the critic names the class of each image, and the generator is to make it right (AC-GAN)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ganzoo import Discriminator, Featured, ImageSpec, RecipeContext, Role, SharedRegularizer, Step
from ganzoo_conditional.heads import HeadOptions, classes_problem, feature_size, held, last_features


class AuxiliaryClassifierOptions(HeadOptions):
    """Strengths, and whose classes are learned."""

    fakes: bool = Field(
        default=True,
        description="Whether the discriminator learns the classes of generated images beside those of reals, as in "
        "the paper. Without it, of reals alone.",
    )


class AuxiliaryClassifier(SharedRegularizer[AuxiliaryClassifierOptions]):
    """Cross-entropy of a linear classifier on the critic's last features, which both players lower.

    L_C = E[-log P(C = c | X)]: the discriminator descends weight * L_C of reals and of generated images, and trains the
    classifier; the generator descends generator_weight * L_C of its images. An image without a class counts 0. Choose a
    critic whose logit does not know the class (`biggan` with `projection = false`), as the paper's.

    Paper: Odena et al., arXiv:1610.09585, section 3, equation 3.
    """

    name = "acgan"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    discriminator_must_be: ClassVar[type] = Featured

    Options = AuxiliaryClassifierOptions

    @classmethod
    def example_options(cls, folder: Path) -> AuxiliaryClassifierOptions:
        return AuxiliaryClassifierOptions(weight=0.5, generator_weight=0.25)

    @classmethod
    def incompatibility(cls, options: AuxiliaryClassifierOptions, context: RecipeContext) -> str | None:
        return classes_problem(context)

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        self.classifier = held(nn.Linear(feature_size(images, discriminator), images.label_dim), self.options)

    def penalty(self, step: Step) -> Tensor:
        loss = self._cross_entropy(step, step.real_input)
        if self.options.fakes:
            loss = loss + self._cross_entropy(step, step.fake_input)
        return self.options.weight * loss

    def other_penalty(self, step: Step) -> Tensor:
        return self.options.generator_weight * self._cross_entropy(step, step.fake_input)

    def _cross_entropy(self, step: Step, images: Tensor) -> Tensor:
        logits = self.classifier(last_features(step, images))
        return -(step.labels * log_softmax(logits, dim=1)).sum(dim=1).mean()
