"""Wrapping: numbers of 8 bits that are calculated with, and begin again at 0 behind 255."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from ganzoo.testing.calls import line_of
from ganzoo.testing.failure import require

_SIGNS = {"add": "+", "sub": "-", "rsub": "-", "mul": "*", "neg": "-", "pow": "**"}


def check_no_wrapping(run: Callable[[], object]) -> None:
    """Require that pixels, uint8, are made floats before they are calculated with."""
    watch = _Wrapping()
    with suppress(Exception), watch, torch.no_grad():  # its own error is told elsewhere
        run()
    require(
        not watch.found,
        f"calculates with pixels in 8 bits, {watch.found}, where 255 + 1 is 0 and 0 - 1 is 255: images.float() first",
    )


class _Wrapping(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the first calculation in uint8 whose result is another one in wider numbers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found = ""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchDispatchMode`."""
        name = func._schema.name.removeprefix("aten::").rstrip("_")
        given = [each.clone() if isinstance(each, Tensor) else each for each in args] if name in _SIGNS else []
        result = func(*args, **(kwargs or {}))
        if not self.found and given and isinstance(result, Tensor) and result.dtype is torch.uint8:
            wide = getattr(torch, name)(*(_wide(each) for each in given), **(kwargs or {}))
            if not torch.equal(wide, _wide(result)):
                where = line_of(sys._getframe(1))
                self.found = f"`{_SIGNS[name]}`" + (f" ({where})" if where else "")
        return result


def _wide(value: Any) -> Any:
    return value.to(torch.int64) if isinstance(value, Tensor) else value
