"""RBF-kernel distance: the squared MMD of features scaled to length 1 under a Gaussian kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, PlainValue
from ganzoo_metrics.mmd import Discrepancy, unbiased_mmd
from ganzoo_metrics.sensitivity import measured


class RBFDistanceOptions(ComponentOptions):
    """The kernel's width."""

    # The paper's, and its official code's, for CLIP's features, which have length 1.
    bandwidth: PositiveFloat = Field(default=10.0, description="Sigma of exp(-|x - y|^2 / (2 sigma^2)).")


class RBFDistance(Metric[RBFDistanceOptions]):
    """Distance of features of length 1 by a Gaussian kernel's MMD^2 (CMMD with CLIP's); unbiased, so for few images.

    The official code's estimate is the biased one: larger, by up to 10 (1/n + 1/m) in the unit that is shown.

    Paper: Jayasumana et al. 2024, arXiv:2401.09603.
    """

    name = "mmd-rbf"
    # The paper shows it times 1,000.
    values: ClassVar[Mapping[str, Display]] = {
        "mmd_rbf": Display("MMD-rbf", published="CMMD", unit="×10³", scale=1000.0)
    }
    reads = ("pooled",)
    published_features = "clip-vit-l14-336"
    sensitivity = measured("mmd_rbf")

    Options = RBFDistanceOptions

    def images_needed(self) -> int:
        return 100

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 2.0 * (generated + reference) ** 2 * (width + 10)

    def identity(self) -> Mapping[str, PlainValue]:
        return {**super().identity(), "features": "scaled to length 1", "estimate": "unbiased"}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        found = rbf_distance(data.generated["pooled"], data.reference["pooled"], bandwidth=self.options.bandwidth)
        return {"mmd_rbf": found.estimate(data.reference.subjects, data.generated.subjects)}


def rbf_distance(fakes: Tensor, reals: Tensor, *, bandwidth: float) -> Discrepancy:
    """Return the unbiased squared MMD of features `[n, d]`, each scaled to length 1."""

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        # Of length 1: |x - y|^2 = 2 - 2 x.y, up to features that are zero altogether.
        squares = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
        return torch.exp(squares.clamp(min=0) / (-2 * bandwidth**2))

    fakes, reals = (torch.nn.functional.normalize(each.double(), dim=1) for each in (fakes, reals))
    return unbiased_mmd(fakes, reals, kernel)
