"""Optimizers: how a player moves down what its loss and penalties give it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, PositiveFloat
from typing_extensions import TypeVar

from ganzoo.contracts.component import Component, ComponentOptions
from ganzoo.contracts.scheduled import Scheduled

if TYPE_CHECKING:
    import torch
    from torch import nn


class OptimizerOptions(ComponentOptions):
    """Options that every optimizer has."""

    learning_rate: Scheduled[PositiveFloat] = Field(default=2e-4, description="Step size.")


OptimizerOptionsT = TypeVar("OptimizerOptionsT", bound=OptimizerOptions, default=Any)


class Optimizer(Component[OptimizerOptionsT], ABC):
    """Builds a `torch.optim.Optimizer` for one player, and says its settings at each point of the training.

    Its steps move parameters in place, and pass by those whose `grad` is None: layers that have no part yet.
    What it remembers per parameter must be tensors, as torch's own do; they are saved in checkpoints, and numbers that
    it keeps in its parameter groups too.

    Attributes:
        default_place: Lowest of all for the optimizer of players that name none; None, as nearly always, for others.
    """

    Options: ClassVar[type[OptimizerOptions]] = OptimizerOptions
    default_place: ClassVar[int | None] = None

    def __init__(self, options: OptimizerOptionsT) -> None:
        self.options = options

    @abstractmethod
    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer of these parameters; the entries of `group` are set in its parameter groups at once."""

    @abstractmethod
    def group(self, options: OptimizerOptionsT, share: float) -> Mapping[str, Any]:
        """Return entries of torch's parameter groups (`lr`, `betas`, ...), which are set whenever they change.

        Args:
            options: The options of this moment: the numbers of schedules, the learning rate of the phase.
            share: 1, or less where lazy penalties add steps of their own: of one that plays every n-th update,
                1 / (1 + 1/n). Multiply the learning rate by it, and raise decays per step to it, so that updates mean
                the same (StyleGAN2, arXiv:1912.04958, appendix B).
        """
