"""Pace of two recipes: after which share of the worse one's images and time the better one reaches its final score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganzoo._leaderboard.ranking import samples_of
from ganzoo._leaderboard.rules import Rules
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.statistics.simultaneous import simultaneous_intervals
from ganzoo._leaderboard.statistics.transforms import Transform
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._leaderboard.verdict import Verdict
from ganzoo._runs.metrics_log import read_metrics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """A share of what the other recipe took, with the ends of its interval.

    Attributes:
        middle: Where the mean over seeds is level with the other's final one; None: before the first point scored.
        low: Before it the score was surely worse; None: before the first point scored.
        high: From it on the score is surely no worse.
        first: At the first point scored.
    """

    middle: float | None
    low: float | None
    high: float
    first: float


@dataclass(frozen=True)
class Pace:
    """How much sooner one recipe is where the other ends.

    Attributes:
        images: As shares of the other's images.
        time: As shares of the other's training time; None where the machines were unlike or a log is missing.
        points: How many points on the way were scored.
    """

    images: Share
    time: Share | None
    points: int


def pace(table: Table, leader: Row, target: Row, folders: Mapping[str, Path]) -> Pace | None:
    """Return when a recipe is where another one ends; None if it was scored at its end alone or is not surely better.

    A confidence set by inversion: of all points of the better one's course, those at which its score cannot be told
    from the other's final one. It holds the point at which they are level as often as one such interval holds.

    Args:
        table: Whose metric and rules count.
        leader: The better row.
        target: The other one.
        folders: Of runs by their names, for the time that their logs say.
    """
    metric, sign = table.primary, 1 if table.metrics[table.primary].lower_is_better else -1
    course = [point for point in leader.course.get(metric, ()) if point.images_seen]
    if not course or metric not in target.estimates:
        return None
    scale = _scale(table, [*(point.estimate for point in course), target.estimates[metric]])
    gaps = np.array([_gap(point.estimate, target.estimates[metric], scale, table.verdict) for point in course])
    gaps[:, 0] *= sign
    if not np.isfinite(gaps).all() or gaps[-1].sum() >= 0:
        return None
    seen = np.array([float(point.images_seen) for point in course])
    places = [last_crossing(seen, gaps[:, 0] + end * gaps[:, 1]) for end in (0, -1, 1)]
    whole = 1000 * target.kimg
    return Pace(
        images=_share(places, float(seen[0]), lambda at: at / whole),
        time=_time(places, float(seen[0]), leader, target, folders),
        points=len(course),
    )


def last_crossing(seen: Array, values: Array) -> float | None:
    """Return where a course that ends below 0 comes from above it for the last time; None where it never is above.

    The first time would come too early: the lowest of many scores is lower than it is.

    Args:
        seen: Rising points above 0, `[n]`.
        values: At these points, `[n]`. Between two of them they are taken for straight over log(seen): learning curves
            fall like powers.
    """
    above = np.flatnonzero(values > 0)
    if not len(above):
        return None
    last = int(above[-1])
    share = values[last] / (values[last] - values[last + 1])
    return float(seen[last] * (seen[last + 1] / seen[last]) ** share)


def _gap(leader: Estimate, target: Estimate, scale: Transform, verdict: Verdict) -> tuple[float, float]:
    """Return the difference of two estimates on the scale of errors, and half of its interval's width."""
    rules = Rules(assumed_spread=verdict.assumed_spread)
    found = simultaneous_intervals(samples_of([leader, target], scale, rules), verdict.level)
    return float(found.difference[0, 0, 1]), float(found.half_width[0, 0, 1])


def _scale(table: Table, estimates: Sequence[Estimate]) -> Transform:
    """Return the table's scale, or none where a score on the way cannot be on it."""
    wanted = table.metrics[table.primary].transform
    values = [value for estimate in estimates for value in estimate.values.values()]
    sound = all(value > 0 and (wanted == "log" or value < 1) for value in values)
    return wanted if sound else "raw"


def _share(places: Sequence[float | None], first: float, of: Callable[[float], float]) -> Share:
    middle, low, high = (None if at is None else of(at) for at in places)
    return Share(middle, low, of(first) if high is None else high, of(first))


def _time(
    places: Sequence[float | None], first: float, leader: Row, target: Row, folders: Mapping[str, Path]
) -> Share | None:
    if len(leader.machines) != 1 or leader.machines != target.machines:
        return None
    clock, whole = _clock(leader, folders), _clock(target, folders)
    total = whole(1000 * target.kimg) if whole else 0.0
    return _share(places, first, lambda at: clock(at) / total) if clock and total else None


def _clock(row: Row, folders: Mapping[str, Path]) -> Callable[[float], float] | None:
    """Return the seconds of training by images seen, mean over a row's runs; None where a log does not say.

    By the logs, since a network that grows is shown its first images much faster than its last.
    """
    courses = []
    for run in row.runs:
        moments = read_metrics(folders[run] / "metrics.jsonl") if run in folders else []
        known = [(moment["images_seen"], moment["seconds"]) for moment in moments if "seconds" in moment]
        if not known:
            return None
        courses.append(np.array([(0.0, 0.0), *known]).T)
    return lambda at: float(np.mean([np.interp(at, seen, seconds) for seen, seconds in courses]))
