"""Metric estimates: what a metric gives, required to be whole and finite."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ganzoo.contracts.metric_input import MetricInput
from ganzoo.contracts.metric_values import Estimate
from ganzoo.contracts.metrics import Metric
from ganzoo.scoring.class_scores import class_counts
from ganzoo.testing.failure import doing, require


def estimates_of(metric: Metric, data: MetricInput) -> Mapping[str, Estimate]:
    """Return what a metric gives. Raises ConformanceError where a value is missing or no finite number."""
    with doing("estimates(data)"):
        found = dict(metric.estimates(data))
    declared = sorted(metric.values)
    require(sorted(found) == declared, f"declares {declared} in `values`, but gives {sorted(found)}")
    for key, each in found.items():
        _require_estimate(each, repr(key))
        require(
            metric.values[key].transform != "logit" or 0 <= each.value <= 1,
            f"gives {each.value:.4g} for {key!r}, whose Display has transform='logit', which is for shares between 0 "
            f"and 1: 'log' for positive values, 'raw' for others",
        )
        _require_classes(each, repr(key), data)
    return found


def _require_estimate(found: object, what: str) -> None:
    require(isinstance(found, Estimate), f"must give a ganzoo.Estimate for {what}, found {found!r:.80}")
    assert isinstance(found, Estimate)
    _require_number(found.value, f"for {what}")
    if found.standard_error is not None:
        _require_number(found.standard_error, f"as the standard error for {what}")
        require(found.standard_error >= 0, f"gives the standard error {found.standard_error!r} for {what}")


def _require_classes(found: Estimate, what: str, data: MetricInput) -> None:
    """Require that what is given by class is given of classes that there are, each of which has no classes in turn."""
    by_class: object = found.by_class
    require(isinstance(by_class, Mapping), f"must give a mapping by class for {what}, found {by_class!r:.80}")
    there = class_counts(data.generated).keys() | class_counts(data.reference).keys()
    for number, each in found.by_class.items():
        known = type(number) is int and number in there
        require(known, f"gives a value of the class {number!r:.40} for {what}; there are {sorted(there)}: int(...)")
        _require_estimate(each, f"{what} of class {number}")
        require(not each.by_class, f"gives values by class for {what} of class {number}, which has none")


def _require_number(value: object, what: str) -> None:
    require(
        isinstance(value, float),
        f"gives {value!r:.40} {what}, {type(value).__name__} instead of a plain float: float(...)",
    )
    require(isinstance(value, float) and math.isfinite(value), f"gives {value!r} {what}")
