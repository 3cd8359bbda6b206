"""The sliced Wasserstein distance of features: how far images must move, seen from many directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput, hookimpl
from ganzoo.scoring import blocks_of, can_leave_out, standard_error

requires_ganzoo_api = 2

_QUANTILES = 256


class YourPartOptions(ComponentOptions):
    """From how many sides it is looked at."""

    directions: PositiveInt = Field(default=128, description="Random directions that features are projected on.")


class YourPart(Metric[YourPartOptions]):
    """Distance of the quantiles of projected features: the root mean square over quantiles and directions."""

    name = "your-part"
    # The name of the features completes it, as in your_part-lite0. Errors are shares of the value, hence `log`.
    values: ClassVar[Mapping[str, Display]] = {"your_part": Display("your_part", transform="log")}
    reads: ClassVar[tuple[str, ...]] = ("pooled",)
    Options = YourPartOptions

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        made, real = data.generated["pooled"].double(), data.reference["pooled"].double()
        directions = self._directions(made.shape[1])
        levels = (torch.arange(_QUANTILES, dtype=torch.float64) + 0.5) / _QUANTILES
        target = torch.quantile(real @ directions, levels, dim=0)

        def distance(projected: Tensor) -> float:
            return float((torch.quantile(projected, levels, dim=0) - target).square().mean().sqrt())

        projected, error = made @ directions, None
        if can_leave_out(len(made), data.blocks):
            # The jackknife: how much the value moves when a block of images is left out. An error of None: not known.
            block = blocks_of(len(made), data.blocks)
            error = standard_error([distance(projected[block != left_out]) for left_out in range(data.blocks)])
        return {"your_part": Estimate(distance(projected), error)}

    def _directions(self, width: int) -> Tensor:
        """Return unit vectors `[width, directions]`, always the same: the same data give the same bits."""
        rng = torch.Generator().manual_seed(0)
        drawn = torch.randn(width, self.options.directions, generator=rng, dtype=torch.float64)
        directions: Tensor = drawn / drawn.norm(dim=0)
        return directions


@hookimpl
def ganzoo_metrics() -> list[type[Metric]]:
    return [YourPart]
