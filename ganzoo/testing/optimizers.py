"""Conformance of optimizers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts._options_at import options_at
from ganzoo.contracts.component import ImageSpec
from ganzoo.contracts.optimizers import Optimizer
from ganzoo.testing.failure import Judge
from ganzoo.testing.options import check_component
from ganzoo.testing.settings import reason_against

_STEPS = 40


def check_optimizer(cls: type[Optimizer], options: Any = None) -> None:
    """Check that an optimizer keeps its contract, on a quadratic of two tensors.

    Args:
        cls: The optimizer.
        options: What to test it with; the defaults of its options if None.

    Raises:
        ConformanceError: Naming the part, what was expected, and what was found.
    """
    judge = Judge(cls, "optimizer")
    options = options_at(check_component(cls, Optimizer, options, judge), 0)
    reason_against(cls, options, ImageSpec(16, 1, 0), judge)
    with judge.doing("building it"):
        part = cls(options)
    _check_group(part, options, judge)
    _check_descent(part, options, judge)
    _check_rate(part, options, judge)
    _check_state(part, options, judge)
    with judge.doing("a step without memory (torch.device('meta')), as `ganzoo check` takes"):
        _step(_built(part, options, [nn.Parameter(torch.zeros(2, device="meta"))], judge))


def _parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.linspace(-1.0, 1.0, 6).reshape(2, 3)), nn.Parameter(torch.full((2,), 0.5))]


def _built(
    part: Optimizer, options: Any, parameters: list[nn.Parameter], judge: Judge, entries: Any = None
) -> torch.optim.Optimizer:
    with judge.doing("build(parameters)"):
        built = part.build(parameters)
    judge.require(isinstance(built, torch.optim.Optimizer), f"build must return a torch optimizer, found {built!r:.80}")
    for group in built.param_groups:
        group.update(part.group(options, 1.0) if entries is None else entries)
    return built


def _step(optimizer: torch.optim.Optimizer) -> None:
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = 2 * (parameter.detach() - 0.25)
    optimizer.step()


def _moved(optimizer: torch.optim.Optimizer) -> Tensor:
    return torch.cat([each.detach().flatten() for group in optimizer.param_groups for each in group["params"]])


def _check_group(part: Optimizer, options: Any, judge: Judge) -> None:
    with judge.doing("group(options, share)"):
        entries, halved = part.group(options, 1.0), part.group(options, 0.5)
    groups = _built(part, options, _parameters(), judge, entries={}).param_groups
    unread = sorted(key for key in entries if any(key not in group for group in groups))
    judge.require(not unread, f"group(...) sets {', '.join(unread)}, which its parameter groups do not have")
    judge.require("lr" in entries, "group(...) must give 'lr', the learning rate of this moment")
    rate = options.learning_rate
    judge.require(
        abs(entries["lr"] - rate) <= 1e-9 * rate and abs(halved["lr"] - rate / 2) <= 1e-9 * rate,
        f"the 'lr' of group(options, share) must be options.learning_rate * share, {rate:g} at a share of 1; found "
        f"{entries['lr']:g}, and {halved['lr']:g} at a share of 0.5",
    )


def _check_descent(part: Optimizer, options: Any, judge: Judge) -> None:
    quick = options.model_copy(update={"learning_rate": 0.01})
    optimizer = _built(part, quick, _parameters(), judge)
    before = (_moved(optimizer) - 0.25).square().sum()
    with judge.doing("step()"):
        for _ in range(_STEPS):
            _step(optimizer)
    after = (_moved(optimizer) - 0.25).square().sum()
    judge.require(torch.isfinite(after), "a parameter becomes inf or nan on a quadratic")
    judge.require(
        after < before, f"does not descend: a quadratic goes from {before:.4g} to {after:.4g} in {_STEPS} steps"
    )


def _check_rate(part: Optimizer, options: Any, judge: Judge) -> None:
    """The rate of the moment counts, not that of the beginning: phases and schedules change it."""
    steps = []
    for factor in (1.0, 0.5):
        optimizer = _built(part, options, _parameters(), judge)
        with judge.doing("step()"):
            _step(optimizer)
        before = _moved(optimizer)
        changed = options.model_copy(update={"learning_rate": options.learning_rate * factor})
        for group in optimizer.param_groups:
            group.update(part.group(changed, 1.0))
        _step(optimizer)
        steps.append((_moved(optimizer) - before).norm())
    judge.require(
        steps[1] < steps[0],
        "a lower learning rate between two steps does not shorten the second: read it from the parameter group at "
        "each step",
    )


def _check_state(part: Optimizer, options: Any, judge: Judge) -> None:
    optimizer = _built(part, options, _parameters(), judge)
    for _ in range(3):
        _step(optimizer)
    kept = [(key, value) for moments in optimizer.state.values() for key, value in moments.items()]
    wrong = sorted({key for key, value in kept if not isinstance(value, Tensor)})
    judge.require(
        not wrong, f"keeps {', '.join(wrong)} for a parameter as something else than a tensor; save none else"
    )
    other = _built(part, options, _parameters(), judge)
    originals = [each for group in optimizer.param_groups for each in group["params"]]
    copies = [each for group in other.param_groups for each in group["params"]]
    for original, fresh in zip(originals, copies, strict=True):
        fresh.data.copy_(original.data)
        for key, value in optimizer.state[original].items():
            other.state[fresh][key] = value.clone()
    for mine, theirs in zip(optimizer.param_groups, other.param_groups, strict=True):
        theirs.update({key: value for key, value in mine.items() if type(value) in (int, float)})
    for each in (optimizer, other):
        with judge.doing("a step after its state was put into a new one"):
            _step(each)
    judge.require(
        torch.equal(_moved(optimizer), _moved(other)),
        "goes on differently after a resume: keep all that it remembers in `state`, a tensor each, or as numbers in "
        "its parameter groups",
    )
