"""Kernel distance between two sets of features: the generated images first, the reference second, `[n, d]` each.

All is computed in float64. The standard error is that of drawing other generated images, for this very reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput
from ganzoo.scoring import blocks_of, can_leave_out, standard_error

_DEGREE, _OFFSET = 3, 1.0  # of the kernel (x.y / d + 1)^3, section 4 of the paper
_SEED = 2020  # torch-fidelity's `rng_seed`, so that subsets are the same
_LARGEST_GRAM = 4096


class KernelDistanceOptions(ComponentOptions):
    """How many subsets are drawn, and how large."""

    subsets: PositiveInt = Field(default=100, description="Number of subsets averaged over.")
    subset_size: int = Field(default=1000, ge=2, description="Images in a subset.")


class KernelDistance(Metric[KernelDistanceOptions]):
    """Kernel distance of features (KID with the Inception of FID): a cubic kernel's MMD^2; unbiased, so for few images.

    Paper: Binkowski et al. 2018, arXiv:1801.01401.
    """

    name = "kid"
    values: ClassVar[Mapping[str, Display]] = {"kid": Display("KD", published="KID", unit="×10³", scale=1000.0)}
    reads = ("pooled",)
    published_features = "inception-v3-2015-pool"
    default_place = 2

    Options = KernelDistanceOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        size = self.options.subset_size
        if min(generated, reference) >= size:
            return None
        return (
            f"a subset of subset_size = {size} images needs at least as many on either side, but there are "
            f"{generated} generated and {reference} real images; lower subset_size, or raise the counts"
        )

    def images_needed(self) -> int:
        return self.options.subset_size

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 6.0 * self.options.subsets * self.options.subset_size**2 * width

    def identity(self) -> Mapping[str, str | int | float | bool]:
        return {**super().identity(), "kernel": f"(x.y / d + {_OFFSET:g})^{_DEGREE}", "seed": _SEED}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        found = kernel_distance(
            data.generated["pooled"],
            data.reference["pooled"],
            subsets=self.options.subsets,
            subset_size=self.options.subset_size,
            blocks=data.blocks,
        )
        return {"kid": found}


def kernel_distance(fakes: Tensor, reals: Tensor, *, subsets: int, subset_size: int, blocks: int) -> Estimate:
    """Return KID: the mean over subsets of the unbiased MMD^2, which may be negative.

    Subsets are drawn by the same legacy numpy stream as torch-fidelity's, so they are the same.
    The standard error leaves each block of generated images out of every subset.
    """
    size = subset_size
    kernel = _Kernels(fakes.double(), reals.double())
    rng = np.random.RandomState(_SEED)
    values, left_out = [], []
    block_of = blocks_of(len(fakes), blocks) if can_leave_out(len(fakes), blocks) else None
    for _ in range(subsets):
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

    def __init__(self, fakes: Tensor, reals: Tensor) -> None:
        gamma = 1.0 / fakes.shape[1]

        def between(a: Tensor, b: Tensor) -> Tensor:
            return (a @ b.T * gamma + _OFFSET) ** _DEGREE

        def chooser(a: Tensor, b: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
            if max(len(a), len(b)) > _LARGEST_GRAM:
                return lambda rows, columns: between(a[rows], b[columns])
            whole = between(a, b)
            return lambda rows, columns: whole[rows[:, None], columns]

        self.xx = chooser(fakes, fakes)
        self.xy = chooser(fakes, reals)
        self.yy = chooser(reals, reals)
