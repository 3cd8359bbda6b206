"""Edges: how much of them images have, and how strong they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput
from ganzoo.scoring import blocks_of, can_leave_out, standard_error


class EdgeDistanceOptions(ComponentOptions):
    """How strengths are counted."""

    bins: int = Field(default=16, ge=2, le=256, description="Strengths that are told apart.")


class EdgeDistance(Metric[EdgeDistanceOptions]):
    """Distance of the mean histograms of edge strengths, half the sum of absolute differences: 0 to 1."""

    name = "acme-edges"
    Options = EdgeDistanceOptions
    values: ClassVar[Mapping[str, Display]] = {"acme_edges": Display("Edges", unit="%", scale=100)}
    reads = ("edges",)
    describes = ("edges",)

    def describe(self, images: Tensor, first: int) -> Mapping[str, Tensor]:
        pixels = images.float().mean(dim=1)
        down = (pixels[:, 1:, 1:] - pixels[:, :-1, 1:]).abs()
        across = (pixels[:, 1:, 1:] - pixels[:, 1:, :-1]).abs()
        strengths = torch.maximum(down, across) / 256
        bins = (strengths * self.options.bins).long().flatten(1)
        counts = torch.zeros(len(images), self.options.bins).scatter_add_(1, bins, torch.ones(bins.shape))
        return {"edges": counts / bins.shape[1]}

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        made, real = data.generated["edges"].double(), data.reference["edges"].double().mean(dim=0)

        def distance(rows: Tensor) -> float:
            return float((rows.mean(dim=0) - real).abs().sum() / 2)

        error = None
        if can_leave_out(len(made), data.blocks):
            block = blocks_of(len(made), data.blocks)
            error = standard_error([distance(made[block != left_out]) for left_out in range(data.blocks)])
        return {"acme_edges": Estimate(distance(made), error)}
