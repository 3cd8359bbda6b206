"""Standard errors: leave out one block of generated images at a time.

The naive bootstrap repeats images, which lowers the rank of a covariance and inflates its Frechet distance: its
intervals do not even contain the value. Leaving blocks out only makes the sample a little smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def blocks_of(count: int, blocks: int) -> Tensor:
    """Return the block number of each of `count` images, int64 `[count]`: consecutive, of nearly equal size."""
    return torch.arange(count) * blocks // count


def can_leave_out(count: int, blocks: int) -> bool:
    """Whether blocks hold at least two images each, so that what is left is still a sample."""
    return blocks > 1 and count >= 2 * blocks


def standard_error(left_out: Sequence[float] | Tensor) -> float:
    """Return the block-jackknife standard error from the values without each block.

    Paper: Efron and Stein 1981, doi:10.1214/aos/1176345462: sqrt((B - 1) / B sum_b (value_b - mean)^2).
    """
    values = torch.as_tensor(left_out, dtype=torch.float64)
    blocks = len(values)
    return math.sqrt((blocks - 1) / blocks * float(((values - values.mean()) ** 2).sum()))
