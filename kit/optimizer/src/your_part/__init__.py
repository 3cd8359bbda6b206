"""Lion: an optimizer that follows the sign of its momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor, nn

from ganzoo import Optimizer, OptimizerOptions, Scheduled, hookimpl

requires_ganzoo_api = 2


class YourPartOptions(OptimizerOptions):
    """Pace and memory."""

    # Smaller than Adam's: each number moves by all of it, however small its gradient is.
    learning_rate: Scheduled[PositiveFloat] = Field(default=1e-4, description="Step size.")
    betas: tuple[float, float] = Field(default=(0.9, 0.99), description="Decays: of what is followed, of what is kept.")


class YourPart(Optimizer[YourPartOptions]):
    """Moves each number by the sign of a mean of its gradients.

    Paper: arXiv:2302.06675, algorithm 2 (without decay of weights).
    """

    name = "your-part"
    Options = YourPartOptions

    def build(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return Lion(parameters)

    def group(self, options: YourPartOptions, share: float) -> Mapping[str, Any]:
        # Where lazy penalties add steps of their own, each is smaller and forgets less, so that updates mean the same.
        return {"lr": options.learning_rate * share, "betas": tuple(beta**share for beta in options.betas)}


class Lion(torch.optim.Optimizer):
    """The optimizer itself; ganzoo sets what `group` says before its first step."""

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__(parameters, {"lr": 1e-4, "betas": (0.9, 0.99)})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move all parameters that have a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group["lr"], *group["betas"])

    def _move(self, parameter: Tensor, gradient: Tensor, rate: float, followed: float, kept: float) -> None:
        # What is remembered is a tensor, so checkpoints keep it and a resumed run goes on to the bit.
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        parameter.sub_(state["momentum"].lerp(gradient, 1 - followed).sign_(), alpha=rate)
        state["momentum"].lerp_(gradient, 1 - kept)


@hookimpl
def ganzoo_optimizers() -> list[type[Optimizer]]:
    return [YourPart]
