"""Optimizers: their properties, on a quadratic of two tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.optimizer_case import OptimizerCase, height_of, place_of, step_down, two_tensors
from ganzoo.testing.optimizer_habits import HABITS
from ganzoo.testing.option_effects import EFFECTS, ask_effects
from ganzoo.testing.option_looks import of_optimizer
from ganzoo.testing.properties import Property, Suite, gate
from ganzoo.testing.settings import reason_against
from ganzoo.testing.trial import Trial, require_all

_STEPS = 40


def _check_compatibility(case: OptimizerCase) -> None:
    reason_against(case.cls, case.moment, ImageSpec(16, 1, 0))


def _check_built(case: OptimizerCase) -> None:
    case.built(two_tensors(), entries={})


def _check_meta(case: OptimizerCase) -> None:
    with doing("a step without memory (torch.device('meta')), as `ganzoo check` takes"):
        step_down(case.built([nn.Parameter(torch.zeros(2, device="meta"))]))


def _check_group(case: OptimizerCase) -> None:
    part, options = case.optimizer, case.moment
    with doing("group(options, share)"):
        entries, halved = part.group(options, 1.0), part.group(options, 0.5)
    groups = case.built(two_tensors(), entries={}).param_groups
    unread = sorted(key for key in entries if any(key not in group for group in groups))
    require(not unread, f"group(...) sets {', '.join(unread)}, which its parameter groups do not have")
    require("lr" in entries, "group(...) must give 'lr', the learning rate of this moment")
    rate = options.learning_rate
    require(
        abs(entries["lr"] - rate) <= 1e-9 * rate and abs(halved["lr"] - rate / 2) <= 1e-9 * rate,
        f"the 'lr' of group(options, share) must be options.learning_rate * share, {rate:g} at a share of 1; found "
        f"{entries['lr']:g}, and {halved['lr']:g} at a share of 0.5",
    )


def _check_descent(case: OptimizerCase) -> None:
    quick = case.optimizer.group(case.moment.model_copy(update={"learning_rate": 0.01}), 1.0)
    optimizer = case.built(two_tensors(), quick)
    before = height_of(optimizer)
    with doing("step()"):
        for _ in range(_STEPS):
            step_down(optimizer)
    after = height_of(optimizer)
    require(torch.isfinite(after), "a parameter becomes inf or nan on a quadratic")
    require(after < before, f"does not descend: a quadratic goes from {before:.4g} to {after:.4g} in {_STEPS} steps")


def _check_rate(case: OptimizerCase) -> None:
    """The rate of the moment counts, not that of the beginning: phases and schedules change it."""
    part, options = case.optimizer, case.moment
    steps = []
    for factor in (1.0, 0.5):
        optimizer = case.built(two_tensors())
        with doing("step()"):
            step_down(optimizer)
        before = place_of(optimizer)
        changed = options.model_copy(update={"learning_rate": options.learning_rate * factor})
        for group in optimizer.param_groups:
            group.update(part.group(changed, 1.0))
        step_down(optimizer)
        steps.append((place_of(optimizer) - before).norm())
    require(
        steps[1] < steps[0],
        "a lower learning rate between two steps does not shorten the second: read it from the parameter group at "
        "each step",
    )


OPTIMIZER = Suite(
    OptimizerCase,
    once=(
        *COMPONENT,
        Property("says what it is compatible with", _check_compatibility),
        gate("builds an optimizer of torch", _check_built),
        gate("its group says what its parameter groups have", _check_group),
        Property("descends", _check_descent),
        Property("follows the learning rate of the moment", _check_rate),
        *HABITS,
        Property(EFFECTS, ask_effects(of_optimizer)),
        Property("steps without memory", _check_meta),
    ),
)


def check_optimizer(cls: type[Optimizer], options: Any = None) -> None:
    """Check that an optimizer keeps its contract, on a quadratic of two tensors.

    Args:
        cls: The optimizer.
        options: What to test it with; if None its `example_options`, or the defaults.

    Raises:
        ConformanceError: Listing all that it fails: what was expected, and what was found.
    """
    require_all(Trial(OPTIMIZER, OptimizerCase(cls, options)))
