"""Augmentations: what images pass on their way to the discriminator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ganzoo.contracts.component import Component, ImageSpec, OptionsT


class Augmentation(Component[OptionsT], nn.Module, ABC):
    """What stands in front of the discriminator, for reals and fakes alike (ADA, arXiv:2006.06676).

    A module, so strengths and running statistics are buffers: saved, restored and moved for free. It must be
    differentiable twice, since gradient penalties look through it. Random numbers come from torch's global stream,
    which is seeded at each step.
    """

    def __init__(self, options: OptionsT, images: ImageSpec) -> None:
        super().__init__()
        self.options = options

    @classmethod
    def acts_unobserved(cls, options: OptionsT) -> bool:
        """Return whether images change before `observe` was ever called and any schedule has moved.

        Parts that hold another augmentation keep it at that strength, and refuse one that would leave all as it is.
        """
        return True

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Transform images `[N, C, r, r]`; the result has the same shape and may leave [-1, 1]."""

    def observe(self, real_logits: Tensor) -> None:
        """Look at the logits `[N]` of a step's augmented reals, once per discriminator step, to adapt the strength.

        Of several logits per image, the loss says the number that stands for them (`AdversarialLoss.realness`).
        """
        return

    def report(self) -> Mapping[str, Tensor]:
        """Return scalars for the log, such as the present strength."""
        return {}


@runtime_checkable
class ReplacesReals(Protocol):
    """Capability of an augmentation: some reals are generated images (APA, arXiv:2111.06849, section 3).

    In the discriminator's step alone, and before anything else: its loss, `observe` and penalties that look at
    `Step.real_input` see the mixed batch, while `Step.real` stays what it is.
    """

    def replaced_share(self) -> float:
        """Return the probability, from 0 to 1, of each real to be replaced in this step by a fake of the same label.

        The trainer draws which, and generates other fakes than those of the step. All processes must get the same.
        """
