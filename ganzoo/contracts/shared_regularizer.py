"""Shared regularizer: a penalty of which each player descends a share of its own."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from ganzoo.contracts.objectives import Regularizer, RegularizerOptionsT
from ganzoo.contracts.step import Step


class SharedRegularizer(Regularizer[RegularizerOptionsT]):
    """A regularizer that both players descend, as of a classifier on the critic's features (AC-GAN, arXiv:1610.09585).

    The player that it `applies_to` descends `penalty` and trains the parameters, if it has any. The other player
    descends `other_penalty` in its own step, in which these parameters stay as they are, as the networks of the first
    player do. Both are multiplied by `every` and applied on the same updates. Logits of the other share are neither
    differentiated at images nor compared: `needs_real_gradient` and its like are said of `penalty`.
    """

    @abstractmethod
    def other_penalty(self, step: Step) -> Tensor:
        """Return the weighted share of the other player, a scalar: the mean over the batch."""
