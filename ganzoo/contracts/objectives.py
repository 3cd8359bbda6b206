"""Objectives: losses and regularizers, which decide what the two players descend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from typing_extensions import TypeVar

from ganzoo.contracts.component import Component, ComponentOptions, ConfiguredPart, ImageSpec, OptionsT
from ganzoo.contracts.networks import Discriminator
from ganzoo.contracts.step import Step


class Role(Enum):
    """The player that descends a regularizer's penalty."""

    GENERATOR = "generator"
    DISCRIMINATOR = "discriminator"


class AdversarialLoss(Component[OptionsT], nn.Module, ABC):
    """The game: raw logits `[N]` to the scalars that each player descends.

    A module: buffers are saved and moved for free, and parameters are trained by one of the players.

    Attributes:
        takes_many_logits: Whether it also takes logits `[N, K]` of discriminators that give several per image.
        trained_by: The player that descends the loss's own parameters, where it has any.
    """

    takes_many_logits: ClassVar[bool] = False
    trained_by: ClassVar[Role] = Role.DISCRIMINATOR

    def __init__(self, options: OptionsT) -> None:
        super().__init__()
        self.options = options

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        """Make weights that depend on what the images and the discriminator are; called once, before training.

        The discriminator is on its device, such as a GPU, already; what is made here is moved there afterwards.
        """
        return

    @classmethod
    def regularizers(cls, options: OptionsT) -> tuple[ConfiguredPart[Regularizer], ...]:
        """Return the regularizers without which the loss is not itself (WGAN-GP's), or nothing."""
        return ()

    def realness(self, logits: Tensor) -> Tensor:
        """Return one number per image `[N]` of logits, for the log and for augmentations that adapt: their mean."""
        return logits if logits.dim() == 1 else logits.flatten(1).mean(dim=1)

    @abstractmethod
    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the discriminator descends. `real`, `fake`: logits `[N]`."""

    @abstractmethod
    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        """Return what the generator descends.

        A relativistic loss calls `real()` for the logits `[N]` of fresh reals, each of the label of the fake in its
        place; they are computed only then.
        """


class RegularizerOptions(ComponentOptions):
    """Options that every regularizer has."""

    every: PositiveInt = Field(
        default=1, description="Apply on every n-th update only, n times as strong (lazy when above 1)."
    )


RegularizerOptionsT = TypeVar("RegularizerOptionsT", bound=RegularizerOptions, default=Any)


class Regularizer(Component[RegularizerOptionsT], nn.Module, ABC):
    """A penalty beside the loss. A module: buffers, such as running means, are saved and moved for free.

    Its parameters, where it has any, are trained by the player that it applies to.

    Attributes:
        applies_to: The player whose loss it is added to.
        generator_must_be: The capability that it needs of the generator, such as `StyleBased`; `object` for none.
        discriminator_must_be: The same of the discriminator, such as `Featured`.
        needs_real_gradient: Whether it differentiates `step.real_logits` with respect to `step.real_input`.
        needs_fake_gradient: Whether it differentiates `step.fake_logits` with respect to `step.fake_input`.
        compares_logits: Whether it compares `step.real_logits` or `step.fake_logits` with logits of its own, so that
            all are computed in the precision of penalties.
        per_sample_gradient: Whether it is defined per image, so that batch norm in the critic makes it meaningless.
    """

    Options: ClassVar[type[RegularizerOptions]] = RegularizerOptions
    applies_to: ClassVar[Role]
    generator_must_be: ClassVar[type] = object
    discriminator_must_be: ClassVar[type] = object
    needs_real_gradient: ClassVar[bool] = False
    needs_fake_gradient: ClassVar[bool] = False
    compares_logits: ClassVar[bool] = False
    per_sample_gradient: ClassVar[bool] = False

    def __init__(self, options: RegularizerOptionsT) -> None:
        super().__init__()
        self.options = options

    def prepare(self, images: ImageSpec, discriminator: Discriminator) -> None:
        """Make weights that depend on what the images and the discriminator are; called once, before training.

        The discriminator is on its device, such as a GPU, already; what is made here is moved there afterwards.
        """
        return

    @abstractmethod
    def penalty(self, step: Step) -> Tensor:
        """Return the weighted penalty, a scalar: the mean over the batch. The trainer multiplies by `every`."""
