"""Frechet distance between two sets of features: the generated images first, the reference second, `[n, d]` each.

All is computed in float64. The standard error is that of drawing other generated images, and other subjects in the
reference where these are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ganzoo import Display, Estimate, Metric, MetricInput
from ganzoo.scoring import by_subject, influence_estimate
from ganzoo_metrics.sensitivity import measured

RANK_DEFICIENT = "rank-deficient"

_FEW_IMAGES = 4096
"""With fewer images on either side it is biased by more than models differ."""

_FEWEST_FOR_HALVES = 40


class FrechetDistance(Metric):
    """Frechet distance of features, each set as a Gaussian (FID with the Inception of its paper); biased by the count.

    Paper: Heusel et al. 2017, arXiv:1706.08500.
    """

    name = "fid"
    values: ClassVar[Mapping[str, Display]] = {"fid": Display("FD", published="FID")}
    reads = ("pooled",)
    published_features = "inception-v3-2015-pool"
    default_place = 1
    sensitivity = measured("fid")

    def images_needed(self) -> int:
        return _FEW_IMAGES

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        rank = min(width, generated, reference)
        return 8.0 * (generated + reference) * width**2 + 40.0 * rank**3

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        generated, reference = data.generated, data.reference
        found = frechet_distance(
            generated["pooled"], reference["pooled"], subjects=reference.subjects, fake_subjects=generated.subjects
        )
        return {"fid": found}


def frechet_distance(
    fakes: Tensor, reals: Tensor, *, subjects: Tensor | None = None, fake_subjects: Tensor | None = None
) -> Estimate:
    """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), with its error and its bias by the count of fakes.

    With S2 = R'R and P = X1 R', the last trace is the sum of the singular values of P, centered, over sqrt(n - 1):
    no root of a matrix is needed, and where there are fewer images than features P is as small as they are few.

    Args:
        fakes: Features of generated images, `[n, d]`.
        reals: Those of the reference, `[m, d]`.
        subjects: Number of each real image's subject; where they are known, the error is of drawing others.
        fake_subjects: The same of real images in place of generated ones.

    Paper: Heusel et al. 2017, arXiv:1706.08500.
    """
    fakes, reals = fakes.double(), reals.double()
    root = covariance_root(reals)
    projected = fakes @ root.T
    value = distance(fakes, projected, reals)
    notes = (RANK_DEFICIENT,) if min(len(fakes), len(reals)) <= fakes.shape[1] else ()
    generated, reference = influences(fakes, projected, reals)
    return influence_estimate(
        value,
        by_subject(generated, fake_subjects),
        by_subject(reference, subjects),
        notes=notes,
        bias=_bias(fakes, projected, reals, value),
    )


def distance(fakes: Tensor, projected: Tensor, reals: Tensor) -> float:
    """Return the distance of features of which `projected` are those of the fakes times the root's transpose."""
    centered = projected - projected.mean(0)
    singular = torch.linalg.svdvals(_compact(centered)) / (len(fakes) - 1) ** 0.5
    spread = float(_total_variance(fakes) + _total_variance(reals))
    return float((fakes.mean(0) - reals.mean(0)).square().sum()) + spread - 2 * float(singular.sum())


def _bias(fakes: Tensor, projected: Tensor, reals: Tensor, value: float) -> float | None:
    """Return how far the value lies above that of infinitely many generated images, from its values for two halves.

    The bias falls as 1 / n (Chong and Forsyth 2020, arXiv:1911.07023), so halves have twice the bias. Below twice the
    width it falls more slowly, and what is found is less than the bias.
    """
    return None if len(fakes) < _FEWEST_FOR_HALVES else distance_of_halves(fakes, projected, reals) - value


def distance_of_halves(fakes: Tensor, projected: Tensor, reals: Tensor) -> float:
    """Return the mean distance of every other fake and of the others: what half as many images get."""
    return sum(distance(fakes[part::2], projected[part::2], reals) for part in (0, 1)) / 2


def covariance_root(features: Tensor) -> Tensor:
    """Return R with R'R the covariance, of as few rows as there are images or features."""
    return _compact(features - features.mean(0)) / (len(features) - 1) ** 0.5


def _compact(rows: Tensor) -> Tensor:
    """Return a matrix with the same Gram matrix of columns and no more rows than columns."""
    if rows.shape[0] <= rows.shape[1]:
        return rows
    return torch.linalg.qr(rows, mode="r").R


def _total_variance(features: Tensor) -> Tensor:
    return features.var(0, correction=1).sum()


def influences(fakes: Tensor, projected: Tensor, reals: Tensor) -> tuple[Tensor, Tensor]:
    """Return the influence of each fake, `[n]`, and of each real image, `[m]`.

    With x and y centered and X Y' = U s V', the derivatives of the distance are, up to a constant,

        of fake i:  2 x_i.(m1 - m2) + |x_i|^2 - sqrt((n - 1) / (m - 1)) sum_k U_ik^2 s_k
        of real j: -2 y_j.(m1 - m2) + |y_j|^2 - sqrt((m - 1) / (n - 1)) sum_k V_jk^2 s_k

    since the gradient of tr((S1 S2)^(1/2)) in S1 is half the optimal transport map between the two Gaussians.
    """
    n, m = len(fakes), len(reals)
    gap = fakes.mean(0) - reals.mean(0)
    x, p = fakes - fakes.mean(0), projected - projected.mean(0)
    if p.shape[0] <= p.shape[1]:
        squares, left = torch.linalg.eigh(p @ p.T)
        singular = squares.clamp(min=0).sqrt()
    else:
        squares, right = torch.linalg.eigh(p.T @ p)
        singular = squares.clamp(min=0).sqrt()
        left = (p @ right) * _inverse(singular)
    generated = 2 * (x @ gap) + x.square().sum(1) - (n - 1) ** 0.5 * (left.square() @ singular)
    y, scaled = reals - reals.mean(0), singular * (m - 1) ** 0.5  # the singular values of X Y'
    across = (y @ (x.T @ left)).square() @ _inverse(scaled)
    return generated, -2 * (y @ gap) + y.square().sum(1) - ((m - 1) / (n - 1)) ** 0.5 * across


def _inverse(singular: Tensor) -> Tensor:
    """Return 1 / s, and 0 for what is zero but for rounding."""
    zero = singular <= 1e-7 * singular.max()  # roots of what float64 can still tell from zero
    return torch.where(zero, 0.0, 1 / singular.clamp(min=torch.finfo(torch.float64).tiny))
