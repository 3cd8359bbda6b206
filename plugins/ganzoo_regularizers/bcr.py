"""bCR: balanced consistency of a critic, whose logits are not to depend on an augmentation."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ganzoo import (
    Augmentation,
    Chooses,
    ChosenPart,
    Discriminator,
    ImageSpec,
    RecipeContext,
    Regularizer,
    RegularizerOptions,
    ReplacesReals,
    Role,
    Scheduled,
    Step,
    build_chosen,
)
from ganzoo.layers import full_precision


class BCROptions(RegularizerOptions):
    """Strengths, and the augmentation that is not to matter."""

    # Both 10 (the paper's experiments).
    real_weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight of the reals (lambda_real).")
    fake_weight: Scheduled[NonNegativeFloat] = Field(default=10.0, description="Weight of the fakes (lambda_fake).")
    augmentation: Annotated[ChosenPart[Augmentation], Chooses("augmentation")] = Field(
        default={"name": "diffaugment", "policy": ["translation"]},
        validate_default=True,
        description="What is not to move the logits, by name or as a table with its options; by default shifts by up "
        "to an eighth. Its numbers stay as they are: nothing adapts it, and schedules are refused.",
    )


class BCR(Regularizer[BCROptions]):
    """Squared change of the logits when an image is augmented, of reals and fakes alike.

    lambda_real * mean (D(x) - D(T(x)))^2 + lambda_fake * mean (D(G(z)) - D(T(G(z))))^2, with gradient by both logits.
    With an augmentation in front of the critic, T comes after it. The paper's T also mirrors.

    Paper: Zhao et al., arXiv:2002.04724, algorithm 1; of reals alone, Zhang et al., arXiv:1910.12027.
    """

    name = "bcr"
    applies_to: ClassVar[Role] = Role.DISCRIMINATOR
    compares_logits: ClassVar[bool] = True

    Options = BCROptions

    @classmethod
    def incompatibility(cls, options: BCROptions, context: RecipeContext) -> str | None:
        chosen = options.augmentation
        if issubclass(chosen.cls, ReplacesReals):
            return f"augmentation: '{chosen.cls.name}' replaces reals, which changes no image: choose another"
        if not chosen.cls.acts_unobserved(chosen.options):
            return (
                f"augmentation: '{chosen.cls.name}' changes no image with these options, and nothing adapts it here: "
                "give it a fixed strength, or choose another"
            )
        return chosen.cls.incompatibility(chosen.options, context)

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        chosen = self.options.augmentation
        self.augmentation = build_chosen(chosen, images)

    def penalty(self, step: Step) -> Tensor:
        real = self._change(step, step.real_shown, step.real_logits)
        fake = self._change(step, step.fake_shown, step.fake_logits)
        return self.options.real_weight * real + self.options.fake_weight * fake

    def _change(self, step: Step, shown: Tensor, logits: Tensor) -> Tensor:
        with full_precision(shown):
            augmented = self.augmentation(shown)
        return (step.critic(augmented, step.labels, augment=False) - logits).square().mean()
