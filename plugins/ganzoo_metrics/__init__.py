"""Metrics for scores, with torch-fidelity's definitions and values; each with a jackknife standard error."""

from __future__ import annotations

from ganzoo import Metric, hookimpl
from ganzoo_metrics.fid import FrechetDistance
from ganzoo_metrics.inception_score import InceptionScore
from ganzoo_metrics.kid import KernelDistance
from ganzoo_metrics.precision_recall import PrecisionRecall


@hookimpl
def ganzoo_metrics() -> list[type[Metric]]:
    """Offer the metrics."""
    return [FrechetDistance, InceptionScore, KernelDistance, PrecisionRecall]
