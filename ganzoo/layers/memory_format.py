"""Memory format: the order in which the numbers of weights and maps lie."""

from __future__ import annotations

import torch
from torch import nn

_ORDERS = {4: torch.channels_last, 5: torch.channels_last_3d}


@torch.no_grad()
def lay_channels_last(network: nn.Module) -> None:
    """Lay out weights and buffers as convolutions are quick with: channels last, those of three dimensions alike.

    Each by its own dimension: `Module.to(memory_format=...)` has one order for all, and none for both kinds.
    """
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.dim() in _ORDERS:
            tensor.data = tensor.data.to(memory_format=_ORDERS[tensor.dim()])
