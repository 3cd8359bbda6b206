"""Metric estimates: what a metric gives, required to be whole and finite."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metric_values import Estimate
from ganzoo.contracts.metrics import Metric
from ganzoo.testing.failure import doing, require


def estimates_of(metric: Metric, data: MetricInput) -> Mapping[str, Estimate]:
    """Return what a metric gives. Raises ConformanceError where a value is missing or no finite number."""
    with doing("estimates(data)"):
        found = dict(metric.estimates(data))
    declared = sorted(metric.values)
    require(sorted(found) == declared, f"declares {declared} in `values`, but gives {sorted(found)}")
    for key, each in found.items():
        require(isinstance(each, Estimate), f"must give a ganzoo.Estimate for {key!r}, found {each!r:.80}")
        _require_number(each.value, f"for {key!r}")
        if each.standard_error is not None:
            _require_number(each.standard_error, f"as the standard error for {key!r}")
            require(each.standard_error >= 0, f"gives the standard error {each.standard_error!r} for {key!r}")
    return found


def _require_number(value: object, what: str) -> None:
    require(
        isinstance(value, float),
        f"gives {value!r:.40} {what}, {type(value).__name__} instead of a plain float: float(...)",
    )
    require(isinstance(value, float) and math.isfinite(value), f"gives {value!r} {what}")
