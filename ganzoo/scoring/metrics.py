"""Frechet and kernel distance between two sets of features, with torch-fidelity's definitions and values.

Features are `[n, d]`: the generated images first, the reference second, as torch-fidelity has them. All is computed
in float64. Standard errors are those of drawing other generated images, for this very reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganzoo.scoring.jackknife import blocks_of, can_leave_out, standard_error
from ganzoo.scoring.protocol import KidSettings

RANK_DEFICIENT = "rank-deficient"
_LARGEST_GRAM = 4096


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error, and what a reader must know."""

    value: float
    standard_error: float | None = None
    notes: tuple[str, ...] = ()


def frechet_distance(fakes: Tensor, reals: Tensor, *, blocks: int) -> Estimate:
    """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).

    With S2 = R'R and P = X1 R', the last trace is the sum of the singular values of P, centred, over sqrt(n - 1):
    no root of a matrix is needed, and where there are fewer images than features P is as small as they are few.

    Paper: Heusel et al. 2017, arXiv:1706.08500.
    """
    fakes, reals = fakes.double(), reals.double()
    dimension = fakes.shape[1]
    root = _covariance_root(reals)
    projected = fakes @ root.T
    centred = projected - projected.mean(0)
    singular = torch.linalg.svdvals(_compact(centred)) / (len(fakes) - 1) ** 0.5
    spread = float(_total_variance(fakes) + _total_variance(reals))
    value = float((fakes.mean(0) - reals.mean(0)).square().sum()) + spread - 2 * float(singular.sum())
    error = None
    if can_leave_out(len(fakes), blocks):
        error = standard_error(_frechet_without(fakes, projected, reals.mean(0), blocks))
    notes = (RANK_DEFICIENT,) if min(len(fakes), len(reals)) <= dimension else ()
    return Estimate(value, error, notes)


def _covariance_root(features: Tensor) -> Tensor:
    """Return R with R'R the covariance, of as few rows as there are images or features."""
    return _compact(features - features.mean(0)) / (len(features) - 1) ** 0.5


def _compact(rows: Tensor) -> Tensor:
    """Return a matrix with the same Gram matrix of columns and no more rows than columns."""
    if rows.shape[0] <= rows.shape[1]:
        return rows
    return torch.linalg.qr(rows, mode="r").R


def _total_variance(features: Tensor) -> Tensor:
    return features.var(0, correction=1).sum()


def _frechet_without(fakes: Tensor, projected: Tensor, real_mean: Tensor, blocks: int) -> list[float]:
    """Return the distance without each block, up to a constant."""
    block_of = blocks_of(len(fakes), blocks)
    wide = projected.shape[0] <= projected.shape[1]
    shifted = projected - projected.mean(0)
    whole = shifted @ shifted.T if wide else shifted.T @ shifted
    distances = []
    for block in range(blocks):
        kept = block_of != block
        left = fakes[kept]
        gram = _centred_gram(whole, kept) if wide else _scatter_without(whole, shifted[~kept], len(left))
        roots = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().sum() / (len(left) - 1) ** 0.5
        mean_part = (left.mean(0) - real_mean).square().sum()
        distances.append(float(mean_part + _total_variance(left) - 2 * roots))
    return distances


def _centred_gram(gram: Tensor, kept: Tensor) -> Tensor:
    part = gram[kept][:, kept]
    rows = part.mean(0)
    return part - rows - rows[:, None] + rows.mean()


def _scatter_without(scatter: Tensor, removed: Tensor, left: int) -> Tensor:
    # The columns of the whole sum to zero, so those of what is left sum to minus those of what is removed.
    total = removed.sum(0)
    return scatter - removed.T @ removed - torch.outer(total, total) / left


def kernel_distance(fakes: Tensor, reals: Tensor, settings: KidSettings, *, blocks: int) -> Estimate:
    """Return KID: the mean over subsets of the unbiased MMD^2, which may be negative.

    Subsets are drawn by the same legacy numpy stream as torch-fidelity's (its `rng_seed`), so they are the same.
    The standard error leaves each block of generated images out of every subset.

    Paper: Binkowski et al. 2018, arXiv:1801.01401.
    """
    size = settings.subset_size
    kernel = _Kernels(fakes.double(), reals.double(), settings)
    rng = np.random.RandomState(settings.seed)
    values, left_out = [], []
    block_of = blocks_of(len(fakes), blocks) if can_leave_out(len(fakes), blocks) else None
    for _ in range(settings.subsets):
        x = torch.from_numpy(rng.choice(len(fakes), size, replace=False))
        y = torch.from_numpy(rng.choice(len(reals), size, replace=False))
        k_xx, k_xy, k_yy = kernel.xx(x, x), kernel.xy(x, y), kernel.yy(y, y)
        real_part = (k_yy.sum() - k_yy.diagonal().sum()) / (size * (size - 1))
        values.append(float(_mmd(k_xx.sum() - k_xx.diagonal().sum(), k_xy.sum(), real_part, torch.tensor(size), size)))
        if block_of is not None:
            left_out.append(_mmd_without(k_xx, k_xy.sum(1), real_part, block_of[x], blocks))
    error = standard_error(torch.stack(left_out).mean(0)) if left_out else None
    return Estimate(float(np.mean(values)), error if error is not None and np.isfinite(error) else None)


def _mmd(off_diagonal: Tensor, cross: Tensor, real_part: Tensor, n: Tensor, m: int) -> Tensor:
    return off_diagonal / (n * (n - 1)) + real_part - 2 * cross / (n * m)


def _mmd_without(k_xx: Tensor, cross_rows: Tensor, real_part: Tensor, block_of: Tensor, blocks: int) -> Tensor:
    """Return the MMD^2 of one subset without each block, `[blocks]`."""
    member = torch.nn.functional.one_hot(block_of, blocks).to(k_xx)
    off = k_xx.clone()
    off.fill_diagonal_(0.0)
    rows = member.T @ off.sum(1)  # all pairs with one end in the block
    inside = (member * (off @ member)).sum(0)
    kept = off.sum() - 2 * rows + inside
    return _mmd(kept, cross_rows.sum() - member.T @ cross_rows, real_part, len(off) - member.sum(0), k_xx.shape[0])


class _Kernels:
    """Polynomial kernels between chosen rows; few rows are multiplied once for all subsets."""

    def __init__(self, fakes: Tensor, reals: Tensor, settings: KidSettings) -> None:
        gamma = 1.0 / fakes.shape[1] if settings.gamma is None else settings.gamma

        def between(a: Tensor, b: Tensor) -> Tensor:
            return (a @ b.T * gamma + settings.coef0) ** settings.degree

        def chooser(a: Tensor, b: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
            if max(len(a), len(b)) > _LARGEST_GRAM:
                return lambda rows, columns: between(a[rows], b[columns])
            whole = between(a, b)
            return lambda rows, columns: whole[rows[:, None], columns]

        self.xx = chooser(fakes, fakes)
        self.xy = chooser(fakes, reals)
        self.yy = chooser(reals, reals)
