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


def squared_influence(moved: Tensor, there: Tensor) -> Tensor:
    """Return the influence of each number of `moved` on the W_2^2 of each row, float64 `[r, n]`.

    Kantorovich's potential: its slope at x is twice the way from x to where it is moved (Santambrogio 2015, "Optimal
    Transport for Applied Mathematicians", proposition 7.17).

    Args:
        moved: Sorted numbers, `[r, n]`.
        there: Sorted numbers that they are moved to, `[r, m]`.
    """
    n, m = moved.shape[1], there.shape[1]
    between = (
        torch.arange(1, n) * m
    )  # the mass below each gap, over n m: where the quantile function of `there` is read
    after = (between // n).clamp(max=m - 1)
    before = ((between - 1) // n).clamp(max=m - 1)  # another one where the gap lies at a jump
    target = (there[:, before].double() + there[:, after].double()) / 2
    low, high = moved[:, :-1].double(), moved[:, 1:].double()
    potential = torch.zeros(moved.shape, dtype=torch.float64)
    potential[:, 1:] = ((high - low) * (high + low - 2 * target)).cumsum(1)
    return potential - potential.mean(1, keepdim=True)


def directions(count: int, width: int, seed: int) -> Tensor:
    """Return random unit vectors, float32 `[count, width]`."""
    drawn = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm(dim=1, keepdim=True)
