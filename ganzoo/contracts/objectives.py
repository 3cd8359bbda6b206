"""Objectives: losses, regularizers and augmentations, which decide what the two players descend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from typing_extensions import TypeVar

from ganzoo.contracts.component import Component, ComponentOptions, ConfiguredPart, ImageSpec, OptionsT
from ganzoo.contracts.step import Step


class AdversarialLoss(Component[OptionsT], ABC):
    """The game: raw logits `[N]` to the scalars that each player descends."""

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def regularizers(cls, options: OptionsT) -> tuple[ConfiguredPart[Regularizer], ...]:
        """Return the regularizers without which the loss is not itself (WGAN-GP's), or nothing."""
        return ()

    @abstractmethod
    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the discriminator descends. `real`, `fake`: logits `[N]`."""

    @abstractmethod
    def generator_loss(self, fake: Tensor, real: Callable[[], Tensor]) -> Tensor:
        """Return what the generator descends.

        A relativistic loss calls `real()` for the logits `[N]` of fresh reals, each of the label of the fake in its
        place; they are computed only then.
        """


class Role(Enum):
    """The player that descends a regularizer's penalty."""

    GENERATOR = "generator"
    DISCRIMINATOR = "discriminator"


class RegularizerOptions(ComponentOptions):
    """Options that every regularizer has."""

    every: PositiveInt = Field(
        default=1, description="Apply on every n-th update only, n times as strong (lazy when above 1)."
    )


RegularizerOptionsT = TypeVar("RegularizerOptionsT", bound=RegularizerOptions, default=Any)


class Regularizer(Component[RegularizerOptionsT], nn.Module, ABC):
    """A penalty beside the loss. A module, so running means are buffers: saved and moved for free.

    Attributes:
        applies_to: The player whose loss it is added to.
        generator_must_be: The capability that it needs of the generator, such as `StyleBased`; `object` for none.
        needs_real_gradient: Whether it differentiates `step.real_logits` with respect to `step.real_input`.
        needs_fake_gradient: Whether it differentiates `step.fake_logits` with respect to `step.fake_input`.
        per_sample_gradient: Whether it is defined per image, so that batch norm in the critic makes it meaningless.
    """

    Options: ClassVar[type[RegularizerOptions]] = RegularizerOptions
    applies_to: ClassVar[Role]
    generator_must_be: ClassVar[type] = object
    needs_real_gradient: ClassVar[bool] = False
    needs_fake_gradient: ClassVar[bool] = False
    per_sample_gradient: ClassVar[bool] = False

    def __init__(self, options: RegularizerOptionsT) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def penalty(self, step: Step) -> Tensor:
        """Return the weighted penalty, a scalar: the mean over the batch. The trainer multiplies by `every`."""


class Augmentation(Component[OptionsT], nn.Module, ABC):
    """What stands in front of the discriminator, for reals and fakes alike (ADA, arXiv:2006.06676).

    A module, so strengths and running statistics are buffers: saved, restored and moved for free. It must be
    differentiable twice, since gradient penalties look through it. Random numbers come from torch's global stream,
    which is seeded at each step.
    """

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Transform images `[N, C, r, r]`; the result has the same shape and may leave [-1, 1]."""

    def observe(self, real_logits: Tensor) -> None:
        """Look at the logits `[N]` of a step's augmented reals, once per discriminator step, to adapt the strength."""
        return

    def report(self) -> Mapping[str, Tensor]:
        """Return scalars for the log, such as the present strength."""
        return {}
