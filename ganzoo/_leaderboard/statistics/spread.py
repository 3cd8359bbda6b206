"""Spread over trainings: each row's variance, moderated towards that of its table.

Smyth 2004, doi:10.2202/1544-6115.1027, for the prior by moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_LEAST_SHARE = 1e-5
"""A variance below this share of the table's typical one is taken for it: two equal scores are no proof of none."""
_OWN_WEIGHT = 2 / 3
"""How much counts of what a row's own variance is above its moderated one: 0 would call a wide row's pairs apart too
often, 1 costs power without need (both measured by `benchmarks/verdicts.py`)."""
_EQUAL = 1e-6
"""Where log-variances differ by no more than this beyond chance, the rows are taken to share one variance."""


@dataclass(frozen=True)
class Spread:
    """Variances of single trainings, for many tables at once.

    Attributes:
        own: Sample variance over a row's seeds, `[tables, rows]`; 0 for one seed.
        moderated: Moderated variance, raised by two thirds of what the row's own is above it.
        pooled: The table's variance as if all rows shared it, `[tables]`; 0 where no row has two seeds.
        freedom: Degrees of freedom of the moderated variances, `[tables]`; 0 where no row has two seeds. Rounded
            down, since the prior's own are an estimate.
    """

    own: Array
    moderated: Array
    pooled: Array
    freedom: Array


def moderated_spread(own: Array, freedoms: Array) -> Spread:
    """Moderate variances towards their table's.

    Log-variances of a table scatter by chance; what they scatter more is that rows differ. From that the prior's
    degrees of freedom follow by moments (Smyth 2004, section 6.2): many where rows agree, few where they do not.

    Args:
        own: Sample variances, `[tables, rows]`.
        freedoms: Their degrees of freedom; 0 for a row of one seed, which says nothing of spread.
    """
    total, rows = freedoms.sum(1), (freedoms > 0).sum(1)
    pooled = (own * freedoms).sum(1) / np.maximum(total, 1)
    prior_freedom, prior = _prior(_positive(own, freedoms, pooled), freedoms)
    agree = (prior_freedom == np.inf) | (rows < 2)
    weight = np.where(agree, 1.0, prior_freedom)[:, None]
    mixed = (weight * prior[:, None] + freedoms * own) / (weight + freedoms)
    moderated = np.where(agree[:, None], pooled[:, None], mixed)
    fewest = np.where(freedoms > 0, freedoms, np.inf).min(1)
    freedom = np.where(agree, total, np.minimum(prior_freedom + fewest, total))
    raised = moderated + _OWN_WEIGHT * np.maximum(own - moderated, 0.0)
    return Spread(own, raised, pooled, np.floor(freedom + _EQUAL))


def _positive(own: Array, freedoms: Array, pooled: Array) -> Array:
    least = np.maximum(_LEAST_SHARE * pooled, np.finfo(float).tiny)[:, None]
    return np.where(freedoms > 0, np.maximum(own, least), 1.0)


def _prior(own: Array, freedoms: Array) -> tuple[Array, Array]:
    """Return the prior's degrees of freedom (inf: rows agree) and its variance, `[tables]` each."""
    there = freedoms > 0
    rows = np.maximum(there.sum(1), 1)
    halves = np.where(there, freedoms, 1.0) / 2
    logs = np.log(own) - digamma(halves) + np.log(halves)
    mean = (logs * there).sum(1) / rows
    scatter = (((logs - mean[:, None]) ** 2) * there).sum(1) / np.maximum(rows - 1, 1)
    excess = scatter - (trigamma(halves) * there).sum(1) / rows
    differ = (excess > _EQUAL) & (rows > 1)
    half = inverse_trigamma(np.where(differ, excess, 1.0))
    return np.where(differ, 2 * half, np.inf), np.exp(mean + digamma(half) - np.log(half))


_STEPS = 10
"""Steps of the recurrence before the series, whose next terms are then below 1e-10."""


def digamma(x: Array) -> Array:
    """Return the derivative of log Γ for x > 0, by its recurrence and its series for large x."""
    shift, x = (1 / _ladder(x)).sum(-1), x + _STEPS
    return np.asarray(np.log(x) - 1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - shift)


def trigamma(x: Array) -> Array:
    """Return the second derivative of log Γ for x > 0."""
    shift, x = (1 / _ladder(x) ** 2).sum(-1), x + _STEPS
    return np.asarray(1 / x + 1 / (2 * x**2) + 1 / (6 * x**3) - 1 / (30 * x**5) + shift)


def _ladder(x: Array) -> Array:
    return np.asarray(x[..., None] + np.arange(_STEPS))


def inverse_trigamma(y: Array) -> Array:
    """Return x with trigamma(x) = y > 0, within [1e-3, 1e6], by bisection: trigamma falls."""
    low, high = np.full_like(y, 1e-3), np.full_like(y, 1e6)
    for _ in range(60):
        middle = np.sqrt(low * high)
        too_small = trigamma(middle) > y
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return np.asarray(np.sqrt(low * high))
