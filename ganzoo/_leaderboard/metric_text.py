"""Metric text: a metric's name as everything that shows it is labeled, and the decimals that show its errors."""

from __future__ import annotations

from collections.abc import Sequence

from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import ShownMetric
from ganzoo._runs.score_text import decimals_for, shown_name


def metric_name(shown: ShownMetric) -> str:
    """Return a metric's name with its unit and direction."""
    return f"{shown_name(shown.label, shown.unit)} {'↓' if shown.lower_is_better else '↑'}"


def estimate_decimals(estimates: Sequence[Estimate], scale: float) -> int:
    """Return as many decimals as show the errors of these."""
    spreads = [each.deviation if each.deviation is not None else each.sampling_error for each in estimates]
    errors = [spread * scale if spread else None for spread in spreads]
    return decimals_for([each.mean * scale for each in estimates], errors)
