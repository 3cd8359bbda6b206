"""Statistics of rows: values with their errors, and which of two is better, if either."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEGLIGIBLE_GAP = 0.013
"""A relative gap below this means nothing: another training seed moves FID by as much (arXiv:2606.20536)."""

_JACKKNIFE_FREEDOM = 19  # 20 blocks
_T_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True)
class Estimate:
    """A metric over the seeds of one experiment.

    Attributes:
        mean: Mean over the seeds.
        deviation: Sample standard deviation over the seeds; None for one seed.
        count: Number of seeds.
        standard_error: For one seed: the error of sampling images alone, if known. None otherwise.
        notes: What a reader must know, such as `rank-deficient`.
    """

    mean: float
    deviation: float | None
    count: int
    standard_error: float | None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Sequence[float], errors: Sequence[float | None], notes: Sequence[str] = ()) -> Estimate:
        """Summarize the values of one or more seeds."""
        alone = len(values) == 1
        deviation = None if alone else statistics.stdev(values)
        return cls(
            statistics.fmean(values), deviation, len(values), errors[0] if alone else None, tuple(dict.fromkeys(notes))
        )

    @property
    def error(self) -> float | None:
        """Standard error of the mean: over seeds where there are several, else of sampling alone."""
        return self.standard_error if self.deviation is None else self.deviation / math.sqrt(self.count)

    @property
    def freedom(self) -> int:
        """Degrees of freedom of `error`."""
        return _JACKKNIFE_FREEDOM if self.deviation is None else self.count - 1


def are_tied(one: Estimate, other: Estimate) -> bool:
    """Whether the difference of two is within their errors.

    That is when the 95 % interval of their difference (Welch's, from the errors that are known) contains 0, or when
    they differ by no more than 1.3 % of the larger.
    """
    return bool(_Errors([one, other]).tied_with(0)[1])


class _Errors:
    """Means and errors of many estimates, side by side."""

    def __init__(self, estimates: Sequence[Estimate]) -> None:
        self.means = np.array([each.mean for each in estimates])
        self.variances = np.array([(each.error or 0.0) ** 2 for each in estimates])
        self.freedoms = np.array([each.freedom for each in estimates], dtype=float)

    def tied_with(self, index: int) -> NDArray[np.bool_]:
        """Return for each estimate whether it is tied with the one at `index`."""
        gaps = np.abs(self.means - self.means[index])
        negligible = gaps <= NEGLIGIBLE_GAP * np.maximum(np.abs(self.means), abs(self.means[index]))
        total = self.variances + self.variances[index]
        parts = self.variances**2 / self.freedoms + self.variances[index] ** 2 / self.freedoms[index]
        freedoms = np.divide(total**2, parts, out=np.full_like(total, np.inf), where=parts > 0)
        return negligible | ((total > 0) & (gaps <= _t_975(freedoms) * np.sqrt(total)))


def _t_975(freedoms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 97.5 % quantile of Student's t; between the tabled ones, the wider."""
    rows = np.clip(freedoms + 1e-9, 1, len(_T_975)).astype(int)
    return np.array(_T_975)[rows - 1]


def rank_intervals(sorted_estimates: Sequence[Estimate]) -> list[tuple[int, int]]:
    """Return for each of the estimates, best first, the ranks that it may hold.

    `(2, 2)` is a rank; `(1, 3)` is a tie: none is known to be better, and all but two are known to be worse.
    """
    errors, count = _Errors(sorted_estimates), len(sorted_estimates)
    intervals = []
    for index in range(count):
        apart = ~errors.tied_with(index)
        intervals.append((1 + int(apart[:index].sum()), count - int(apart[index + 1 :].sum())))
    return intervals
