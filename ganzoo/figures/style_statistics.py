"""Many styles of a generator: where they lie, and how far they spread."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganzoo._inference.generate import draw_latents
from ganzoo._inference.opened_generator import OpenedGenerator
from ganzoo.contracts.capabilities import StyleBased

_AT_ONCE = 1024


def style_sample(subject: OpenedGenerator, count: int, seed: int) -> Tensor:
    """Return styles `[count, W]` of drawn latents, untruncated, on the CPU; classes take turns unless one was chosen.

    Raises:
        RefusedError: The generator has no styles.
    """
    network = subject.styled("styles")
    return torch.cat(list(_batches(subject, network, count, seed)))


def _batches(subject: OpenedGenerator, network: StyleBased, count: int, seed: int) -> Iterator[Tensor]:
    for start in range(0, count, _AT_ONCE):
        stop = min(start + _AT_ONCE, count)
        latents = draw_latents(subject.generator, start, stop, seed=seed).to(subject.device)
        labels = subject.labels(range(start, stop)).to(subject.device)
        with torch.no_grad():
            yield network.map(latents, labels)[:, 0].float().cpu()
