"""DOC."""

from __future__ import annotations

import torch
from torch import Tensor


def truncated(styles: Tensor, mean: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
    """Pull the first `cutoff` layers (all if None) of styles `[N, S, W]` towards the mean `[W]`."""
    layers = styles.shape[1] if cutoff is None else cutoff
    pulled = mean + psi * (styles[:, :layers] - mean)
    if layers >= styles.shape[1]:
        return pulled
    return torch.cat([pulled, styles[:, layers:]], dim=1)
