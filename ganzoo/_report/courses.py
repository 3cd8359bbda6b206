"""Courses: scores on the way of each recipe over kimg, hours and generator updates, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.charts import CurvePoint, CurveSeries
from ganzoo._report.series import SeriesOf
from ganzoo._report.updates import updates_of
from ganzoo._runs.metrics_log import SELECTION, Moment, read_course
from ganzoo._runs.score_text import shown_name
from ganzoo.errors import RunError

OverImages = Callable[[float], float]
_LEAST_POINTS = 2


@dataclass(frozen=True)
class Courses:
    """Curves over one axis.

    Attributes:
        axis: `kimg`, `hours` or `updates`.
        name: Of the axis, as it is written.
        curves: A recipe each.
        selection: Whether these are the scores that choose the best snapshot, by other draws than those that rank.
    """

    axis: str
    name: str
    curves: tuple[CurveSeries, ...]
    selection: bool = False


class Logs:
    """Logs of runs by name, each read once and coarsened to what can be drawn."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = folders
        self._read: dict[str, list[Moment]] = {}

    def of(self, run: str) -> list[Moment]:
        """Return the moments of a run's log; none where it has none that can be read."""
        if run not in self._read:
            folder = self.folders.get(run)
            try:
                self._read[run] = read_course(folder / "metrics.jsonl") if folder else []
            except RunError:
                self._read[run] = []
        return self._read[run]

    def hours(self, run: str) -> OverImages | None:
        """Return hours of training by images seen; None where the log does not say."""
        known = [(moment["images_seen"], moment["seconds"]) for moment in self.of(run) if "seconds" in moment]
        if not known:
            return None
        seen, seconds = np.array([(0.0, 0.0), *known]).T
        return lambda at: float(np.interp(at, seen, seconds)) / 3600


def courses_of(table: Table, logs: Logs, series: SeriesOf) -> list[Courses]:
    """Return the curves of a table over each axis that is known of all of them; none where nothing was scored before.

    Where no row was scored on the way, scores that chose the best snapshot are drawn, if there are any.
    """
    rows = [row for row in table.rows if len(row.course.get(table.primary, ())) >= _LEAST_POINTS]
    selection = not rows
    if selection:
        rows = [row for row in table.rows if len(_selected(row, table, logs)) >= _LEAST_POINTS]
    found = []
    for axis, name, of in _axes(logs):
        scales = [of(row) for row in rows]
        if rows and all(scale is not None for scale in scales):
            curves = tuple(
                _curve(row, _points(row, table, logs, selection), table, scale, series(row))
                for row, scale in zip(rows, scales, strict=True)
                if scale is not None
            )
            found.append(Courses(axis, name, curves, selection))
    return found


def _axes(logs: Logs) -> list[tuple[str, str, Callable[[Row], Mapping[int, OverImages] | None]]]:
    def kimg(row: Row) -> Mapping[int, OverImages] | None:
        return dict.fromkeys(row.seeds, lambda at: at / 1000)

    def hours(row: Row) -> Mapping[int, OverImages] | None:
        clocks = {seed: logs.hours(run) for seed, run in zip(row.seeds, row.runs, strict=True)}
        known = {seed: clock for seed, clock in clocks.items() if clock is not None}
        return known if len(known) == len(clocks) else None

    def updates(row: Row) -> Mapping[int, OverImages] | None:
        of = updates_of(row)
        return None if of is None else dict.fromkeys(row.seeds, of)

    return [
        ("kimg", "kimg: thousands of real images shown", kimg),
        ("hours", "hours of training", hours),
        ("updates", "generator updates", updates),
    ]


@dataclass(frozen=True)
class _Point:
    images_seen: float
    estimate: Estimate


def _points(row: Row, table: Table, logs: Logs, selection: bool) -> list[_Point]:
    if selection:
        return _selected(row, table, logs)
    return [_Point(point.images_seen, point.estimate) for point in row.course[table.primary]]


def _selected(row: Row, table: Table, logs: Logs) -> list[_Point]:
    """Return the means of the scores that chose the best snapshot, where all seeds have one."""
    shown = table.metrics[table.primary]
    by_seed = {
        seed: {
            moment["images_seen"]: value / shown.scale
            for moment in logs.of(run)
            for key, value in moment.items()
            if key == SELECTION + shown_name(shown.label, shown.unit) and np.isfinite(value)
        }
        for seed, run in zip(row.seeds, row.runs, strict=True)
    }
    shared = set.intersection(*(set(each) for each in by_seed.values())) if by_seed else set()
    return [
        _Point(at, _mean_alone({seed: values[at] for seed, values in by_seed.items()})) for at in sorted(shared) if at
    ]


def _mean_alone(values: Mapping[int, float]) -> Estimate:
    mean = sum(values.values()) / len(values)
    return Estimate(mean, None, len(values), None, None, None, 1.0, "image", None, values)


def _curve(
    row: Row, points: Sequence[_Point], table: Table, scales: Mapping[int, OverImages], series: int
) -> CurveSeries:
    factor = table.metrics[table.primary].scale
    means = []
    for point in points:
        estimate = point.estimate
        low, high = (None if end is None else end * factor for end in (estimate.low, estimate.high))
        x = float(np.mean([scale(point.images_seen) for scale in scales.values()]))
        means.append(CurvePoint(x, estimate.mean * factor, low, high))
    seeds = {
        seed: tuple(
            (scale(point.images_seen), point.estimate.values[seed] * factor)
            for point in points
            if seed in point.estimate.values
        )
        for seed, scale in scales.items()
    }
    return CurveSeries(row.recipe, tuple(means), seeds if len(seeds) > 1 else {}, series)
