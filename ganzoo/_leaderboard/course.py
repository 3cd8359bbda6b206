"""Course of a row: what its seeds scored on the way to its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.transforms import Transform, usable
from ganzoo._runs.record import Score


@dataclass(frozen=True)
class Point:
    """A row on its way: what all its seeds scored at one point of the training.

    Attributes:
        images_seen: Real images that the networks were shown by then.
        estimate: Over the seeds.
    """

    images_seen: int
    estimate: Estimate


def courses_of(
    scores: Mapping[int, Sequence[Score]], transforms: Mapping[str, Transform]
) -> dict[str, tuple[Point, ...]]:
    """Return by metric the points at which all seeds were scored, in order; a metric with one such point is left out.

    Args:
        scores: All scores of a row, by training seed.
        transforms: Scale on which the errors of each metric of the table are even. None of these is what was scored on
            the way alone, and at no end: the metric was left out later, or its code is another one now.
    """
    found: dict[tuple[str, int], dict[int, Score]] = defaultdict(dict)
    for seed, several in scores.items():
        for score in several:
            found[score.metric, score.images_seen][seed] = score
    courses: dict[str, dict[int, dict[int, Score]]] = defaultdict(dict)
    for (metric, images_seen), by_seed in sorted(found.items()):
        if len(by_seed) == len(scores):
            courses[metric][images_seen] = by_seed
    shown = {metric: course for metric, course in courses.items() if metric in transforms and len(course) > 1}
    return {metric: _points(course, transforms[metric]) for metric, course in shown.items()}


def _points(course: Mapping[int, Mapping[int, Score]], wanted: Transform) -> tuple[Point, ...]:
    transform = usable(wanted, (score for by_seed in course.values() for score in by_seed.values()))
    return tuple(Point(images_seen, Estimate.of(by_seed, transform)) for images_seen, by_seed in course.items())
