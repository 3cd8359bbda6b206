"""Style sample: many styles of a generator, for their mean and deviation."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganzoo.figures import OpenedGenerator, draw_latents

_AT_ONCE = 1024


def style_sample(generator: OpenedGenerator, count: int, seed: int) -> Tensor:
    """Return styles `[count, W]` of drawn latents, untruncated, on the CPU; classes take turns unless one was chosen.

    Raises:
        RefusedError: The generator has no styles.
    """
    return torch.cat(list(_batches(generator, count, seed)))


def _batches(generator: OpenedGenerator, count: int, seed: int) -> Iterator[Tensor]:
    network = generator.styled("styles")
    for start in range(0, count, _AT_ONCE):
        stop = min(start + _AT_ONCE, count)
        latents = draw_latents(generator.generator, start, stop, seed=seed).to(generator.device)
        labels = generator.labels(range(start, stop)).to(generator.device)
        with torch.no_grad():
            yield network.map(latents, labels)[:, 0].float().cpu()
