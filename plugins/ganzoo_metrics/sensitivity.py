"""Sensitivity: what the metrics were measured to see, as `benchmarks/metric_sensitivity.py` prints it."""

from __future__ import annotations

from collections.abc import Mapping

from ganzoo import Sensitivity

_MEASURED_ON = ""
_MEASURED: Mapping[str, Mapping[str, float]] = {}


def measured(*keys: str) -> Mapping[str, Sensitivity]:
    """Return what values were measured to see, those that were measured."""
    return {key: Sensitivity(_MEASURED_ON, _MEASURED[key]) for key in keys if key in _MEASURED}
