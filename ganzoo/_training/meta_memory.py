"""Meta memory: what a step needs, measured on the meta device before anything is allocated."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class MetaMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, sums the storages of all living tensors on the meta device, whatever made them.

    Every operator passes here, so functional networks, double backwards and optimizers are counted like any module,
    and a tensor counts for as long as anything (autograd's graph too) holds it. What a backend needs for itself
    (workspaces, reordered copies, a CUDA context) is not seen.

    Attributes:
        live: Bytes of the tensors that are alive.
        peak: The most that `live` has been since `restart`.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._storages: dict[int, weakref.ref[Any]] = {}

    def restart(self) -> None:
        """Reset the peak to what is allocated now."""
        self.peak = self.live

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        # After the operator, so that what it made beside its inputs is counted while they live.
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, tuple | list) else (result,):
            if isinstance(each, Tensor) and each.is_meta:
                self._count(each.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        # Storages, not tensors: views share one, and count once.
        key, size = storage._cdata, storage.nbytes()
        if key in self._storages:
            return

        # Called when the last tensor on it is gone, wherever that happens: no scope has to be known.
        def release(_: weakref.ref[Any]) -> None:
            del self._storages[key]
            self.live -= size

        self._storages[key] = weakref.ref(storage, release)
        self.live += size
        self.peak = max(self.peak, self.live)
