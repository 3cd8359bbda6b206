"""Optimizer case: an optimizer under test, and the quadratic of two tensors that it goes down."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganzoo.contracts._options_at import options_at
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.testing.failure import doing, require
from ganzoo.testing.properties import Case

_LOWEST = 0.25


class OptimizerCase(Case):
    """An optimizer under test."""

    kind: ClassVar[str] = "optimizer"
    base: ClassVar[type] = Optimizer

    @cached_property
    def moment(self) -> Any:
        """Its options as they are at the first image, where schedules are numbers."""
        return options_at(self.options, 0)

    @cached_property
    def optimizer(self) -> Optimizer:
        """The part, which builds optimizers of torch."""
        with doing("building it"):
            part: Optimizer = self.cls(options_at(self.begun, 0))
        return self.moved(part)

    def built(self, parameters: Sequence[nn.Parameter], entries: Any = None) -> torch.optim.Optimizer:
        """Return its optimizer of some parameters, with these entries in its groups or those of `group`."""
        part = self.optimizer
        with doing("build(parameters)"):
            found = part.build(list(parameters))
        require(isinstance(found, torch.optim.Optimizer), f"build must return a torch optimizer, found {found!r:.80}")
        for group in found.param_groups:
            group.update(part.group(self.moment, 1.0) if entries is None else entries)
        return found


def two_tensors() -> list[nn.Parameter]:
    """Return a matrix and a vector, each time the same."""
    return [nn.Parameter(torch.linspace(-1.0, 1.0, 6).reshape(2, 3)), nn.Parameter(torch.full((2,), 0.5))]


def step_down(optimizer: torch.optim.Optimizer) -> None:
    """Take a step with the gradients of the quadratic."""
    for each in parameters_of(optimizer):
        each.grad = 2 * (each.detach() - _LOWEST)
    optimizer.step()


def parameters_of(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    """Return all parameters of an optimizer."""
    return [each for group in optimizer.param_groups for each in group["params"]]


def place_of(optimizer: torch.optim.Optimizer) -> Tensor:
    """Return where its parameters are, as one vector."""
    return torch.cat([each.detach().flatten() for each in parameters_of(optimizer)])


def height_of(optimizer: torch.optim.Optimizer) -> Tensor:
    """Return the value of the quadratic where its parameters are."""
    return (place_of(optimizer) - _LOWEST).square().sum()
