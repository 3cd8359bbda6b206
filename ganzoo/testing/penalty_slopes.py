"""Penalty slopes: the gradients that a penalty takes inside: with their graph, at lifted images, and all of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.contracts.objectives import Regularizer, Role
from ganzoo.testing.calls import cuts
from ganzoo.testing.failure import require
from ganzoo.testing.seeding import seeded
from ganzoo.testing.step import LinearStep

_FEW = 0.1  # of the numbers of a slope: fewer may be where a one-sided penalty is at rest
_MANY = 0.3  # of a maximum norm far fewer take part
_SHIFT = 0.02  # by which those numbers of a slope are scaled that nothing is trained by: little, for what is one-sided


@dataclass(frozen=True)
class Slope:
    """A gradient that was taken inside.

    Attributes:
        of: By what it was taken.
        value: The gradient.
        has_graph: Whether it has a gradient of its own.
    """

    of: Tensor
    value: Tensor
    has_graph: bool


Shift = Callable[[int, Tensor], Tensor]


@contextmanager
def slopes_taken(shift: Shift | None = None) -> Iterator[list[Slope]]:
    """Note what gradients are taken inside; `shift` may give another value for each, by its number."""
    taken: list[Slope] = []
    original = torch.autograd.grad

    def noted(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        several = inputs if isinstance(inputs, list | tuple) else [inputs]
        found = original(outputs, inputs, *args, **kwargs)
        given = []
        for of, value in zip(several, found, strict=True):
            moved = value if shift is None or value is None else shift(len(taken), value)
            taken.append(Slope(of, moved, bool(kwargs.get("create_graph"))))
            given.append(moved)
        return tuple(given)

    torch.autograd.grad = noted
    try:
        yield taken
    finally:
        torch.autograd.grad = original


def check_lifted(penalty: Regularizer, step: LinearStep) -> None:
    """Require that gradients are taken at lifted images.

    Args:
        penalty: The penalty.
        step: A step that lifts images.
    """
    size = step.real.shape[-1]
    with slopes_taken() as taken, seeded():
        penalty.penalty(step)
    # One without its graph is a direction to move images in, and not what is penalized.
    low = [each for each in taken if each.has_graph and each.of.dim() == 4 and each.of.shape[-1] == size]
    require(
        not low or step.role is Role.GENERATOR,
        "takes a gradient at images that were not lifted, so that training.penalty_space changes nothing for it; use "
        "step.real_input and step.fake_input, or step.lift(images) of others",
    )


def graph_missing(penalty: Regularizer, step: LinearStep) -> bool:
    """Whether a gradient that is penalized is taken without its graph, so that nothing is trained by it.

    One may well be that only says where to move images, or latents, before a network is asked again.
    """

    def leaf(number: int, value: Tensor) -> Tensor:
        return value if value.requires_grad else value.detach().requires_grad_()

    with slopes_taken(leaf) as taken, _moved_images_cut(step, taken), seeded():
        value = penalty.penalty(step)
    bare = [each.value for each in taken if not each.has_graph and each.value.is_leaf]
    if not bare or not value.requires_grad:
        return any(not each.has_graph for each in taken)
    found = torch.autograd.grad(value, bare, allow_unused=True)
    return any(each is not None and bool(each.any()) for each in found)


@contextmanager
def _moved_images_cut(step: Any, taken: Sequence[Slope]) -> Iterator[None]:
    """Inside, networks see as constants what was made of a gradient without a graph."""
    shown: Callable[..., Tensor] = step._shown

    def cut(given: Tensor) -> Tensor:
        bare = [each.value for each in taken if not each.has_graph]
        return given.detach() if bare and _leads_to(given, bare) else given

    def before(network: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(cut(each) if isinstance(each, Tensor) else each for each in given)

    hook = step.generator.register_forward_pre_hook(before)
    step._shown = lambda images, **how: cut(shown(images, **how))
    try:
        yield
    finally:
        hook.remove()
        del step._shown


def _leads_to(value: Tensor, leaves: Sequence[Tensor]) -> bool:
    seen, waiting = set(), [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        if any(getattr(node, "variable", None) is each for each in leaves):
            return True
        seen.add(node)
        waiting += [each for each, _ in node.next_functions]
    return False


def check_graph(penalty: Regularizer, step: LinearStep) -> None:
    """Require that gradients inside it keep their graph."""
    require(
        not graph_missing(penalty, step),
        "takes a gradient whose own gradient is lost, so that the penalty on it trains nothing: create_graph=True is "
        "missing in torch.autograd.grad",
    )


def check_whole(make: Callable[[], tuple[Regularizer, LinearStep]]) -> None:
    """Require that a penalty descends all of the slopes by images that it takes, not some channels or pixels alone.

    Args:
        make: Makes the penalty and a step of images of several channels, the same each time.
    """
    penalty, step = make()
    with slopes_taken() as taken, seeded():
        value = penalty.penalty(step)
    for number, slope in enumerate(taken):
        if not _is_of_images(slope, step) or not value.requires_grad:
            continue
        (descent,) = torch.autograd.grad(value, slope.value, retain_graph=True, allow_unused=True)
        if descent is not None and descent.any():
            _require_whole(make, number, descent)


def _is_of_images(slope: Slope, step: LinearStep) -> bool:
    shape = slope.of.shape
    return bool(slope.has_graph and slope.value.requires_grad and len(shape) == 4 and shape[1] == step.real.shape[1])


def _require_whole(make: Callable[[], tuple[Regularizer, LinearStep]], number: int, descent: Tensor) -> None:
    still = descent == 0
    left = _lines(still)
    if float(still.float().mean()) < _FEW and not left:
        return
    moves = _moves(make, number, still)
    cut = cuts(lambda: _value(*make())) if moves else ""
    require(
        "detach" not in cut and "no_grad" not in cut,
        f"descends a part of the slope that it takes alone, though its value depends on all of it: {cut} cuts off the "
        f"rest; leave all of a slope with its graph",
    )
    whole = [not bool(still[:, channel].any()) for channel in range(still.shape[1])]
    none = [bool(still[:, channel].all()) for channel in range(still.shape[1])]
    seen = [str(channel) for channel, each in enumerate(none) if not each]
    # Of a maximum norm single pixels count; of a norm over some channels all their pixels.
    require(
        moves or not any(none) or not any(whole),
        f"takes the norm of the slope by channel {' and '.join(seen)} of {len(none)} alone; the others may be as "
        f"steep as they like: take it over all channels and pixels of an image, slope.flatten(1)",
    )

    require(
        moves or not left or float(still.float().mean()) > 1 - _MANY,
        f"leaves {left} out of the slope in all images, which may be as steep there as they like: take its norm over "
        f"all pixels of an image, slope.flatten(1)",
    )


def _lines(still: Tensor) -> str:
    """Return in words which rows or columns of pixels have no part in any image and channel; empty for none."""
    found = {"rows": still.all(dim=3), "columns": still.all(dim=2)}
    lines = {what: each.flatten(0, 1).all(dim=0).nonzero().flatten().tolist() for what, each in found.items()}
    return " and ".join(f"{what} {', '.join(map(str, each[:3]))}" for what, each in lines.items() if each)


def _moves(make: Callable[[], tuple[Regularizer, LinearStep]], number: int, still: Tensor) -> bool:
    """Whether a penalty's value depends on the numbers of a slope that its gradient does not reach."""

    def shift(index: int, value: Tensor) -> Tensor:
        return value * (1 + still.to(value) * _SHIFT) if index == number else value

    return not torch.allclose(_value(*make()), _value(*make(), shift=shift), rtol=1e-4, atol=1e-9)


def _value(penalty: Regularizer, step: LinearStep, shift: Shift | None = None) -> Tensor:
    with slopes_taken(shift), seeded():
        found: Tensor = penalty.penalty(step)
    return found.detach()
