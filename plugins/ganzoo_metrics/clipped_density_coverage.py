"""Clipped density and coverage of two sets of features `[n, d]`: no outlier counts much, and both grow in proportion.

Both are calibrated: a set of which the share p is as good as real images, and the rest far away, gets p.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput
from ganzoo.scoring import can_leave_out, influence_estimate, standard_error
from ganzoo_metrics.neighbors import members, radii, shortage_of_neighbors, strips
from ganzoo_metrics.sensitivity import measured


class ClippedDensityCoverageOptions(ComponentOptions):
    """How far the ball around each real image reaches."""

    neighborhood: PositiveInt = Field(default=5, description="k of the k-th nearest neighbor that sets the radius.")


class ClippedDensityCoverage(Metric[ClippedDensityCoverageOptions]):
    """Density and coverage that outliers cannot move much, calibrated to the share of good images.

    Paper: Salvy et al. 2025 (ICLR 2026), arXiv:2507.01761.
    """

    name = "clipped-density-coverage"
    values: ClassVar[Mapping[str, Display]] = {
        "clipped_density": Display("clipped density", lower_is_better=False, transform="logit"),
        "clipped_coverage": Display("clipped coverage", lower_is_better=False, transform="logit"),
    }
    reads = ("pooled",)
    sensitivity = measured("clipped_density", "clipped_coverage")

    Options = ClippedDensityCoverageOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        return shortage_of_neighbors(self.options.neighborhood, generated, reference)

    def images_needed(self) -> int:
        return 20 * self.options.neighborhood  # so that one image moves the calibrated coverage by 1 % at most

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 2.0 * reference * (generated * (width + blocks) + 2 * reference * width)

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        fakes, reals, k = data.generated["pooled"], data.reference["pooled"], self.options.neighborhood
        return {
            "clipped_density": clipped_density(fakes, reals, neighborhood=k),
            "clipped_coverage": clipped_coverage(fakes, reals, neighborhood=k, blocks=data.blocks),
        }


def clipped_density(fakes: Tensor, reals: Tensor, *, neighborhood: int) -> Estimate:
    """Return how many balls fakes are in, at most k each, by the same number of reals; 1 at most."""
    radius = radii(reals, neighborhood)
    # A real outlier's ball is no wider than the median one, or it would take in anything.
    radius = radius.minimum(radius.quantile(0.5))
    balls_of, own, start = torch.zeros(len(fakes)), torch.zeros(len(reals)), 0
    for to_fakes, to_reals in zip(strips(reals, fakes), strips(reals, reals), strict=True):
        reach = radius[start : start + len(to_fakes), None]
        balls_of += (to_fakes <= reach).sum(0)
        among = to_reals <= reach
        among[torch.arange(len(among)), torch.arange(start, start + len(among))] = False  # none counts itself
        own += among.sum(0)
        start += len(to_fakes)
    depth = (balls_of / neighborhood).clamp(max=1.0).double()
    calibration = float((own / neighborhood).clamp(max=1.0).double().mean())
    if calibration == 0.0:  # no two reals within a median radius: all of them equal, so that no ball has a width
        return Estimate(0.0)
    return influence_estimate(min(1.0, float(depth.mean()) / calibration), depth / calibration)


def clipped_coverage(fakes: Tensor, reals: Tensor, *, neighborhood: int, blocks: int) -> Estimate:
    """Return which share of as many perfect images would fill the balls around reals as the fakes do."""
    radius, member = radii(reals, neighborhood), members(len(fakes), blocks)
    in_ball, start = [], 0
    for distances in strips(reals, fakes):
        in_ball.append((distances < radius[start : start + len(distances), None]).float() @ member)
        start += len(distances)
    counts = torch.cat(in_ball)
    whole = _filled(counts.sum(1), neighborhood)
    value = min(1.0, calibrated(whole, len(fakes), len(reals), neighborhood))
    if not can_leave_out(len(fakes), blocks):
        return Estimate(value)
    left_out = []
    for block in range(blocks):
        left = len(fakes) - int(member[:, block].sum())
        filled = _filled(counts.sum(1) - counts[:, block], neighborhood)
        left_out.append(calibrated(filled, left, len(reals), neighborhood))
    return Estimate(value, standard_error(left_out) or None)  # no block that matters proves nothing


def _filled(counts: Tensor, neighborhood: int) -> float:
    """Return how full balls are with fakes: k of them fill one."""
    return float((counts / neighborhood).clamp(max=1.0).double().mean())


def calibrated(filled: float, generated: int, reference: int, neighborhood: int) -> float:
    """Return the share of perfect images among `generated` at which balls are expected to be as full as they are.

    Fuller balls than all of them are expected to make give more than 1, on a straight line: else the error would be 0.
    """
    expected = expected_filling(generated, reference, neighborhood)
    # The official code takes the next whole number of images; between two of them this is a straight line.
    place = int(torch.searchsorted(expected, torch.tensor(filled, dtype=torch.float64)).clamp(1, generated))
    before, after = float(expected[place - 1]), float(expected[place])
    return (place - 1 + (filled - before) / (after - before)) / generated


def expected_filling(generated: int, reference: int, neighborhood: int) -> Tensor:
    """Return how full balls are on average with 0 to `generated` perfect images, `[generated + 1]`, increasing.

    The number J of m perfect images in a ball that reaches to the k-th of N - 1 other reals is beta-binomial:
    P(J = j) = C(m, j) B(k + j, N - k + m - j) / B(k, N - k); a ball is E[min(J, k)] / k full.
    """
    m = torch.arange(generated + 1, dtype=torch.float64)[:, None]
    j = torch.arange(neighborhood, dtype=torch.float64)[None, :]
    k, others = float(neighborhood), float(reference - neighborhood)
    lgamma = torch.lgamma
    choose = lgamma(m + 1) - lgamma(j + 1) - lgamma((m - j).clamp(min=0) + 1)
    first = torch.tensor([k, others, k + others], dtype=torch.float64).lgamma()
    beta = lgamma(k + j) + lgamma((others + m - j).clamp(min=0.5)) - lgamma(k + others + m)
    chance = (choose + beta - (first[0] + first[1] - first[2])).exp() * (j <= m)
    # E[min(J, k)] = k - sum_{j < k} (k - j) P(J = j)
    return (1.0 - ((k - j) * chance).sum(1) / k).clamp(min=0.0)
