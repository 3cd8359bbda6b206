"""Frechet distance between two sets of features: the generated images first, the reference second, `[n, d]` each.

All is computed in float64. The standard error is that of drawing other generated images, for this very reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo import Display, Estimate, Metric, MetricInput
from ganzoo.scoring import blocks_of, can_leave_out, standard_error

RANK_DEFICIENT = "rank-deficient"

_FEW_IMAGES = 4096
"""With fewer images on either side it is biased by more than models differ."""


class FrechetDistance(Metric):
    """Frechet distance of features, each set as a Gaussian (FID with the Inception of its paper); biased by the count.

    Paper: Heusel et al. 2017, arXiv:1706.08500.
    """

    name = "fid"
    values: ClassVar[Mapping[str, Display]] = {"fid": Display("FD", published="FID")}
    reads = ("pooled",)
    published_features = "inception-v3-2015-pool"
    default_place = 1

    def images_needed(self) -> int:
        return _FEW_IMAGES

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        rank = min(width, generated, reference)
        return 4.0 * (generated + reference) * width**2 + 10.0 * rank**3 * (1 + blocks)

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        return {"fid": frechet_distance(data.generated["pooled"], data.reference["pooled"], blocks=data.blocks)}


def frechet_distance(fakes: Tensor, reals: Tensor, *, blocks: int) -> Estimate:
    """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)).

    With S2 = R'R and P = X1 R', the last trace is the sum of the singular values of P, centered, over sqrt(n - 1):
    no root of a matrix is needed, and where there are fewer images than features P is as small as they are few.

    Paper: Heusel et al. 2017, arXiv:1706.08500.
    """
    fakes, reals = fakes.double(), reals.double()
    dimension = fakes.shape[1]
    root = _covariance_root(reals)
    projected = fakes @ root.T
    centered = projected - projected.mean(0)
    singular = torch.linalg.svdvals(_compact(centered)) / (len(fakes) - 1) ** 0.5
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
        gram = _centered_gram(whole, kept) if wide else _scatter_without(whole, shifted[~kept], len(left))
        roots = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().sum() / (len(left) - 1) ** 0.5
        mean_part = (left.mean(0) - real_mean).square().sum()
        distances.append(float(mean_part + _total_variance(left) - 2 * roots))
    return distances


def _centered_gram(gram: Tensor, kept: Tensor) -> Tensor:
    part = gram[kept][:, kept]
    rows = part.mean(0)
    return part - rows - rows[:, None] + rows.mean()


def _scatter_without(scatter: Tensor, removed: Tensor, left: int) -> Tensor:
    # The columns of the whole sum to zero, so those of what is left sum to minus those of what is removed.
    total = removed.sum(0)
    return scatter - removed.T @ removed - torch.outer(total, total) / left
