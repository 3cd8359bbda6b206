"""Row draws: random numbers of a batch that stay with its rows, whatever the batch."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ganzoo._random.global_streams import seed_torch
from ganzoo._random.seeds import seed_for
from ganzoo.testing.calls import DRAWS, Call, line_of, written

_SIZED = frozenset(("rand", "randn"))  # whose first numbers are sizes


class RowDraws(TorchFunctionMode):
    """Inside, what a part draws for a whole batch comes row by row, from a stream for each row and call.

    So a network that draws noise can be asked whether an image depends on the others of its batch. What is drawn
    once for all rows depends on the call alone. Draws from a given generator are left as they are.

    Args:
        rows: The number of each row. A dimension of as many entries is taken for that of the batch.
        looped: How often each line draws for one row, of those that draw row by row (`SharedDraws.looped`).
    """

    def __init__(self, rows: Sequence[int], looped: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self._rows = list(rows)
        self._calls = 0
        self._looped = looped or {}
        self._turns: Counter[str] = Counter()

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name not in DRAWS or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        line = line_of(sys._getframe(1)) if self._looped else ""
        with torch.random.fork_rng(devices=[]):
            if line in self._looped:
                return self._drawn_in_turn(func, args, kwargs, line)
            self._calls += 1
            return self._drawn(func, name, args, kwargs)

    def _drawn_in_turn(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], line: str) -> Any:
        index, place = divmod(self._turns[line], self._looped[line])
        self._turns[line] += 1
        row = self._rows[index % len(self._rows)]
        seed_torch(seed_for(place, f"row of {line}", row + 1))
        return func(*args, **kwargs)

    def _drawn(self, func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        given = args[0] if name.endswith("_") else None
        blank = given if isinstance(given, Tensor) else None
        self._seed(-1)
        shape = blank.shape if blank is not None else getattr(func(*args, **kwargs), "shape", ())
        axis = next((axis for axis, size in enumerate(shape) if size == len(self._rows)), None)
        if axis is None:
            self._seed(-1)
            return func(*args, **kwargs)
        drawn = []
        for index, row in enumerate(self._rows):
            self._seed(row)
            drawn.append(func(*_one_row(args, index, axis, shape, name), **_one_of(kwargs, index, axis, shape)))
        result = torch.cat(drawn, dim=axis)
        if blank is None:
            return result
        with torch.no_grad():
            return blank.copy_(result)

    def _seed(self, row: int) -> None:
        seed_torch(seed_for(self._calls, "row", row + 1))


def _one_row(args: Sequence[Any], index: int, axis: int, shape: Any, name: str) -> list[Any]:
    sizes = list(args)
    if name in _SIZED and args and all(isinstance(each, int) for each in args):
        sizes[axis] = 1
        return sizes
    return [_narrowed(each, index, axis, shape) for each in sizes]


def _one_of(kwargs: Mapping[str, Any], index: int, axis: int, shape: Any) -> dict[str, Any]:
    return {key: _narrowed(each, index, axis, shape) for key, each in kwargs.items()}


def _narrowed(value: Any, index: int, axis: int, shape: Any) -> Any:
    if isinstance(value, Tensor) and value.dim() > axis and value.shape[axis] == shape[axis]:
        part = value.narrow(axis, index, 1)
        return part if part.requires_grad else part.clone()
    if isinstance(value, list | tuple) and tuple(value) == tuple(shape):
        return (
            type(value)(1 if at == axis else size for at, size in enumerate(value))
            if type(value)
            in (
                list,
                tuple,
            )
            else tuple(1 if at == axis else size for at, size in enumerate(value))
        )
    return value


class SharedDraws(TorchFunctionMode):
    """Inside, notes what is drawn once for a whole batch, though each image is to have numbers of its own.

    Args:
        count: The number of images, which no other size of anything is; reals and generated ones together are twice
            as many.
        allowed: While it says so, draws are passed over.

    What one line draws as often as there are images, or a multiple of it, is drawn in a loop over them: for each.
    """

    def __init__(self, count: int, allowed: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._shapes: dict[str, list[int]] = {}
        self._lines: dict[str, str] = {}
        self._times: Counter[str] = Counter()
        self._count = count
        self._allowed = allowed

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in DRAWS and not self._allowed():
            shape = getattr(result, "shape", ())
            if self._count not in shape and not (shape and shape[0] and shape[0] % self._count == 0):
                line = line_of(sys._getframe(1))
                call = f"{Call(written(func), line)}, {list(shape)},"
                self._shapes.setdefault(call, list(shape))
                self._lines[call] = line
                self._times[line] += 1
        return result

    @property
    def found(self) -> Mapping[str, list[int]]:
        """The calls in words, with the shape that each draws."""
        return {call: shape for call, shape in self._shapes.items() if self._lines[call] not in self.looped}

    @property
    def looped(self) -> Mapping[str, int]:
        """Lines that draw in a loop over the images, and how often they do for one."""
        return {line: times // self._count for line, times in self._times.items() if times % self._count == 0}
