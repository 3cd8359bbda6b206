"""Density and coverage of two sets of features `[n, d]`: generated images in balls around real ones."""

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

_FEW_IMAGES = 200
"""With fewer images the coverage of a perfect generator, 1 - 2^-k for as many as reals, is off by more than 0.1 %."""


class DensityCoverageOptions(ComponentOptions):
    """How far the ball around each real image reaches."""

    neighborhood: PositiveInt = Field(default=5, description="k of the k-th nearest neighbor that sets the radius.")


class DensityCoverage(Metric[DensityCoverageOptions]):
    """Density (how deep among real images?) and coverage (which real images have a generated one nearby?).

    Density may exceed 1. Coverage of a perfect generator with as many images as there are reals is 1 - 2^-k.

    Paper: Naeem et al. 2020, arXiv:2002.09797.
    """

    name = "density-coverage"
    values: ClassVar[Mapping[str, Display]] = {
        "density": Display("density", lower_is_better=False),
        "coverage": Display("coverage", lower_is_better=False, transform="logit"),
    }
    reads = ("pooled",)
    published_features = "vgg16-fc2"
    sensitivity = measured("density", "coverage")

    Options = DensityCoverageOptions

    def shortage(self, generated: int, reference: int) -> str | None:
        return shortage_of_neighbors(self.options.neighborhood, generated, reference)

    def images_needed(self) -> int:
        return _FEW_IMAGES

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 2.0 * reference * (generated * (width + blocks) + reference * width)

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        fakes, reals = data.generated["pooled"], data.reference["pooled"]
        density, coverage = density_coverage(fakes, reals, neighborhood=self.options.neighborhood, blocks=data.blocks)
        return {"density": density, "coverage": coverage}


def density_coverage(fakes: Tensor, reals: Tensor, *, neighborhood: int, blocks: int) -> tuple[Estimate, Estimate]:
    """Return the mean number of balls that fakes are in, over k, and the share of balls with a fake in them."""
    radius, member = radii(reals, neighborhood), members(len(fakes), blocks)
    balls_of, in_ball, start = torch.zeros(len(fakes), dtype=torch.float64), [], 0
    for distances in strips(reals, fakes):
        # Strictly inside, as the official code has it.
        inside = (distances < radius[start : start + len(distances), None]).float()
        balls_of += inside.sum(0)
        in_ball.append(inside @ member)
        start += len(distances)
    depth, counts = balls_of / neighborhood, torch.cat(in_ball)
    covered = (counts.sum(1) > 0).double().mean()
    density = influence_estimate(float(depth.mean()), depth)
    if not can_leave_out(len(fakes), blocks):
        return density, Estimate(float(covered))
    left_out = ((counts.sum(1, keepdim=True) - counts) > 0).double().mean(0)
    # No block that changes anything is no proof that nothing would.
    return density, Estimate(float(covered), standard_error(left_out) or None)
