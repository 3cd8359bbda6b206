from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import Field
from torch import nn

from ganzoo import Optimizer, OptimizerOptions


class MomentumOptions(OptimizerOptions):
    """How much of a step is taken again."""

    momentum: float = Field(default=0.5, ge=0, lt=1, description="Share of the last step that is taken again.")


class Momentum(Optimizer[MomentumOptions]):
    """Steepest descent that keeps some of its pace."""

    name = "acme-momentum"
    Options = MomentumOptions
    default_place = 9  # after any built-in one

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.1, momentum=self.options.momentum)

    def group(self, options: MomentumOptions, share: float) -> Mapping[str, Any]:
        return {"lr": options.learning_rate * share, "momentum": options.momentum**share}
