"""Other share: what the second player descends of a penalty that both descend."""

from __future__ import annotations

from torch import Tensor

from ganzoo.contracts.objectives import RegularizerOptions
from ganzoo.contracts.shared_regularizer import SharedRegularizer
from ganzoo.contracts.step import Step


class OtherShare:
    """Asks a shared penalty for its other share, as a penalty is asked.

    No module: the penalty's parameters are trained, and its state is saved, by the player that it applies to.
    """

    needs_real_gradient = False
    needs_fake_gradient = False
    compares_logits = False

    def __init__(self, shared: SharedRegularizer) -> None:
        self._shared = shared

    @property
    def name(self) -> str:
        """The penalty's name."""
        return self._shared.name

    @property
    def options(self) -> RegularizerOptions:
        """The penalty's options, which a schedule may change."""
        options: RegularizerOptions = self._shared.options
        return options

    def penalty(self, step: Step) -> Tensor:
        """Return what the second player descends."""
        return self._shared.other_penalty(step)
