"""Verdicts: what intervals say of each pair of rows, and the ranks that each row may hold. Tables side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ganzoo._leaderboard.statistics.simultaneous import LEAST_SEEDS, Intervals

Array = NDArray[np.float64]
Answers = NDArray[np.int8]
UNKNOWN: Final = 0
BETTER: Final = 1
WORSE: Final = -1
EQUIVALENT: Final = 2


def answers_of(intervals: Intervals, margins: Array | float, *, lower_is_better: bool = True) -> Answers:
    """Return what is known of each row against each other, `[tables, rows, rows]`.

    Equivalent, where the interval of the difference lies inside ± the margin, whether it holds 0 or not; then better
    or worse, where it does not hold 0; else unknown. Neighbors in the order of the means are unknown where one has
    fewer than three seeds, so that no such row has a definite rank.

    Args:
        intervals: Of all pairs.
        margins: Differences that do not matter, on the scale of the intervals.
        lower_is_better: The metric's direction.
    """
    gap, half = intervals.difference, intervals.half_width
    answers = np.zeros(gap.shape, dtype=np.int8)
    sign = -1 if lower_is_better else 1
    known = np.abs(gap) > half
    answers[known] = (sign * np.sign(gap[known])).astype(np.int8)
    answers[np.abs(gap) + half <= margins] = EQUIVALENT
    answers[_neighbors_of_few(intervals)] = UNKNOWN
    return answers


def _neighbors_of_few(intervals: Intervals) -> NDArray[np.bool_]:
    place = np.argsort(np.argsort(intervals.difference[:, :, 0], axis=1, kind="stable"), axis=1)
    apart = np.abs(place[:, :, None] - place[:, None, :])
    few = intervals.counts < LEAST_SEEDS
    return np.asarray((apart <= 1) & (few[:, :, None] | few[:, None, :] | (apart == 0)))


def rank_sets(answers: Answers) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the first and the last rank that each row may hold, `[tables, rows]`: all hold together."""
    rows = answers.shape[1]
    return 1 + (answers == WORSE).sum(2), rows - (answers == BETTER).sum(2)
