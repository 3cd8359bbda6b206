"""Transport on a line: Wasserstein distances between sorted numbers, for any two counts."""

from __future__ import annotations

import torch
from torch import Tensor


def matching(n: int, m: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return how n equal masses are moved onto m of them in order.

    Returns:
        For each move: the place of what is moved and of where it goes, int64, and its mass, float64; they sum to 1.
    """
    # Places where either quantile function jumps, as whole numbers over n m so that equal ones are equal.
    ends = torch.unique(torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]))
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), ends[:-1]])
    return starts // m, starts // n, (ends - starts).double() / (n * m)


def sorted_distance(fakes: Tensor, reals: Tensor, *, power: int) -> Tensor:
    """Return W_p^p of each row's sorted numbers, `[r, n]` and `[r, m]`: float64 `[r]`.

    W_p^p is the integral of |F^-1 - G^-1|^p over quantiles.
    """
    if fakes.shape[1] == reals.shape[1]:
        return (fakes - reals).abs().pow(power).mean(1, dtype=torch.float64)
    moved, there, mass = matching(fakes.shape[1], reals.shape[1])
    return (fakes[:, moved] - reals[:, there]).abs().pow(power).double() @ mass


def directions(count: int, width: int, seed: int) -> Tensor:
    """Return random unit vectors, float32 `[count, width]`."""
    drawn = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm(dim=1, keepdim=True)
