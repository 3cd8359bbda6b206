"""Lion: steps of one size for all weights, whose direction is a sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import torch
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn

from ganzoo import Optimizer, OptimizerOptions, Scheduled

Decay = Annotated[float, Field(ge=0, lt=1)]


class LionOptions(OptimizerOptions):
    """Momentum and decay."""

    betas: tuple[Scheduled[Decay], Scheduled[Decay]] = Field(
        default=(0.9, 0.99), description="Weight of the momentum in the direction, and its decay."
    )
    weight_decay: Scheduled[NonNegativeFloat] = Field(
        default=0.0, description="Share of each weight, times the learning rate, that every step takes away."
    )


class _Lion(torch.optim.Optimizer):
    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__(parameters, {"lr": 1e-4, "betas": (0.9, 0.99), "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            first, second = group["betas"]
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                direction = momentum.lerp(weight.grad, 1 - first).sign()
                weight.mul_(1 - group["lr"] * group["weight_decay"]).sub_(direction, alpha=group["lr"])
                momentum.lerp_(weight.grad, 1 - second)


class Lion(Optimizer[LionOptions]):
    """Steps by the sign of the momentum, all weights equally far.

    Paper: Chen et al., arXiv:2302.06675, algorithm 2.
    """

    name = "acme-lion"
    Options = LionOptions

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return _Lion(parameters)

    def group(self, options: LionOptions, share: float) -> Mapping[str, Any]:
        first, second = options.betas
        betas = (first**share, second**share)
        return {"lr": options.learning_rate * share, "betas": betas, "weight_decay": options.weight_decay}
