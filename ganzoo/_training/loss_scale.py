"""Loss scale: what keeps float16's gradients from vanishing.

Gradients below 6e-8 are 0 in float16. So the loss is multiplied by a scale before it is differentiated, and gradients
are divided by it after; where one is infinite, the optimizer leaves the step out and the scale is halved; after 2,000
good steps it is doubled. Nothing waits for the device.

Paper: Micikevicius et al., arXiv:1710.03740, section 3.2; the numbers are those of `torch.amp.GradScaler`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

# Below it no gradient is finite, however small the scale: the training is lost. Good ones stay above 1.
_LEAST = 2.0**-10


class LossScale:
    """The scale of one player's losses.

    Args:
        device: Where its network is.
        enabled: Whether there is any; without, all is as if it were not there.
    """

    def __init__(self, device: torch.device, *, enabled: bool) -> None:
        self.enabled = enabled
        self._scaler = torch.amp.GradScaler(device.type if enabled else "cpu", enabled=enabled)
        self._one = torch.ones((), device=device)

    def scaled(self, loss: Tensor) -> Tensor:
        """Return a loss times the scale."""
        return self._scaler.scale(loss)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Let an optimizer step with gradients divided by the scale, unless one is not finite; adapt the scale."""
        self._scaler.step(optimizer)
        self._scaler.update()

    def term(self) -> Tensor:
        """Return the scale for the log, or nan where no scale makes gradients finite."""
        scale = self._scaler.scale(self._one)
        return torch.where(scale < _LEAST, torch.nan, scale)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps; nothing where there is no scale."""
        return dict(self._scaler.state_dict())

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        if self.enabled:
            self._scaler.load_state_dict(dict(state))
