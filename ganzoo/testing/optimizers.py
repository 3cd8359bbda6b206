"""Optimizers: their properties, on a quadratic of two tensors."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ganzoo.contracts._options_at import options_at
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.testing.component import COMPONENT
from ganzoo.testing.failure import doing, require
from ganzoo.testing.properties import Case, Property, Suite, gate
from ganzoo.testing.settings import reason_against
from ganzoo.testing.trial import Trial, require_all

_STEPS = 40


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
            part: Optimizer = self.cls(self.moment)
        return part


def _check_compatibility(case: OptimizerCase) -> None:
    reason_against(case.cls, case.moment, ImageSpec(16, 1, 0))


def _check_built(case: OptimizerCase) -> None:
    _built(case, _parameters(), entries={})


def _check_meta(case: OptimizerCase) -> None:
    with doing("a step without memory (torch.device('meta')), as `ganzoo check` takes"):
        _step(_built(case, [nn.Parameter(torch.zeros(2, device="meta"))]))


def _parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.linspace(-1.0, 1.0, 6).reshape(2, 3)), nn.Parameter(torch.full((2,), 0.5))]


def _built(case: OptimizerCase, parameters: list[nn.Parameter], entries: Any = None) -> torch.optim.Optimizer:
    part = case.optimizer
    with doing("build(parameters)"):
        built = part.build(parameters)
    require(isinstance(built, torch.optim.Optimizer), f"build must return a torch optimizer, found {built!r:.80}")
    for group in built.param_groups:
        group.update(part.group(case.moment, 1.0) if entries is None else entries)
    return built


def _step(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = 2 * (parameter.detach() - 0.25)
    optimizer.step()


def _moved(optimizer: torch.optim.Optimizer) -> Tensor:
    return torch.cat([each.detach().flatten() for group in optimizer.param_groups for each in group["params"]])


def _check_group(case: OptimizerCase) -> None:
    part, options = case.optimizer, case.moment
    with doing("group(options, share)"):
        entries, halved = part.group(options, 1.0), part.group(options, 0.5)
    groups = _built(case, _parameters(), entries={}).param_groups
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
    optimizer = _built(case, _parameters(), quick)
    before = (_moved(optimizer) - 0.25).square().sum()
    with doing("step()"):
        for _ in range(_STEPS):
            _step(optimizer)
    after = (_moved(optimizer) - 0.25).square().sum()
    require(torch.isfinite(after), "a parameter becomes inf or nan on a quadratic")
    require(after < before, f"does not descend: a quadratic goes from {before:.4g} to {after:.4g} in {_STEPS} steps")


def _check_rate(case: OptimizerCase) -> None:
    """The rate of the moment counts, not that of the beginning: phases and schedules change it."""
    part, options = case.optimizer, case.moment
    steps = []
    for factor in (1.0, 0.5):
        optimizer = _built(case, _parameters())
        with doing("step()"):
            _step(optimizer)
        before = _moved(optimizer)
        changed = options.model_copy(update={"learning_rate": options.learning_rate * factor})
        for group in optimizer.param_groups:
            group.update(part.group(changed, 1.0))
        _step(optimizer)
        steps.append((_moved(optimizer) - before).norm())
    require(
        steps[1] < steps[0],
        "a lower learning rate between two steps does not shorten the second: read it from the parameter group at "
        "each step",
    )


def _check_state(case: OptimizerCase) -> None:
    optimizer = _built(case, _parameters())
    for _ in range(3):
        _step(optimizer)
    kept = [(key, value) for moments in optimizer.state.values() for key, value in moments.items()]
    wrong = sorted({key for key, value in kept if not isinstance(value, Tensor)})
    require(not wrong, f"keeps {', '.join(wrong)} for a parameter as something else than a tensor; save none else")
    other = _built(case, _parameters())
    originals = [each for group in optimizer.param_groups for each in group["params"]]
    copies = [each for group in other.param_groups for each in group["params"]]
    for original, fresh in zip(originals, copies, strict=True):
        fresh.data.copy_(original.data)
        for key, value in optimizer.state[original].items():
            other.state[fresh][key] = value.clone()
    for mine, theirs in zip(optimizer.param_groups, other.param_groups, strict=True):
        theirs.update({key: value for key, value in mine.items() if type(value) in (int, float)})
    for each in (optimizer, other):
        with doing("a step after its state was put into a new one"):
            _step(each)
    require(
        torch.equal(_moved(optimizer), _moved(other)),
        "goes on differently after a resume: keep all that it remembers in `state`, a tensor each, or as numbers in "
        "its parameter groups",
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
        Property("goes on the same after its state was saved", _check_state),
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
