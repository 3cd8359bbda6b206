"""Kernel distance between two sets of features: the generated images first, the reference second, `[n, d]` each.

All is computed in float64. The standard error is that of drawing other generated images, and other subjects in the
reference where these are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, PlainValue
from ganzoo.scoring import by_subject, influence_estimate
from ganzoo_metrics.sensitivity import measured

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
    sensitivity = measured("kid")

    Options = KernelDistanceOptions

    @classmethod
    def example_options(cls, folder: Path) -> KernelDistanceOptions:
        return KernelDistanceOptions(subsets=10, subset_size=40)

    def shortage(self, generated: int, reference: int) -> str | None:
        size = self.options.subset_size
        if min(generated, reference) >= size:
            return None
        lower = f'{{ name = "{self.name}", subset_size = {max(2, min(generated, reference))} }}'
        return (
            f"a subset of subset_size = {size} images needs at least as many on either side, but there are "
            f"{generated} generated and {reference} real images; name {lower} in scoring.metrics, or raise the counts"
        )

    def images_needed(self) -> int:
        return self.options.subset_size

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 6.0 * self.options.subsets * self.options.subset_size**2 * width

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "kernel": f"(x.y / d + {_OFFSET:g})^{_DEGREE}", "seed": _SEED}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        found = kernel_distance(
            data.generated["pooled"],
            data.reference["pooled"],
            subsets=self.options.subsets,
            subset_size=self.options.subset_size,
            subjects=data.reference.subjects,
            fake_subjects=data.generated.subjects,
        )
        return {"kid": found}


def kernel_distance(
    fakes: Tensor,
    reals: Tensor,
    *,
    subsets: int,
    subset_size: int,
    subjects: Tensor | None = None,
    fake_subjects: Tensor | None = None,
) -> Estimate:
    """Return KID: the mean over subsets of the unbiased MMD^2, which may be negative.

    Subsets are drawn by the same legacy numpy stream as torch-fidelity's, so they are the same. An image's influence
    is the sum of those that it has on the subsets that it is in: twice its mean kernel with the subset's other images
    of its side, less twice that with the other side's, each less its mean (Hájek's projection of the U-statistic).
    """
    n, m, size = len(fakes), len(reals), subset_size
    kernel = _Kernels(fakes.double(), reals.double())
    rng = np.random.RandomState(_SEED)
    values = []
    generated, reference = torch.zeros(n, dtype=torch.float64), torch.zeros(m, dtype=torch.float64)
    for _ in range(subsets):
        x = torch.from_numpy(rng.choice(n, size, replace=False))
        y = torch.from_numpy(rng.choice(m, size, replace=False))
        k_xx, k_xy, k_yy = kernel.xx(x, x), kernel.xy(x, y), kernel.yy(y, y)
        values.append(float(_mean_off_diagonal(k_xx) + _mean_off_diagonal(k_yy) - 2 * k_xy.sum() / size**2))
        generated[x] += _influence(k_xx, k_xy.mean(1)) * n / (size * subsets)
        reference[y] += _influence(k_yy, k_xy.mean(0)) * m / (size * subsets)
    value = float(np.mean(values))
    return influence_estimate(value, by_subject(generated, fake_subjects), by_subject(reference, subjects))


def _mean_off_diagonal(kernel: Tensor) -> Tensor:
    return (kernel.sum() - kernel.diagonal().sum()) / (len(kernel) * (len(kernel) - 1))


def _influence(own: Tensor, across: Tensor) -> Tensor:
    """Return the influence of each image of a subset on its MMD^2, from its kernels with its side and the other."""
    rows = (own.sum(1) - own.diagonal()) / (len(own) - 1)
    return 2 * (rows - rows.mean() - across + across.mean())


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
