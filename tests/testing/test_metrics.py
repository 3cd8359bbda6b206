"""Conformance of metrics: each promise broken once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch
from broken_parts import broken, complaint
from pydantic import Field

from ganzoo import ComponentOptions, Display, Estimate, Metric, MetricInput
from ganzoo.testing import check_metric, check_part


class GapOptions(ComponentOptions):
    """Which norm."""

    power: float = Field(default=2.0, gt=0, description="Power of the norm.")


class Gap(Metric[GapOptions]):
    """Distance of the mean features."""

    name = "gap"
    values: ClassVar[Mapping[str, Display]] = {"gap": Display("GAP")}
    reads = ("pooled",)
    Options = GapOptions

    def estimates(self, data: MetricInput) -> Mapping[str, Estimate]:
        return {"gap": Estimate(self.distance(data.generated["pooled"], data.reference["pooled"]), 0.1)}

    def distance(self, made: torch.Tensor, real: torch.Tensor) -> float:
        return float(torch.linalg.vector_norm(made.mean(0) - real.mean(0), ord=self.options.power))


METRICS: list[Any] = []


@broken(METRICS, "declares no value")
class Mute(Gap):
    values: ClassVar = {}


@broken(METRICS, "must be lower-case letters")
class Loud(Gap):
    values: ClassVar = {"GAP!": Display("GAP")}


@broken(METRICS, "must hold ganzoo.Display")
class Bare(Gap):
    values: ClassVar = {"gap": "GAP"}


@broken(METRICS, "has the transform 'ratio'; log, logit or raw")
class Bent(Gap):
    values: ClassVar = {"gap": Display("GAP", transform="ratio")}


@broken(METRICS, "`reads` must be a tuple of roles")
class Blind(Gap):
    reads = ()


@broken(METRICS, "declares ['gap'] in `values`, but gives ['hole']")
class Other(Gap):
    def estimates(self, data):
        return {"hole": Estimate(1.0)}


@broken(METRICS, "gives nan for 'gap'")
class Nan(Gap):
    def estimates(self, data):
        return {"gap": Estimate(float("nan"))}


@broken(METRICS, "gives the standard error -1.0 for 'gap'")
class Sure(Gap):
    def estimates(self, data):
        return {"gap": Estimate(1.0, -1.0)}


@broken(METRICS, "gives a value of the class 12 for 'gap'; there are [0, 1, 2]")
class Elsewhere(Gap):
    def estimates(self, data):
        return {"gap": Estimate(1.0, by_class={12: Estimate(1.0)})}


@broken(METRICS, "gives nan for 'gap' of class 0")
class NanOfAClass(Gap):
    def estimates(self, data):
        return {"gap": Estimate(1.0, by_class={0: Estimate(float("nan"))})}


@broken(METRICS, "'gap' of class 0 is ")
class FirstOfAClass(Gap):
    def estimates(self, data):
        made = data.generated["pooled"]
        first = Estimate(float(made[data.generated.labels == 0][0].mean()))
        return {"gap": replace(super().estimates(data)["gap"], by_class={0: first})}


@broken(METRICS, "gives other values for the same images the second time")
class Moody(Gap):
    calls = 0

    def estimates(self, data):
        Moody.calls += 1
        return {"gap": Estimate(float(Moody.calls))}


@broken(METRICS, "changes the features that it was given")
class Rough(Gap):
    def estimates(self, data):
        data.generated["pooled"].sub_(data.reference["pooled"].mean(0))
        return super().estimates(data)


@broken(METRICS, "identity() is the same for another 'power'")
class Forgetful(Gap):
    def identity(self):
        return {"version": 1}


@broken(METRICS, "which its `lower_is_better` calls better")
class Upside(Gap):
    values: ClassVar = {"gap": Display("GAP", lower_is_better=False)}


@broken(METRICS, "needs more than 5120 images")
class Hungry(Gap):
    def shortage(self, generated, reference):
        return "never enough"


@broken(METRICS, "cost() says that more images cost less")
class Cheap(Gap):
    def cost(self, generated, reference, width, blocks):
        return 1.0 / generated


@pytest.mark.parametrize(("part", "expected"), METRICS)
def test_broken_metrics(part, expected):
    assert expected in complaint(part)


def test_what_the_broken_ones_are_made_from_is_whole():
    check_part(Gap)


def test_a_metric_of_something_else_than_quality_is_not_asked_for_a_direction():
    check_metric(Upside, direction=False)
