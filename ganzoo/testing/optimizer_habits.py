"""Optimizer habits: what an optimizer remembers and where, and what it makes of the parameters that networks have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.testing.company import fingerprint
from ganzoo.testing.failure import ConformanceError, doing, require
from ganzoo.testing.optimizer_case import OptimizerCase, parameters_of, place_of, step_down, two_tensors
from ganzoo.testing.properties import Property
from ganzoo.testing.seeding import seeded

_SHAPES: tuple[tuple[int, ...], ...] = ((), (3,), (3, 2), (2, 3, 3, 3), (1, 4, 4))
_ONES: tuple[tuple[int, ...], ...] = ((1,),)
_OF_TORCH = frozenset(vars(torch.optim.SGD([torch.zeros(1)], lr=1.0))) | {"state", "param_groups", "defaults"}
_REMEMBER = "keep all that it remembers in `state`, a tensor each, or as numbers in its parameter groups"


def _check_state(case: OptimizerCase) -> None:
    optimizer = case.built(two_tensors())
    kept = _own(optimizer)
    for _ in range(3):
        step_down(optimizer)
    remembered = [(key, value) for moments in optimizer.state.values() for key, value in moments.items()]
    wrong = sorted({key for key, value in remembered if not isinstance(value, Tensor)})
    require(not wrong, f"keeps {', '.join(wrong)} for a parameter as something else than a tensor; save none else")
    other = case.built(two_tensors())
    _resume(other, optimizer)
    for each in (optimizer, other):
        with doing("a step after its state was put into a new one"), seeded():
            step_down(each)
    changed = [name for name, value in _own(optimizer).items() if kept.get(name) != value]
    where = f": it keeps {_names(changed)}, which no checkpoint has" if changed else ""
    require(
        torch.equal(place_of(optimizer), place_of(other)), f"goes on differently after a resume{where}; {_REMEMBER}"
    )


def _resume(other: torch.optim.Optimizer, saved: torch.optim.Optimizer) -> None:
    """Put into an optimizer what a checkpoint has of another one."""
    for original, fresh in zip(parameters_of(saved), parameters_of(other), strict=True):
        fresh.data.copy_(original.data)
        for key, value in saved.state[original].items():
            other.state[fresh][key] = value.clone()
    for mine, theirs in zip(saved.param_groups, other.param_groups, strict=True):
        theirs.update({key: value for key, value in mine.items() if type(value) in (int, float)})


def _own(optimizer: torch.optim.Optimizer) -> Mapping[str, object]:
    """Return what an optimizer keeps beside what torch gives it, and what its classes keep, by name."""
    found = {name: value for name, value in vars(optimizer).items() if name not in _OF_TORCH}
    return {name: fingerprint(value) for name, value in {**_of_classes(optimizer), **found}.items()}


def _of_classes(optimizer: torch.optim.Optimizer) -> Mapping[str, Any]:
    own = [cls for cls in type(optimizer).__mro__ if not cls.__module__.startswith(("torch.", "builtins", "typing"))]
    return {
        name: value
        for cls in reversed(own)
        for name, value in vars(cls).items()
        if isinstance(value, list | dict | set | Tensor)
    }


def _names(names: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names[:3])


def _check_own(case: OptimizerCase) -> None:
    """Two players may have one kind of optimizer; neither moves the other's weights."""
    alone, first = case.built(two_tensors()), case.built(two_tensors())
    with seeded():
        step_down(alone)
    expected = place_of(alone)
    kept = _of_classes(first)
    before = {name: fingerprint(value) for name, value in kept.items()}
    step_down(first)
    after = case.built(two_tensors())
    with seeded():
        step_down(after)
    changed = [name for name, value in kept.items() if fingerprint(value) != before[name]]
    where = f", in {_names(changed)} of the class" if changed else ""
    require(
        torch.equal(place_of(after), expected),
        f"the step of one instance depends on another's: what it remembers is shared between instances{where}; "
        f"{_REMEMBER}",
    )


