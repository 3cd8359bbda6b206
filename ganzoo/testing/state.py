"""State of modules: what is registered, what is saved, what copies and other instances share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn

from ganzoo.testing.failure import ConformanceError, require

_DEPTH = 3
_CALLS = 3  # alike; a number that follows what was seen, as a size, is the same each time
Build = Callable[[], nn.Module]


def plain_values(module: nn.Module) -> Iterator[tuple[str, Any, Any]]:
    """Yield what modules keep outside of what they register: name of the attribute, the value, what it lies in."""
    for prefix, each in module.named_modules():
        for name, value in vars(each).items():
            if name in ("_parameters", "_buffers", "_modules") or name.endswith("_hooks"):
                continue
            for inner, holder in _within(value, _DEPTH):
                yield f"{prefix}.{name}".lstrip("."), inner, holder


def _within(value: Any, depth: int, holder: Any = None) -> Iterator[tuple[Any, Any]]:
    yield value, holder
    if depth == 0:
        return
    if isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _within(each, depth - 1, value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _within(each, depth - 1, value)


def _of_classes(module: nn.Module) -> Iterator[tuple[str, nn.Module | Tensor]]:
    """Yield the layers and tensors that are attributes of classes."""
    for each in module.modules():
        for cls in type(each).__mro__:
            yield from ((name, value) for name, value in vars(cls).items() if isinstance(value, nn.Module | Tensor))


def check_registered(module: nn.Module) -> None:
    """Require that all that is trained is registered, so that optimizers, checkpoints and the EMA see it."""
    for name, _ in _of_classes(module):
        require(
            False,
            f"`{name}` is an attribute of the class: it is shared by all instances and registered in none, so that no "
            f"optimizer trains it and no checkpoint has it; make it in __init__",
        )
    for name, value, holder in plain_values(module):
        if isinstance(value, nn.Module) and any(each.requires_grad for each in value.parameters()):
            kept = "nn.ModuleDict" if isinstance(holder, Mapping) else "nn.ModuleList"
            require(
                False,
                f"the parameters of the layers in `{name}` are not registered: a plain {type(holder).__name__} hides "
                f"them from the optimizer, from checkpoints and from `.to(device)`; use {kept}",
            )
        if isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
            require(
                False,
                f"`{name}` is not registered: a plain tensor that takes gradients is seen by no optimizer and no "
                f"checkpoint; make it an nn.Parameter",
            )


def check_no_graphs(module: nn.Module) -> None:
    """Require that nothing of a forward is kept, whose graph would stay in memory and hinder copies."""
    name = _with_graph(module)
    require(
        not name,
        f"keeps a tensor with its graph in `{name}` after a forward: memory grows from step to step, and deepcopy "
        f"fails; keep nothing, or keep it detached",
    )


def check_own(build: Build) -> None:
    """Require that two instances share no tensor."""
    one, other = build(), build()
    storages = {each.untyped_storage().data_ptr(): name for name, each in _tensors(one) if each.numel()}
    for name, each in _tensors(other):
        if each.numel() and each.untyped_storage().data_ptr() in storages:
            require(
                False,
                f"`{name}` is shared between instances: it was made once, in the class, at the module's import or as "
                f"the default of an argument; make it in __init__",
            )


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def check_built_alike(build: Callable[[int], nn.Module]) -> None:
    """Require that `build(seed)` depends on the seed of torch's global stream alone."""
    one, other = build(1), build(1)
    unlike = [
        name
        for (name, a), (_, b) in zip(_tensors(one), _tensors(other), strict=True)
        if a.shape != b.shape or not torch.equal(a, b)
    ]
    require(
        not unlike,
        f"built twice from one seed, {', '.join(f'`{each}`' for each in unlike[:3])} differ: draw initial weights from "
        f"torch's global stream, not from numpy, from python's random or from a stream of its own",
    )


def check_copied(module: nn.Module, run: Callable[[nn.Module], Tensor]) -> None:
    """Require that a deep copy, as the EMA is, computes with its own weights alone."""
    try:
        twin = copy.deepcopy(module)
    except Exception as error:
        raise ConformanceError(
            f"cannot be copied by deepcopy, as the EMA is: {type(error).__name__}: {error}{_kept(module)}"
        ) from error
    before = run(twin).detach().clone()
    with torch.no_grad():
        for each in module.parameters():
            each.mul_(0.5).add_(0.1)
    if not torch.equal(run(twin), before):
        names = [name for name, value, _ in plain_values(module) if isinstance(value, FunctionType)]
        where = f" `{names[0]}` is a function that remembers the original;" if names else ""
        require(
            False,
            f"a deepcopy of it, as the EMA is, computes with the weights of the original:{where} keep no lambda and no "
            f"inner function in an attribute, write a method",
        )


def _kept(module: nn.Module) -> str:
    name = _with_graph(module)
    return f"; `{name}` keeps a tensor of the last forward with its graph" if name else ""


def _with_graph(module: nn.Module) -> str:
    """Return the name of a tensor that is kept with its graph; empty for none."""
    kept = [*((name, value) for name, value, _ in plain_values(module)), *module.named_buffers()]
    return next((name for name, value in kept if isinstance(value, Tensor) and value.grad_fn is not None), "")


def missing_state(module: nn.Module, other: nn.Module) -> str:
    """Return what two modules with one state_dict differ in, in words with the remedy; empty for nothing."""
    saved = module.state_dict()
    forgotten = [
        name
        for (name, a), (_, b) in zip(_tensors(module), _tensors(other), strict=False)
        if name not in saved and not (a.shape == b.shape and torch.equal(a, b))
    ]
    if forgotten:
        return f"the buffer `{forgotten[0]}` is not saved: it has persistent=False"
    theirs = {(name, number): value for number, (name, value, _) in enumerate(plain_values(other))}
    for number, (name, value, _) in enumerate(plain_values(module)):
        if _differ(value, theirs.get((name, number))):
            return f"`{name}` is a plain {type(value).__name__} and not saved: keep it in a buffer (register_buffer)"
    return ""


def check_no_counter(module: Any, call: Callable[[Any], object], what: str) -> None:
    """Require that no plain number of a module moves on with each of several calls, which are alike.

    Args:
        module: The module.
        call: Calls it.
        what: What it is: "a penalty".
    """
    seen = []
    for _ in range(_CALLS):
        call(module)
        seen.append({name: value for name, value, _ in plain_values(module) if type(value) in (int, float)})
    moving = [name for name in seen[0] if len({each.get(name) for each in seen}) == _CALLS]
    name = moving[0] if moving else ""
    require(
        not moving,
        f"changes `{name}`, a plain {type(seen[0].get(name)).__name__}, with each call, as what counts steps does: it "
        f"is no part of the state that is saved, and a run that is resumed begins again; make state a buffer "
        f"(register_buffer) of {what}; schedules of options, and step.images_seen for a penalty, say how far a run is",
    )


def _differ(value: Any, other: Any) -> bool:
    if isinstance(value, Tensor) and isinstance(other, Tensor):
        return value.shape != other.shape or not torch.equal(value, other)
    return type(value) in (int, float, bool, str) and type(value) is type(other) and value != other
