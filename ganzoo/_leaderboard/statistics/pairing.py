"""Pairing of rows by their seeds: one seed gives two recipes the same order of images and the same latents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_LEVEL = 0.002
"""Pairing is used where independent rows would agree so well in two tables of a thousand only."""
_LEAST_SHARED = 3
_DRAWS, _MOST_NUMBERS = 20_000, 600_000


@dataclass(frozen=True)
class Pairing:
    """Variances over seeds of many tables, without what the seeds have in common where that helps.

    Attributes:
        variances: Of each row, `[tables, rows]`; 0 for one seed.
        freedoms: Their degrees of freedom.
        correlation: Mean correlation of two rows over the seeds that all rows of several seeds share, `[tables]`;
            nan where they share fewer than three.
        used: Whether the common part was removed, `[tables]`.
    """

    variances: Array
    freedoms: Array
    correlation: Array
    used: NDArray[np.bool_]


def paired(values: Array) -> Pairing:
    """Return variances over seeds, of what is left beside the seeds' common part where seeds surely have one.

    Args:
        values: `[tables, rows, seeds]`, a column per seed; nan where a row lacks it. All tables lack the same.
    """
    there = ~np.isnan(values)
    counts = there.sum(2)
    residuals = np.where(there, values - (np.nansum(values, 2) / counts)[:, :, None], 0.0)
    freedoms = np.maximum(counts - 1.0, 0.0)
    variances = (residuals**2).sum(2) / np.maximum(freedoms, 1.0)
    rows, seeds = _shared(there)
    correlation, used = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool)
    if len(seeds) < _LEAST_SHARED or len(rows) < 2:
        return Pairing(variances, freedoms, correlation, used)
    shared = values[:, rows][:, :, seeds]
    shared = shared - shared.mean(2, keepdims=True)
    correlation = _mean_correlation(shared)
    if len(seeds) == there.any((0, 1)).sum():  # without gaps: a row's own seeds are those of all
        used = correlation > _bound(len(rows), len(seeds))
        left = shared[used] - shared[used].mean(1, keepdims=True)
        freedom = (len(seeds) - 1) * (1 - 1 / len(rows))
        chosen = np.ix_(used, rows)
        variances[chosen] = (left**2).sum(2) / freedom
        freedoms[chosen] = freedom
    return Pairing(variances, freedoms, correlation, used)


def _shared(there: NDArray[np.bool_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the rows of several seeds, and the seeds that all of them have: alike in all tables."""
    first = there[0]
    rows = np.flatnonzero(np.sum(first, axis=1) > 1)
    return rows, np.flatnonzero(np.all(first[rows], axis=0))


def _mean_correlation(residuals: Array) -> Array:
    norms = np.sqrt((residuals**2).sum(2, keepdims=True))
    directions = np.divide(residuals, norms, out=np.zeros_like(residuals), where=norms > 0)
    rows = residuals.shape[1]
    together = (directions.sum(1) ** 2).sum(1) - (directions**2).sum((1, 2))
    return np.asarray(together / (rows * (rows - 1)))


@lru_cache(maxsize=256)
def _bound(rows: int, seeds: int) -> float:
    """Return the mean correlation that independent rows pass with probability `_LEVEL`, whatever their variances."""
    draws = max(1000, min(_DRAWS, _MOST_NUMBERS // (rows * seeds)))
    drawn = np.random.default_rng(0).standard_normal((draws, rows, seeds))
    return float(np.quantile(_mean_correlation(drawn - drawn.mean(2, keepdims=True)), 1 - _LEVEL))
