"""Transfer: numbers between the CPU and a GPU, without waiting for what the GPU still does."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return `values` of the CPU on a device, of a type if one is given.

    Plain `to(device)` waits until the GPU has worked off its queue, since it may read ordinary memory only while the
    program stands still. The copy here is made from pinned memory, which PyTorch keeps until the GPU has read it.
    """
    if dtype is not None:
        # On the CPU: a conversion on the way would be made there too, in memory that is not pinned.
        values = values.to(dtype)
    if device.type == "cuda" and values.device.type == "cpu" and values.numel():
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


class HostCopy:
    """Numbers on their way to the CPU. What the device does to them later does not change the copy.

    Plain `tolist()` or `item()` waits for all that a GPU has to do until then. Here the copy begins at once, and
    whoever asks for it some steps later waits for nothing.
    """

    def __init__(self, values: Tensor) -> None:
        self._arrived: torch.cuda.Event | None = None
        if values.is_cuda:
            self._numbers = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            self._numbers.copy_(values.detach(), non_blocking=True)
            self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            # Of the device of the values, which need not be the current one.
            self._arrived.record(torch.cuda.current_stream(values.device))
        else:
            self._numbers = values.detach().to("cpu", copy=True)

    def wait(self) -> Tensor:
        """Return the numbers on the CPU, once they are there."""
        if self._arrived is not None:
            self._arrived.synchronize()
        return self._numbers