def _check_skips(case: OptimizerCase) -> None:
    """Of a growing network, the layers that do not take part yet have no gradient."""
    parameters = two_tensors()
    optimizer = case.built(parameters)
    before = parameters[1].detach().clone()
    for turn in range(2):
        parameters[0].grad, parameters[1].grad = torch.ones(2, 3), None
        try:
            optimizer.step()
        except Exception as error:
            raise ConformanceError(
                f"step() fails where a parameter has no gradient, as layers have that a growing network does not use "
                f"yet: {type(error).__name__}: {error}; skip it: `if parameter.grad is None: continue`"
            ) from error
        require(
            torch.equal(parameters[1], before),
            f"moves a parameter that has no gradient (grad is None) in step {turn + 1}; skip it",
        )


def _check_shapes(case: OptimizerCase) -> None:
    for shape in _SHAPES:
        parameter = nn.Parameter(torch.full(shape, 0.5))
        with doing(f"a step of a parameter of shape {list(shape)}, as networks have,"):
            optimizer = case.built([parameter])
            for _ in range(2):
                step_down(optimizer)
        require(parameter.shape == shape, f"makes a parameter of shape {list(shape)} one of {list(parameter.shape)}")
    _check_biases(case)


def _check_biases(case: OptimizerCase) -> None:
    """Single numbers, and vectors of one number, are to move too."""
    for shape in _SHAPES[:1] + _ONES:
        parameter = nn.Parameter(torch.zeros(shape))  # where no decay moves it
        optimizer = case.built([parameter])
        for _ in range(2):
            step_down(optimizer)
        require(
            bool(parameter.detach().any()),
            f"never moves a parameter of shape {list(shape)}, as the bias of a last layer is: what takes the mean, or "
            f"divides by the norm, of a gradient of one number leaves nothing of it",
        )


def _check_flat(case: OptimizerCase) -> None:
    parameters = two_tensors()
    optimizer = case.built(parameters)
    for scale in (0.0, 0.0, 1e-30, 1e10):
        for each in parameters:
            each.grad = torch.full_like(each, scale)
        with doing("step()"):
            optimizer.step()
        require(
            torch.isfinite(place_of(optimizer)).all(),
            f"a parameter becomes inf or nan where each number of its gradient is {scale:g}, as that of a layer whose "
            f"units are all dead, or of the first steps; add a small number to what is divided by",
        )


def _check_decay(case: OptimizerCase) -> None:
    """Where the gradient is 0, the decay of weights is all that is left, and pulls towards 0."""
    parameters = two_tensors()
    optimizer = case.built(parameters)
    before = place_of(optimizer).abs()
    for _ in range(2):
        for each in parameters:
            each.grad = torch.zeros_like(each)
        optimizer.step()
    require(
        bool((place_of(optimizer).abs() <= before + 1e-7).all()),
        "moves weights away from 0 where the gradient is 0: a decay of weights takes a share of them away, weight * "
        "(1 - lr * decay), and anything else has no gradient to follow",
    )


def _check_in_place(case: OptimizerCase) -> None:
    parameters = two_tensors()
    views = [each.detach().view(-1) for each in parameters]
    optimizer = case.built(parameters)
    step_down(optimizer)
    same = all(torch.equal(view, each.detach().flatten()) for view, each in zip(views, parameters, strict=True))
    require(
        same,
        "puts a new tensor in the place of a weight (`parameter.data = ...`), so that all who hold the old one (views "
        "of it, tied weights, recorded graphs) go on with stale numbers; change it in place, parameter.add_(...)",
    )


HABITS = (
    Property("goes on the same after its state was saved", _check_state),
    Property("shares nothing with other instances", _check_own),
    Property("leaves parameters without a gradient where they are", _check_skips),
    Property("takes parameters of every shape", _check_shapes),
    Property("stays finite where gradients vanish", _check_flat),
    Property("moves parameters in place", _check_in_place),
    Property("pulls weights towards 0 where gradients vanish, if anywhere", _check_decay),
)
