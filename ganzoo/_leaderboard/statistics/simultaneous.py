"""Simultaneous intervals: the differences of all pairs of rows, of one table or of thousands alike, all at once.

`ganzoo compare` and `benchmarks/verdicts.py`, which measures how often this errs, call the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ganzoo._leaderboard.statistics.pairing import paired
from ganzoo._leaderboard.statistics.spread import Spread, moderated_spread
from ganzoo._leaderboard.statistics.studentized_range import critical_t

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
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
    rows = counts.shape[1]
    pairs = np.triu_indices(rows, 1)
    critical = partial(critical_t, rows, level=level)
    first, second = (freedoms[:, side] for side in pairs)
    alike = several[:, pairs[0]] == several[:, pairs[1]]  # their variances are one estimate, or one assumption
    most = np.where(alike, np.minimum(first, second), np.inf)
    half = _half_widths(single / counts, freedoms, pairs, critical, most)
    unlike = _needs_own(counts, pairs, samples.uneven)
    if unlike.any():
        own = _half_widths(spread.own / counts, pairing.freedoms, pairs, critical)
        half = np.where(unlike, np.maximum(half, own), half)
    return Intervals(
        difference=means[:, :, None] - means[:, None, :],
        half_width=_square(half, pairs, rows),
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


def _needs_own(counts: NDArray[np.int_], pairs: Pairs, uneven: bool) -> Bools:
    first, second = (counts[:, side] for side in pairs)
    fewest = np.minimum(first, second)
    return np.asarray(((first != second) | (fewest == 2) | uneven) & (fewest > 1))


def _half_widths(
    variances: Array,
    freedoms: Array,
    pairs: Pairs,
    critical: Callable[[Array], Array],
    most: Array | float = np.inf,
) -> Array:
    """Return half widths of pairs, `[tables, pairs]`, from variances of means and their degrees of freedom.

    Those of a pair are Satterthwaite's, or `most`.
    """
    parts = variances**2 / np.maximum(freedoms, 1.0)
    total, below = (sides[:, pairs[0]] + sides[:, pairs[1]] for sides in (variances, parts))
    freedom = np.divide(total**2, below, out=np.full_like(total, np.inf), where=below > 0)
    return np.where(np.isnan(total), np.inf, critical(np.minimum(freedom, most)) * np.sqrt(total))


def _square(half: Array, pairs: Pairs, rows: int) -> Array:
    found = np.zeros((len(half), rows, rows))
    found[:, pairs[0], pairs[1]] = half
    found[:, pairs[1], pairs[0]] = half
    return found
