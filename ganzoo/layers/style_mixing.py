"""One style per layer, from one latent or from two (style mixing, StyleGAN, arXiv:1812.04948, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor


def draw_crossover(layers: int, probability: float) -> int | None:
    """Draw from the global stream which of `layers` is the first to take another style; None: none does.

    Uniform from 1 to layers - 1, so that both styles are used; once for a batch, as in the official code.
    """
    if layers < 2 or float(torch.rand((), device="cpu")) >= probability:
        return None
    return int(torch.randint(1, layers, (), device="cpu"))


def layered(style: Tensor, layers: int, other: Tensor | None = None, crossover: int = 0) -> Tensor:
    """Return styles `[N, layers, W]`: the style `[N, W]` for all layers, or another one from layer `crossover` on."""
    styles = style.unsqueeze(1).expand(-1, layers, -1)
    if other is None:
        return styles
    return torch.cat([styles[:, :crossover], other.unsqueeze(1).expand(-1, layers - crossover, -1)], dim=1)
