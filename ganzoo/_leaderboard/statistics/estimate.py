"""Statistics of a row: a metric over the seeds of one experiment, with both of its errors."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ganzoo._leaderboard.statistics.studentized_range import critical_t
from ganzoo._leaderboard.statistics.transforms import Transform, back, forward
from ganzoo._runs.plain_data import ClassScore
from ganzoo._runs.record import Score

_LEVEL = 0.05
_BLOCKS_FREEDOM = 19.0  # of a jackknife over 20 blocks, where a score does not say


@dataclass(frozen=True)
class Estimate:
    """A metric over the seeds of one experiment.

    Two errors, which are not the same: drawing other images from one network, and training again.

    Attributes:
        mean: Mean over the seeds.
        deviation: Spread over trainings: the sample standard deviation over the seeds; None for one seed.
        count: Number of seeds.
        low: Lower end of the mean's 95 % interval over seeds, Student's on the metric's scale; None for one seed.
        high: Its upper end.
        sampling_error: Standard error of drawing other images from one network, root mean square over the seeds;
            None where it is not known of all of them.
        sampling_freedom: Degrees of freedom of that error.
        error_unit: What it is of: other generated images, or other subjects in the reference too.
        subjects: Number of the reference's subjects, if so.
        values: By seed.
        notes: What a reader must know, such as `rank-deficient`.
        notes_of_all: Those that all seeds have.
    """

    mean: float
    deviation: float | None
    count: int
    low: float | None
    high: float | None
    sampling_error: float | None
    sampling_freedom: float
    error_unit: str
    subjects: int | None
    values: Mapping[int, float]
    notes: tuple[str, ...] = ()
    notes_of_all: tuple[str, ...] = ()

    @classmethod
    def of(cls, scores: Mapping[int, Score | ClassScore], transform: Transform) -> Estimate:
        """Summarize the scores of one or more seeds.

        Args:
            scores: By seed; those of one class alike.
            transform: The scale on which the errors are even, on which the interval is made.
        """
        values = [score.value for score in scores.values()]
        errors = [score.standard_error for score in scores.values()]
        known = [error for error in errors if error is not None]
        freedoms = [score.degrees_of_freedom or _BLOCKS_FREEDOM for score in scores.values()]
        any_score = next(iter(scores.values()))
        notes = dict.fromkeys(note for score in scores.values() for note in score.notes)
        low, high = _interval(values, transform)
        return cls(
            mean=statistics.fmean(values),
            deviation=statistics.stdev(values) if len(values) > 1 else None,
            count=len(values),
            low=low,
            high=high,
            sampling_error=math.hypot(*known) / math.sqrt(len(known)) if len(known) == len(errors) else None,
            sampling_freedom=min(freedoms),
            error_unit=any_score.error_unit,
            subjects=any_score.subjects,
            values={seed: score.value for seed, score in scores.items()},
            notes=tuple(notes),
            notes_of_all=tuple(note for note in notes if all(note in score.notes for score in scores.values())),
        )


def _interval(values: list[float], transform: Transform) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    scaled = forward(np.array(values), transform)
    bound = float(critical_t(2, len(values) - 1, _LEVEL))
    half = bound * float(scaled.std(ddof=1)) / math.sqrt(len(values))
    low, high = back(np.array([scaled.mean() - half, scaled.mean() + half]), transform)
    return float(low), float(high)
