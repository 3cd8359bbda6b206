"""Neighbors among features `[n, d]`: distances in strips, never all at once, and the balls around real images."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganzoo.scoring import blocks_of

_ROWS = 1024


def strips(a: Tensor, b: Tensor) -> Iterator[Tensor]:
    """Yield Euclidean distances `[rows, m]` of some rows of `a` after the others to all of `b`."""
    for start in range(0, len(a), _ROWS):
        yield torch.cdist(a[start : start + _ROWS], b)


def radii(features: Tensor, neighborhood: int) -> Tensor:
    """Return how far the k-th nearest other one of each is, `[n]`."""
    # The nearest one of all is the image itself.
    return torch.cat([distances.kthvalue(neighborhood + 1).values for distances in strips(features, features)])


def shortage_of_neighbors(neighborhood: int, generated: int, reference: int) -> str | None:
    """Say that there are too few images to have so many neighbors each, or None."""
    if min(generated, reference) > neighborhood:
        return None
    return (
        f"neighborhood = {neighborhood} needs at least {neighborhood + 1} images on either side, but there are "
        f"{generated} generated and {reference} real images; lower neighborhood, or raise the counts"
    )


def members(count: int, blocks: int) -> Tensor:
    """Return which block each of `count` images is in, as ones and zeros, float32 `[count, blocks]`, one at least."""
    return torch.nn.functional.one_hot(blocks_of(count, max(1, blocks)), max(1, blocks)).float()
