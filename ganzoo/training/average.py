"""The exponential moving average of the generator: what is sampled and scored."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ganzoo.contracts import Generator
from ganzoo.settings import IMAGES_PER_KIMG


class Average:
    """A copy of the generator whose weights follow with a half-life counted in images.

    Parameters and the running statistics of normalisation layers are averaged; every other buffer (counters,
    a tracked style mean) is copied.
    """

    def __init__(self, generator: Generator, half_life_kimg: float, ramp: float | None = None) -> None:
        self.network = copy.deepcopy(generator).eval().requires_grad_(False)
        self._half_life = half_life_kimg * IMAGES_PER_KIMG
        self._ramp = ramp

    def decay(self, batch_size: int, images_seen: int) -> float:
        """Weight kept after a batch: 0.5 ** (batch / half-life), the half-life ramped up early if asked.

        The ramp is ADA's (arXiv:2006.06676): the half-life is at most that share of the images seen.
        """
        half_life = self._half_life
        if self._ramp is not None:
            half_life = min(half_life, max(images_seen * self._ramp, 1e-8))
        return float(0.5 ** (batch_size / half_life))

    @torch.no_grad()
    def update(self, generator: nn.Module, batch_size: int, images_seen: int) -> None:
        """Follow the generator by one batch. `images_seen` counts that batch."""
        averaged, copied = _state(self.network)
        new_averaged, new_copied = _state(generator)
        torch._foreach_lerp_(averaged, new_averaged, 1.0 - self.decay(batch_size, images_seen))
        for kept, new in zip(copied, new_copied, strict=True):
            kept.copy_(new)


def _state(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return what is averaged and what is copied, in the same order for equal networks."""
    averaged = list(network.parameters())
    copied: list[Tensor] = []
    for module in network.modules():
        running = isinstance(module, nn.modules.batchnorm._NormBase)
        for buffer in module.buffers(recurse=False):
            (averaged if running and buffer.is_floating_point() else copied).append(buffer)
    return [tensor.detach() for tensor in averaged], copied
