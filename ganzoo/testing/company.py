"""Company: whether what a part makes of an image depends on others of its batch, on their order, or on earlier calls.

Batches that are split in micro-batches, sampled in other sizes, or go on after a resume are to give the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ganzoo.testing.calls import Calls
from ganzoo.testing.failure import ConformanceError, doing, require

COUNT = 7  # no number of channels or classes, and no resolution
# Two, since what draws five numbers for each image has another dimension of as many entries; the first one of the
# turned is of another class than the first of all.
_STARTS, _TURNED = ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5)), (5, 0, 6, 4, 1, 3, 2)
Rows = Sequence[int]
Run = Callable[[Rows], Sequence[Tensor]]


def check_company(run: Run, what: str, *, names: Sequence[str] = (), advice: str = "") -> None:
    """Require that each row of what a part gives depends on its own inputs alone.

    Args:
        run: Gives what a fresh copy of the part makes of the rows with these numbers, tensors `[n, ...]`.
        what: What is run: "a forward in training mode".
        names: Names of the tensors, where there are several.
        advice: What to do where rows depend on each other.
    """
    with doing(f"{what} of a batch"):
        whole = run(range(COUNT))
        starts, turned = [run(_STARTS[0])], run(_TURNED)
    for number, together in enumerate(whole):
        name = f"{names[number]}: " if names else ""
        same_start = alike(starts[0][number], together[list(_STARTS[0])])
        if not same_start:
            starts += [run(rows) for rows in _STARTS[len(starts) :]]
            same_start = alike(starts[-1][number], together[list(_STARTS[-1])])
        same_turned = alike(turned[number], together[list(_TURNED)])
        if same_start and same_turned:
            continue
        if same_start and not same_turned:
            require(False, f"{name}in {what}, a result depends on the order of its batch, the place it has there")
        require(False, f"{name}in {what}, one result depends on the others of its batch{advice}")
    check_one(run, what, whole)


def check_one(run: Run, what: str, whole: Sequence[Tensor] | None = None) -> None:
    """Require that a batch of one works, and gives the same as in a batch where `whole` is that of all rows."""
    one = _of_one(run, what, [part.shape[1:] for part in whole] if whole is not None else None)
    for each in one:
        require(
            torch.isfinite(each).all(),
            f"{what} is not finite for a batch of one, in which a deviation (`std`, `var`) over the batch is undefined",
        )


def _of_one(run: Run, what: str, shapes: Sequence[Any] | None) -> Sequence[Tensor]:
    calls = Calls(lambda name, keywords: "squeeze()" if name == "squeeze" else None)
    try:
        with calls, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the deviation of one number: what comes of it is judged
            one = run([2])
    except ConformanceError:
        raise
    except Exception as error:
        raise ConformanceError(
            f"{what} fails for a batch of one, after {calls.culprit}: {type(error).__name__}: {error}{_squeezed(calls)}"
        ) from error
    for number, each in enumerate(one):
        shape = (1, *shapes[number]) if shapes is not None else (1, *each.shape[1:])
        require(
            each.shape == shape,
            f"{what} gives {list(each.shape)} for a batch of one instead of {list(shape)}{_squeezed(calls)}",
        )
    return one


def _squeezed(calls: Calls) -> str:
    if not calls.found:
        return ""
    return f"; {calls.told()} without a dimension drops that of the batch too: squeeze(1)"


def alike(one: Tensor, other: Tensor) -> bool:
    """Whether two results are the same but for rounding, which differs with the size of a batch."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-3, atol=1e-4)


def check_memory(
    call: Callable[[Any, int], Sequence[Tensor]],
    make: Callable[[], Any],
    what: str,
    advice: str = "keep nothing, or keep it in a buffer (register_buffer)",
) -> None:
    """Require that a part gives the same for the same inputs, whatever it was shown before.

    Args:
        call: Runs a part on inputs number 0 or 1, under the same random numbers each time.
        make: Makes the part, whose buffers are put back in between: those may follow what was seen.
        what: What is run.
        advice: What to do where it depends on an earlier call.
    """
    alone = [each.detach().clone() for each in call(make(), 1)]
    part = make()
    kept = state_of(part)
    attributes = _attributes(part)
    call(part, 0)
    put_back(part, kept)
    after = call(part, 1)
    if all(torch.equal(one, two) for one, two in zip(alone, after, strict=True)):
        return
    changed = [name for name, value in _attributes(part).items() if attributes.get(name) != value]
    where = f", which it keeps in {', '.join(f'`{each}`' for each in changed[:3])}" if changed else ""
    require(False, f"{what} depends on an earlier call{where}; {advice}")


def state_of(part: Any) -> Mapping[str, Tensor]:
    """Return copies of all parameters and buffers, those that are not saved too."""
    named = [*part.named_parameters(), *part.named_buffers()] if hasattr(part, "named_buffers") else []
    return {name: value.detach().clone() for name, value in named}


def put_back(part: Any, kept: Mapping[str, Tensor]) -> None:
    """Give parameters and buffers the values that they had."""
    if hasattr(part, "named_buffers"):
        with torch.no_grad():
            for name, value in (*part.named_parameters(), *part.named_buffers()):
                if name in kept:
                    value.copy_(kept[name])


def _attributes(part: Any) -> dict[str, object]:
    """Return what is in plain attributes of a part and its modules, by name, as something that can be compared."""
    modules = part.named_modules() if hasattr(part, "named_modules") else [("", part)]
    found: dict[str, object] = {}
    for prefix, module in modules:
        for name, value in vars(module).items():
            if not name.startswith("_") or not hasattr(part, "named_modules"):
                found[f"{prefix}.{name}".lstrip(".")] = fingerprint(value)
    return found


def fingerprint(value: Any) -> object:
    """Return something that is equal for equal plain values, tensors and arrays."""
    if isinstance(value, Tensor):
        return (
            value.shape,
            value.data_ptr(),
            value._version,
            float(value.detach().double().sum()) if value.numel() else 0,
        )
    if isinstance(value, list | tuple | set | dict):
        return type(value).__name__, len(value), repr(value)[:200]
    return repr(value)[:200]
