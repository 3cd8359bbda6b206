"""Held: what a computation keeps out of its graph, as `detach()` and `no_grad()` do, as constants of their own.

What is detached on purpose (the target of a consistency, a weight) has no part in the gradient. Held at its value it
has none in finite differences either, so that the rest can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo.testing.calls import in_function

_GRAD = torch.autograd.grad


class Held(TorchFunctionMode):
    """Inside, what is kept out of the graph has the values that it had the first time, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[Any] = []
        self._place = 0
        self._times = 0

    def begin(self) -> None:
        """Go back to the first call, once more."""
        self._place = 0
        self._times += 1

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))  # in any case: what it draws or changes in place is to go on
        if func is _GRAD:
            return tuple(self._held(each) if _is_bare(each) else each for each in result)
        stopped = isinstance(result, Tensor) and _stops(getattr(func, "__name__", ""))
        return self._held(result) if stopped else result

    def _held(self, result: Tensor) -> Tensor:
        if self._times == 1:
            self._kept.append(result.detach().clone())
        self._place += 1
        same = self._place <= len(self._kept) and self._kept[self._place - 1].shape == result.shape
        return self._kept[self._place - 1].clone() if same else result


def _is_bare(slope: Any) -> bool:
    """Whether a gradient was taken without its graph."""
    return isinstance(slope, Tensor) and not slope.requires_grad


def _stops(name: str) -> bool:
    """Whether what a function gives is kept out of the graph, and is no tensor that was there before."""
    if name == "detach":
        return True
    in_place = (name.endswith("_") and not name.endswith("__")) or name.startswith("__i") or name == "__setitem__"
    return not (torch.is_grad_enabled() or in_place or in_function())
