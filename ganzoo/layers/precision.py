"""Precision: where autocast must not reach, sums that 16 bits are too coarse for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor

_HALF = (torch.bfloat16, torch.float16)


def half_type(values: Tensor) -> torch.dtype | None:
    """Return the type of 16 bits that autocast computes in now on the device of `values`, or None."""
    device = values.device.type
    # The meta device has no autocast that could be asked.
    if device == "meta" or not torch.is_autocast_enabled(device):
        return None
    return torch.get_autocast_dtype(device)


def full_precision(values: Tensor) -> AbstractContextManager[object]:
    """Return a context without autocast on the device of `values`; what is computed in it keeps its own type."""
    return nullcontext() if half_type(values) is None else torch.autocast(values.device.type, enabled=False)


def at_least_float32(values: Tensor) -> Tensor:
    """Return values of 16 bits as float32, and others as they are."""
    return values.float() if values.dtype in _HALF else values


@contextmanager
def half_precision_if(allowed: bool, values: Tensor) -> Iterator[Tensor]:
    """Give a block `values` to compute with: as they are if half precision is allowed in it, else in float32.

    NVIDIA's code allows it at the four highest resolutions: the coarse ones cost little and decide most.
    """
    if allowed or half_type(values) is None:
        yield values
        return
    with full_precision(values):
        yield at_least_float32(values)
