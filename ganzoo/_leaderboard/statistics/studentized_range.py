"""Studentized range: how far apart the farthest of several equal means may lie by chance. Numbers only."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_STEP, _REACH = 0.02, 9.0
"""Grid of the normal variable: beyond nine deviations nothing is left in double precision."""
_NODES = np.array([1 / freedom for freedom in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 14, 20, 30, 60, 120, 1000)])
_MOST_ROWS = 400


def critical_t(count: int, freedom: Array | float, level: float) -> Array:
    """Return the bound that the largest |t| over all pairs of `count` equal means passes with probability `level`.

    That is the upper quantile of the studentized range over the square root of 2 (Tukey 1953). For two means it is
    the two-sided quantile of Student's t. It is integrated, not simulated: exact to four digits, and without a seed.

    Args:
        count: Number of means, at least 2.
        freedom: Degrees of freedom of the variance, at least 1, any shape.
        level: Probability of a false claim about any pair, in (0, 1).
    """
    wanted = 1 / np.clip(np.asarray(freedom, dtype=float), 1.0, 1000.0)
    inverse, logs = _NODES[::-1], _log_quantiles(min(max(count, 2), _MOST_ROWS), level)[::-1]
    return np.exp(np.interp(wanted, inverse, logs)) / math.sqrt(2)


@lru_cache(maxsize=256)
def _log_quantiles(count: int, level: float) -> Array:
    widths, chances = _range_distribution(count)
    found = []
    for inverse in _NODES:
        sizes, weights = _deviations(1 / float(inverse))
        low, high = 0.0, 12.0
        for _ in range(40):
            middle = (low + high) / 2
            inside = float(np.interp(math.exp(middle) * sizes, widths, chances) @ weights)
            low, high = (middle, high) if inside < 1 - level else (low, middle)
        found.append((low + high) / 2)
    return np.array(found)


@lru_cache(maxsize=64)
def _range_distribution(count: int) -> tuple[Array, Array]:
    """Return widths, and the chance that the range of `count` standard normal numbers is no wider."""
    reach = round(_REACH / _STEP)
    below = np.array([0.5 * (1 + math.erf(step * _STEP / math.sqrt(2))) for step in range(-3 * reach, reach + 1)])
    density = np.exp(-0.5 * (np.arange(-reach, reach + 1) * _STEP) ** 2) / math.sqrt(2 * math.pi)
    upper = below[2 * reach :]
    steps = range(0, 2 * reach + 1, 2)
    chances = [
        count * _STEP * float(density @ (upper - below[2 * reach - width : 4 * reach + 1 - width]) ** (count - 1))
        for width in steps
    ]
    return np.array(steps) * _STEP, np.minimum(np.array(chances), 1.0)


def _deviations(freedom: float) -> tuple[Array, Array]:
    """Return standard deviations of samples from N(0, 1) with these degrees of freedom, and their probabilities."""
    width = 7 / math.sqrt(2 * freedom)
    logs = np.linspace(-width - 16 / freedom, min(width, 2.5), 500)
    density = freedom * logs - freedom * np.exp(2 * logs) / 2
    weights = np.exp(density - density.max())
    return np.exp(logs), weights / weights.sum()
