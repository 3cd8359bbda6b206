"""A stream of random numbers for each image of a batch, for networks that draw from torch's global one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_STANDARD_NORMAL = (torch.randn, torch.randn_like, Tensor.normal_)


class RowStreams(TorchFunctionMode):
    """Inside, what is drawn from N(0, 1) for a whole batch comes row by row from as many streams.

    So the noise of an image is the same wherever in a batch it stands. Any other draw is left as it is.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self._seeds = list(seeds)
        self._streams: dict[torch.device, list[torch.Generator]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        standard = func in _STANDARD_NORMAL and kwargs.get("generator") is None
        if not standard or (func is Tensor.normal_ and len(args) + len(kwargs) > 1):
            return result
        if result.dim() > 1 and len(result) == len(self._seeds):
            for row, stream in zip(result, self._on(result.device), strict=True):
                row.normal_(generator=stream)
        return result

    def _on(self, device: torch.device) -> list[torch.Generator]:
        if device not in self._streams:
            self._streams[device] = [torch.Generator(device=device).manual_seed(seed) for seed in self._seeds]
        return self._streams[device]
