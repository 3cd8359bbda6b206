"""Transforms: the scale on which a metric's errors are even, so that one spread can be that of all rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganzoo._runs.plain_data import ClassScore
from ganzoo._runs.record import Score

Array = NDArray[np.float64]
Transform = Literal["log", "logit", "raw"]
_ERRORS_AWAY = 3.0
"""A score closer than this to where its transform ends, in sampling errors, has no even error there: KID near zero."""


def usable(wanted: Transform, scores: Iterable[Score | ClassScore]) -> Transform:
    """Return the transform that a metric asks for, or `raw` where a score lies too near to where it ends."""
    for score in scores:
        # An error over subjects is one of the reference that all rows share: it says nothing of this score's own.
        own = score.standard_error if score.error_unit == "image" else None
        least = _ERRORS_AWAY * (own or 0.0)
        if wanted != "raw" and score.value <= least:
            return "raw"
        if wanted == "logit" and 1 - score.value <= least:
            return "raw"
    return wanted


def forward(values: Array, transform: Transform) -> Array:
    """Return values on their scale."""
    if transform == "log":
        return np.asarray(np.log(values))
    return np.asarray(np.log(values) - np.log1p(-values)) if transform == "logit" else values


def back(scaled: Array, transform: Transform) -> Array:
    """Return values from their scale: the inverse of `forward`."""
    if transform == "log":
        return np.asarray(np.exp(scaled))
    return np.asarray(1 / (1 + np.exp(-scaled))) if transform == "logit" else scaled


def slope(values: Array, transform: Transform) -> Array:
    """Return the derivative of `forward`: how far a small step in a value is on its scale."""
    if transform == "log":
        return 1 / values
    return 1 / (values * (1 - values)) if transform == "logit" else np.ones_like(values)


def relative_step(values: Array, share: float, transform: Transform) -> Array:
    """Return how far a change of each value by a share of it is on its scale.

    Args:
        values: Any shape.
        share: Such as 0.013 for 1.3 %.
        transform: The scale.
    """
    if transform == "log":
        return np.full_like(values, np.log1p(share))
    return np.abs(values) * share * slope(values, transform)
