"""Training charts: what trainings logged, losses, outputs of the discriminator, penalties, over kimg."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.charts import ChartText, CurvePoint, CurveSeries, curve_chart
from ganzoo._report.courses import Logs
from ganzoo._report.figure import SMALL, Chart
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf
from ganzoo._runs.metrics_log import SELECTION

_MOST_ROWS, _MOST_KEYS, _MOST_POINTS = 6, 8, 60
_NOT_DRAWN = frozenset({"images_seen", "seconds"})
Course = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TrainingCharts:
    """Charts of what was logged, a quantity each, and a table of the values at the ends."""

    charts: tuple[Chart, ...]
    ends: PageTable


def training_charts(table: Table, logs: Logs, key: str, series: SeriesOf) -> TrainingCharts | None:
    """Return the charts; None where there are too many recipes to read them, or nothing was logged."""
    rows = table.rows
    if len(rows) > _MOST_ROWS:
        return None
    logged = {
        name: None for row in rows for run in row.runs for moment in logs.of(run) for name in moment
        if name not in _NOT_DRAWN and not name.startswith(SELECTION)
    }  # fmt: skip
    names = list(logged)[:_MOST_KEYS]
    if not names:
        return None
    curves = {name: [_curve(row, name, logs, series(row)) for row in rows] for name in names}
    charts = tuple(
        _chart([curve for curve in found if curve.points], name, f"{key}-log{place}")
        for place, (name, found) in enumerate(curves.items())
        if any(curve.points for curve in found)
    )
    return TrainingCharts(charts, _ends(rows, curves, f"{key}-logged", series)) if charts else None


def _chart(curves: Sequence[CurveSeries], name: str, key: str) -> Chart:
    said = ChartText(f"{name} over kimg", f"{name}: means over the seeds; thin lines are single seeds.", f"{key}-small")
    return Chart(key, said.title, said.description, "", curve_chart(curves, said, "kimg", name, width=SMALL), None)


def _curve(row: Row, name: str, logs: Logs, series: int) -> CurveSeries:
    seeds = {seed: _thinned(_course(logs, run, name)) for seed, run in zip(row.seeds, row.runs, strict=True)}
    shared = set.intersection(*({x for x, _ in course} for course in seeds.values())) if seeds else set()
    values = {seed: dict(course) for seed, course in seeds.items()}
    points = tuple(CurvePoint(x, sum(each[x] for each in values.values()) / len(values)) for x in sorted(shared))
    return CurveSeries(row.recipe, points, seeds if len(seeds) > 1 else {}, series)


def _course(logs: Logs, run: str, name: str) -> Course:
    pairs = ((moment["images_seen"] / 1000, moment[name]) for moment in logs.of(run) if name in moment)
    return tuple((x, value) for x, value in pairs if math.isfinite(value))


def _thinned(course: Course) -> Course:
    """Return at most so many points, evenly chosen, the last one among them."""
    step = -(-len(course) // _MOST_POINTS)
    return tuple(course[::-1][:: max(1, step)][::-1])


def _ends(
    rows: Sequence[Row], curves: Mapping[str, Sequence[CurveSeries]], key: str, series: SeriesOf
) -> PageTable:  # fmt: skip
    lines = []
    for place, row in enumerate(rows):
        ends = [found[place].points[-1].mean if found[place].points else None for found in curves.values()]
        cells = (Cell(NONE if end is None else f"{end:.4g}", end) for end in ends)
        lines.append(Line((Cell(row.recipe), *cells), series(row)))
    header = ("recipe", *curves)
    return PageTable(key, "Last values that were logged", header, tuple(lines), frozenset(range(1, len(header))))
