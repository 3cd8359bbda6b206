"""Optimizers: their properties, on a quadratic of two tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from ganzoo.testing.scheduled_options import FOLLOWS, ask_schedules, has_schedules
from ganzoo.testing.settings import reason_against
from ganzoo.testing.trial import Trial, require_all

_STEPS = 40
_AFTER = 6  # one of them may follow from earlier ones alone, as where Lookahead's slow weights are taken over
_FACTOR = 16.0  # of the rate: far enough from its root and its square, which a clipped step may be between
_DECAYS = ("betas", "momentum")


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


def _check_decays(case: OptimizerCase) -> None:
    """Require that what is forgotten in a step is a share of what it was, where lazy penalties add steps."""
    part, options = case.optimizer, case.moment
    # Of others an `alpha` is another thing, as how far Lookahead's slow weights follow.
    names = (*_DECAYS, "alpha") if isinstance(case.built(two_tensors()), torch.optim.RMSprop) else _DECAYS
    whole, halved = (_decays(part.group(options, share), names) for share in (1.0, 0.5))
    for name, decays in whole.items():
        wrong = [(one, two) for one, two in zip(decays, halved[name], strict=True) if abs(two - one**0.5) > 1e-6]
        require(
            not wrong,
            f"{name!r} of group(options, share) holds a decay per step, {wrong[0][0] if wrong else 0:g} at a share of "
            f"1, which must be {(wrong[0][0] if wrong else 0) ** 0.5:g} at a share of 0.5, and is "
            f"{wrong[0][1] if wrong else 0:g}: raise it to the share, {name}**share, so that as much is forgotten per "
            f"update",
        )


def _decays(entries: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Sequence[float]]:
    """Return the decays per step among entries of parameter groups, by the names that torch's optimizers have."""
    found = {name: entries[name] for name in names if name in entries}
    values = {name: each if isinstance(each, tuple | list) else (each,) for name, each in found.items()}
    return {name: each for name, each in values.items() if all(0 <= float(one) < 1 for one in each)}


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
        path = 0.0
        for _ in range(_AFTER):
            step_down(optimizer)
            here = place_of(optimizer)
            path, before = path + float((here - before).norm()), here
        steps.append(path)
    require(
        steps[1] < steps[0],
        "a lower learning rate between two steps does not shorten those that follow: read it from the parameter group "
        "at each step",
    )
    _check_length(case)


def _check_length(case: OptimizerCase) -> None:
    """A step is as long as the rate says: neither its square, nor of a rate that it was built with."""
    part, options, lengths = case.optimizer, case.moment, []
    for factor in (1.0, 1 / _FACTOR):
        changed = options.model_copy(update={"learning_rate": options.learning_rate * factor})
        parameters = [nn.Parameter(torch.zeros_like(each)) for each in two_tensors()]  # where no decay has a part
        optimizer = case.built(parameters, part.group(changed, 1.0))
        step_down(optimizer)
        lengths.append(float(place_of(optimizer).norm()))
    ratio = lengths[0] / lengths[1] if lengths[1] else float("inf")
    require(
        lengths[0] == 0 or _FACTOR**0.5 <= ratio <= _FACTOR**1.5,
        f"a step at a learning rate {_FACTOR:g} times as high is {ratio:.3g} times as long, from the same place and "
        f"with the same gradients: multiply the step by group['lr'], once, as it is at the step (not self.defaults)",
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
        Property("forgets as much per update where lazy penalties add steps", _check_decays),
        *HABITS,
        Property(EFFECTS, ask_effects(of_optimizer)),
        Property(FOLLOWS, ask_schedules(of_optimizer), has_schedules),
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
