"""Ranking of a table: its rows best first, what is known of each pair, and the ranks that each may hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ganzoo._leaderboard.plan import SeedsToSettle
from ganzoo._leaderboard.rules import Rules
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.simultaneous import LEAST_SEEDS, Intervals, Samples, simultaneous_intervals
from ganzoo._leaderboard.statistics.transforms import Transform, back, forward, relative_step, slope
from ganzoo._leaderboard.statistics.verdicts import BETTER, EQUIVALENT, UNKNOWN, WORSE, Answers, answers_of, rank_sets
from ganzoo._leaderboard.tables import Row
from ganzoo._leaderboard.verdict import Answer, Pair, Verdict

Array = NDArray[np.float64]
MOST_LISTED_ROWS = 100
"""Of more rows not every pair is listed with its interval: the rows say which others they are better than."""
_WORDS: dict[int, Answer] = {
    BETTER: "better",
    WORSE: "worse",
    EQUIVALENT: "equivalent",
    UNKNOWN: "not known yet",
}


def ranked(
    rows: Sequence[Row], metric: str, transform: Transform, rules: Rules, *, lower_is_better: bool
) -> tuple[list[Row], Verdict]:
    """Return the rows best first with their ranks, and what is known of the pairs.

    Behind them stand those without the metric, and those whose training read the features that it is taken in.
    """
    sign = 1 if lower_is_better else -1
    able = [row for row in rows if metric in row.estimates and not row.judge_read]
    able.sort(key=lambda row: (sign * row.estimates[metric].mean, row.recipe, row.kimg))
    others = [row for row in rows if metric not in row.estimates or row.judge_read]
    if not able:
        return others, _nothing_known(transform, rules)
    estimates = [row.estimates[metric] for row in able]
    intervals = simultaneous_intervals(samples_of(estimates, transform, rules), rules.level)
    means = np.array([estimate.mean for estimate in estimates])
    margins = margins_of(means, transform, rules)
    answers = answers_of(intervals, margins, lower_is_better=lower_is_better)[0]
    first, last = rank_sets(answers[None])
    placed = [
        replace(
            row,
            number=index + 1,
            rank=(int(first[0, index]), int(last[0, index])),
            better_than=_numbers(answers[index] == BETTER),
            worse_than=_numbers(answers[index] == WORSE),
            equivalent_to=_numbers(answers[index] == EQUIVALENT),
        )
        for index, row in enumerate(able)
    ]
    return placed + others, _verdict(placed, metric, intervals, answers, transform, rules)


def samples_of(estimates: Sequence[Estimate], transform: Transform, rules: Rules) -> Samples:
    """Return the rows' scores on their scale, a column per seed."""
    seeds = {seed: column for column, seed in enumerate(sorted({s for each in estimates for s in each.values}))}
    values = np.full((1, len(estimates), max(len(seeds), 1)), np.nan)
    for index, estimate in enumerate(estimates):
        for seed, value in estimate.values.items():
            values[0, index, seeds[seed]] = value
    means = np.array([[estimate.mean for estimate in estimates]])
    errors = np.array([[np.nan if each.sampling_error is None else each.sampling_error for each in estimates]])
    # On a raw scale the spread of a row near zero is not a share of it: the largest row's is assumed.
    typical = np.full_like(means, np.abs(means).max(initial=0.0)) if transform == "raw" else means
    return Samples(
        values=forward(values, transform),
        sampling=errors * slope(means, transform),
        floor=relative_step(means, LEAST_SPREAD, transform),
        assumed=relative_step(typical, rules.assumed_spread, transform),
        sampling_freedom=np.array([[each.sampling_freedom for each in estimates]]),
        uneven=transform == "raw",
    )


LEAST_SPREAD = 0.013
"""No row is believed to spread less over trainings: the least that The FID Lottery found (arXiv:2606.20536)."""


def margins_of(means: Array, transform: Transform, rules: Rules) -> Array:
    """Return differences of all pairs that do not matter, on the scale, `[1, rows, rows]`."""
    typical = (means[:, None] + means[None, :]) / 2
    return relative_step(typical, rules.equivalence, transform)[None]


def _numbers(chosen: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(index) + 1 for index in np.flatnonzero(chosen))


def _verdict(
    rows: Sequence[Row], metric: str, intervals: Intervals, answers: Answers, transform: Transform, rules: Rules
) -> Verdict:
    upper = np.triu_indices(len(rows), 1)
    known = answers[upper]
    return replace(
        _nothing_known(transform, rules),
        few=tuple(row.number for row in rows if row.estimates[metric].count < LEAST_SEEDS),
        better=int(((known == BETTER) | (known == WORSE)).sum()),
        equivalent=int((known == EQUIVALENT).sum()),
        unknown=int((known == UNKNOWN).sum()),
        correlation=None if np.isnan(intervals.correlation[0]) else float(intervals.correlation[0]),
        paired=bool(intervals.paired[0]),
        pairs=tuple(_pairs(rows, metric, intervals, answers, transform, rules)),
    )


def _nothing_known(transform: Transform, rules: Rules) -> Verdict:
    """Return the verdict of a table in which no row can be ranked."""
    return Verdict(
        level=rules.level,
        looks=tuple(rules.looks),
        equivalence=rules.equivalence,
        assumed_spread=rules.assumed_spread,
        checkpoint=rules.checkpoint,
        transform=transform,
        few=(),
        better=0,
        equivalent=0,
        unknown=0,
        correlation=None,
        paired=False,
        pairs=(),
    )


def _pairs(
    rows: Sequence[Row], metric: str, intervals: Intervals, answers: Answers, transform: Transform, rules: Rules
) -> Iterator[Pair]:
    if not 2 <= len(rows) <= MOST_LISTED_ROWS:
        return
    means = np.array([row.estimates[metric].mean for row in rows])
    scaled, margins = forward(means, transform), margins_of(means, transform, rules)[0]
    deviations, seeds = intervals.deviation[0], SeedsToSettle(len(rows), rules)
    for one, other in combinations(range(len(rows)), 2):
        gap, half = float(intervals.difference[0, one, other]), float(intervals.half_width[0, one, other])
        answer, middle = int(answers[one, other]), float(scaled[one] + scaled[other]) / 2
        there = min(rows[one].estimates[metric].count, rows[other].estimates[metric].count)
        deviation = float(np.hypot(deviations[one], deviations[other]))
        settling = seeds.of(gap, float(margins[one, other]), deviation, there) if answer == UNKNOWN else None
        bounded = np.isfinite(half)
        yield Pair(
            first=rows[one].number,
            second=rows[other].number,
            answer=_WORDS[answer],
            difference=_shown(gap, middle, transform),
            low=_shown(gap - half, middle, transform) if bounded else None,
            high=_shown(gap + half, middle, transform) if bounded else None,
            relative=transform == "log",
            smaller_than_matters=bool(answer == EQUIVALENT and abs(gap) > half),
            seeds_needed=settling.seeds if settling else None,
            towards=settling.towards if settling else "",
        )


def _shown(difference: float, middle: float, transform: Transform) -> float:
    """Return a difference as it is shown: a share on logs, else in the metric's units, around the pair's middle."""
    if transform == "log":
        return float(np.expm1(difference))
    ends = back(np.array([middle + difference / 2, middle - difference / 2]), transform)
    return float(ends[0] - ends[1])
