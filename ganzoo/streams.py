"""A stream of random numbers for each image of a batch, for networks that draw from torch's global one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_aten = torch.ops.aten
_STANDARD_NORMAL = {_aten.randn.default, _aten.randn_like.default}


class RowStreams(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Inside, what is drawn from N(0, 1) for a whole batch comes row by row from as many streams.

    So the noise of an image is the same wherever in a batch it stands. Any other draw is left as it is.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._streams = [torch.Generator(device=device).manual_seed(seed) for seed in seeds]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchDispatchMode`."""
        result = func(*args, **(kwargs or {}))
        standard = func in _STANDARD_NORMAL or (func is _aten.normal_.default and len(args) == 1 and not kwargs)
        if standard and result.dim() > 1 and len(result) == len(self._streams):
            for row, stream in zip(result, self._streams, strict=True):
                row.normal_(generator=stream)
        return result
