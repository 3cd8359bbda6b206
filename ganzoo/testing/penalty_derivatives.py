"""Penalty derivatives: whether the gradient of a penalty, by the weights of who pays it, is that of its value."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing.calls import cuts
from ganzoo.testing.derivatives import check_slopes, scale_of
from ganzoo.testing.failure import require
from ganzoo.testing.held import Held
from ganzoo.testing.penalty_slopes import graph_missing, slopes_taken
from ganzoo.testing.penalty_stream import steady_generator
from ganzoo.testing.seeding import seeded
from ganzoo.testing.slopes import double
from ganzoo.testing.step import LinearStep

_OTHER_WEIGHTS = 1.5  # times the weights of who pays: a factor that is the same there is one of the penalty itself
_ALIKE = 0.02


def why_no_gradient(penalty: Regularizer, step: LinearStep) -> str:
    """Return why no gradient of a penalty reaches who pays it, as far as can be seen; empty for nothing."""
    with suppress(Exception):
        if graph_missing(penalty, step):
            return ": create_graph=True is missing in torch.autograd.grad"
        found = cuts(lambda: penalty.penalty(step))
        if found:
            return f": {found} cuts it off"
    return ""


def check_derivative(penalty: Regularizer, step: LinearStep) -> None:
    """Require that its gradient by the weights of who pays is the derivative of its value.

    What is detached with a purpose, as the target of a consistency, is held: the rest is judged.
    """
    with double():
        networks: Any = copy.deepcopy((step.generator, step.discriminator))
        for network in (*networks, penalty):
            network.double()
        payer = networks[1] if step.role is Role.DISCRIMINATOR else networks[0]

        def value() -> Tensor:
            fresh = step.of(networks[0], networks[1])
            with seeded(), steady_generator(networks[0]):
                found: Tensor = copy.deepcopy(penalty).penalty(fresh)  # nothing that it keeps is of an earlier call
            return found

        variables = dict(payer.named_parameters())
        cut = cuts(value)
        if "detach" not in cut and "no_grad" not in cut and not _has_bare_slopes(value):
            check_slopes(value, variables, "the penalty")
        elif "detach_" not in cut:
            _check_rest(value, variables, cut)


def _has_bare_slopes(value: Callable[[], Tensor]) -> bool:
    with slopes_taken() as taken:
        value()
    return any(not each.has_graph for each in taken)


def _check_rest(value: Callable[[], Tensor], variables: Mapping[str, Tensor], cut: str) -> None:
    """Require the derivative of what is left where something is held, and that it is held to some purpose."""
    held = _held(value)
    if not torch.allclose(held(), value()):
        return  # it goes another way where something is held
    check_slopes(held, variables, "the penalty, with what it detaches held,")
    scales = [scale_of(value, held, variables)]
    with torch.no_grad():
        for each in variables.values():
            each.mul_(_OTHER_WEIGHTS)
    scales.append(scale_of(value, _held(value), variables))
    here, there = (0.0 if each is None else each for each in scales)
    is_power = here > 0 and abs(here - there) <= _ALIKE * here and abs(here - 1) > 10 * _ALIKE
    require(
        not is_power,
        f"its gradient is {1 / here if here else 0:.3g} times the derivative of its value, whatever the weights: {cut} "
        f"cuts off a factor of what it penalizes itself, which changes nothing but its strength; leave that in the "
        f"graph (slope.square(), not slope * slope.detach()), and put strength into a weight",
    )


def _held(value: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Return the same value with all that it keeps out of the graph held as it is now."""
    held = Held()

    def again() -> Tensor:
        held.begin()
        with held:
            return value()

    again()
    return again
