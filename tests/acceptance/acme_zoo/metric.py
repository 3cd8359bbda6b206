"""A metric with a setting of its own: how far apart the means of two sets of features are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput


class GapOptions(ComponentOptions):
    """Which norm."""

    order: float = Field(default=2.0, ge=1, description="Order of the norm.")


class Gap(Metric[GapOptions]):
    """The norm of the difference of mean features."""

    name = "acme-gap"
    values: ClassVar[Mapping[str, Display]] = {"acme_gap": Display("Gap", unit="×10", scale=10.0)}
    reads = ("pooled",)
    default_place = 0

    Options = GapOptions

    def cost(self, generated: int, reference: int, width: int, blocks: int) -> float:
        return 1e11 * self.options.order  # a slow norm, of which it says so

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        between = data.generated["pooled"].double().mean(0) - data.reference["pooled"].double().mean(0)
        return {"acme_gap": Estimate(float(between.norm(self.options.order)))}
