"""What the networks and the reals are at a point of progressive growing."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.contracts.capabilities import Growable


def grow(networks: Iterable[nn.Module], resolution: int, alpha: float) -> None:
    """Bring every network that can grow to this resolution and weight of its newest block."""
    for network in networks:
        if isinstance(network, Growable):
            network.grow(resolution, alpha)


def fade(images: Tensor, alpha: float) -> Tensor:
    """Fade reals `[N, C, r, r]` like the newest block: lerp(up(down(x)), x, alpha) (official ProGAN)."""
    if alpha >= 1.0:
        return images
    coarse = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2.0, mode="nearest")
    return coarse.lerp(images, alpha)
