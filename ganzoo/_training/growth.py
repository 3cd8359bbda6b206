"""Growth of the networks, and of the reals with them, at a point of progressive growing."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn import functional as F

from ganzoo.contracts.capabilities import Growable


def grow(networks: Iterable[nn.Module], resolution: int, alpha: float) -> None:
    """Bring every network that can grow to this resolution and weight of its newest block."""
    for network in networks:
        # Where nothing grows, networks of fixed structure pass here too; where something does, `check` refused them.
        if isinstance(network, Growable):
            network.grow(resolution, alpha)


def fade(images: Tensor, alpha: float) -> Tensor:
    """Fade reals `[N, C, r, r]` like the newest block: lerp(up(down(x)), x, alpha) (official ProGAN)."""
    if alpha >= 1.0:
        return images
    # As the generator's images are while its newest block fades in: else the critic could tell reals by their detail
    # (official ProGAN, train.py).
    coarse = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2.0, mode="nearest")
    return coarse.lerp(images, alpha)
