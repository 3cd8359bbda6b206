"""MMD: squared maximum mean discrepancy of two sets, without bias, with the jackknife error of leaving out one fake.

Paper: Gretton et al. 2012, JMLR 13:723-773, equation 3.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ganzoo import Estimate
from ganzoo.scoring import standard_error

_ROWS = 1024
Kernel = Callable[[Tensor, Tensor], Tensor]


def unbiased_mmd(fakes: Tensor, reals: Tensor, kernel: Kernel) -> Estimate:
    """Return the squared MMD of at least two fakes and two reals, `[n, d]` each, which may be negative."""
    fakes, reals = fakes.double(), reals.double()
    n, m = len(fakes), len(reals)
    own, theirs = _row_sums(kernel, fakes, fakes), _row_sums(kernel, reals, reals)
    across = _row_sums(kernel, fakes, reals)
    own = own - _diagonal(kernel, fakes)
    real_part = float((theirs - _diagonal(kernel, reals)).sum()) / (m * (m - 1))
    value = float(own.sum()) / (n * (n - 1)) + real_part - 2 * float(across.sum()) / (n * m)
    if n < 3:
        return Estimate(value)
    # All values without one fake at once: a pair is gone from either end.
    left_out = (own.sum() - 2 * own) / ((n - 1) * (n - 2)) - 2 * (across.sum() - across) / ((n - 1) * m)
    return Estimate(value, standard_error(left_out))


def _row_sums(kernel: Kernel, a: Tensor, b: Tensor) -> Tensor:
    return torch.cat([kernel(a[start : start + _ROWS], b).sum(1) for start in range(0, len(a), _ROWS)])


def _diagonal(kernel: Kernel, a: Tensor) -> Tensor:
    return torch.cat([kernel(each, each).diagonal() for each in torch.split(a, _ROWS)])
