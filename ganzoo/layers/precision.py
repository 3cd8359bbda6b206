"""Precision: where autocast must not reach, sums that bfloat16 is too coarse for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(values: Tensor) -> AbstractContextManager[object]:
    """Return a context without autocast on the device of `values`; what is computed in it keeps its own type."""
    device = values.device.type
    # The meta device has no autocast that could be switched off.
    if device == "meta" or not torch.is_autocast_enabled(device):
        return nullcontext()
    return torch.autocast(device, enabled=False)
