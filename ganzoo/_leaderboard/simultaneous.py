"""Simultaneous intervals: the differences of all pairs of rows, of one table or of thousands alike, all at once.

`ganzoo compare` and `benchmarks/verdicts.py`, which measures how often this errs, call the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ganzoo._leaderboard.pairing import paired
from ganzoo._leaderboard.spread import Spread, moderated_spread
from ganzoo._leaderboard.studentized_range import critical_t

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
LEVEL = 0.05
LEAST_SEEDS = 3
"""With fewer seeds than these no rank is definite."""
_ASSUMED_FREEDOM = 4.0
"""What an assumed spread is worth: 4 holds for normal and for heavy-tailed scores (`benchmarks/verdicts.py`)."""


@dataclass(frozen=True)
class Samples:
    """Scores of many tables of equal shape, on the scale on which their errors are even.

    Attributes:
        values: `[tables, rows, seeds]`; nan where a row has fewer seeds.
        sampling: Standard error of sampling of one network, `[tables, rows]`; nan where it is not known.
        floor: Least standard deviation over trainings that is believed, `[tables, rows]`.
        assumed: Standard deviation over trainings assumed of rows of one seed, `[tables, rows]`.
        sampling_freedom: Degrees of freedom of `sampling`, of the same shape or one for all.
        uneven: Whether the spread may follow the mean, as on a raw scale: then each pair's own variances must agree.
    """

    values: Array
    sampling: Array
    floor: Array
    assumed: Array
    sampling_freedom: Array | float = 19.0
    uneven: bool = False


@dataclass(frozen=True)
class Intervals:
    """Differences of all pairs, row minus column, `[tables, rows, rows]`.

    Attributes:
        difference: Of the means.
        half_width: Half the width of the intervals that hold together; inf where an error is not known.
        counts: Seeds of each row, `[tables, rows]`.
        deviation: Standard deviation of one training that is used, `[tables, rows]`.
        freedom: Degrees of freedom of those of rows with several seeds, `[tables]`.
        correlation: Mean correlation of two rows over their seeds, `[tables]`; nan where seeds are not shared.
        paired: Whether the seeds' common part was removed, `[tables]`.
    """

    difference: Array
    half_width: Array
    counts: Array
    deviation: Array
    freedom: Array
    correlation: Array
    paired: Bools


def simultaneous_intervals(samples: Samples, level: float = LEVEL) -> Intervals:
    """Return intervals of all differences that hold together with probability 1 - `level`.

    Tukey and Kramer's, on moderated variances that are never below a row's own; where two rows differ in their number
    of seeds or one has two, Games and Howell's as well, and the wider counts.
    """
    counts = (~np.isnan(samples.values)).sum(2)
    means = np.nansum(samples.values, 2) / counts
    pairing = paired(samples.values)
    spread = moderated_spread(pairing.variances, pairing.freedoms)
    several = counts > 1
    one = _one_training(samples, spread)
    single = np.where(several, np.maximum(spread.moderated, samples.floor**2), one.variances)
    freedoms = np.where(several, spread.freedom[:, None], one.freedoms)
    critical = partial(critical_t, counts.shape[1], level=level)
    common = np.minimum(freedoms[:, :, None], freedoms[:, None, :])
    alike = several[:, :, None] == several[:, None, :]  # their variances are one estimate, or one assumption
    half = _half_width(single / counts, freedoms, critical, np.where(alike, common, np.inf))
    own = _half_width(spread.own / counts, pairing.freedoms, critical)
    half = np.where(_needs_own(counts, samples.uneven), np.maximum(half, own), half)
    return Intervals(
        difference=means[:, :, None] - means[:, None, :],
        half_width=half,
        counts=counts,
        deviation=np.sqrt(single),
        freedom=spread.freedom,
        correlation=pairing.correlation,
        paired=pairing.used,
    )


@dataclass(frozen=True)
class _OneTraining:
    variances: Array
    freedoms: Array


def _one_training(samples: Samples, spread: Spread) -> _OneTraining:
    """Return the variance of one training alone: that of sampling, and an assumed one, or the table's if larger."""
    sampling = samples.sampling**2
    training = np.maximum(samples.assumed**2, spread.pooled[:, None])
    total = sampling + training
    freedoms = total**2 / (sampling**2 / samples.sampling_freedom + training**2 / _ASSUMED_FREEDOM)
    return _OneTraining(total, freedoms)


def _needs_own(counts: NDArray[np.int_], uneven: bool) -> Bools:
    fewest = np.minimum(counts[:, :, None], counts[:, None, :])
    unlike = (counts[:, :, None] != counts[:, None, :]) | (fewest == 2) | uneven
    return np.asarray(unlike & (fewest > 1))


def _half_width(
    variances: Array, freedoms: Array, critical: Callable[[Array], Array], most: Array | float = np.inf
) -> Array:
    """Return half widths from variances of means and their degrees of freedom; a pair's by Satterthwaite, or fewer."""
    total = variances[:, :, None] + variances[:, None, :]
    parts = variances**2 / np.maximum(freedoms, 1.0)
    below = parts[:, :, None] + parts[:, None, :]
    pair = np.divide(total**2, below, out=np.full_like(total, np.inf), where=below > 0)
    return np.where(np.isnan(total), np.inf, critical(np.minimum(pair, most)) * np.sqrt(total))
