"""Per-sample streams of random numbers, one for each image, for networks that draw from torch's global one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_STANDARD_NORMAL = frozenset((torch.randn, torch.randn_like, Tensor.normal_))


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
        if func not in _STANDARD_NORMAL:  # hundreds of calls per forward: nothing else is looked at
            return func(*args, **kwargs) if kwargs else func(*args)
        kwargs = kwargs or {}
        if kwargs.get("generator") is not None or (func is Tensor.normal_ and len(args) + len(kwargs) > 1):
            return func(*args, **kwargs)
        if func is torch.randn:  # drawn once, not twice: it is what takes time
            blank = torch.empty(*args, **{key: value for key, value in kwargs.items() if key != "generator"})
            return self._filled(blank) if self._is_batch(blank) else func(*args, **kwargs)
        result = func(*args, **kwargs)
        return self._filled(result) if self._is_batch(result) else result

    def _is_batch(self, numbers: Tensor) -> bool:
        return numbers.dim() > 1 and len(numbers) == len(self._seeds)

    def _filled(self, numbers: Tensor) -> Tensor:
        with torch.no_grad():
            for row, stream in zip(numbers, self._on(numbers.device), strict=True):
                row.normal_(generator=stream)
        return numbers

    def _on(self, device: torch.device) -> list[torch.Generator]:
        if device not in self._streams:
            self._streams[device] = [torch.Generator(device=device).manual_seed(seed) for seed in self._seeds]
        return self._streams[device]
