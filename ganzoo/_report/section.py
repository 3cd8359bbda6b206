"""Section of the page: all that is said of one table, of one data set and one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.captions import caption, title
from ganzoo._leaderboard.metric_text import estimate_decimals, metric_name
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.agreement import agreement_sentences, pace_sentences
from ganzoo._report.charts import (
    ChartText,
    CostPoint,
    RankedRow,
    RealImagesLine,
    curve_chart,
    pareto_chart,
    pareto_front,
    rank_chart,
)
from ganzoo._report.class_tables import ClassTable, class_tables
from ganzoo._report.cost_table import cost_table
from ganzoo._report.courses import Courses, Logs, courses_of
from ganzoo._report.figure import Chart, both_widths
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.pictures import Strip
from ganzoo._report.protocol_sentence import protocol_sentence
from ganzoo._report.ranking_table import pairs_table, ranking_table
from ganzoo._report.series import SeriesOf
from ganzoo._report.settings_tables import Settings, settings_of
from ganzoo._report.training_charts import TrainingCharts, training_charts
from ganzoo._report.verdict_sentences import verdict_sentences

_LEAST_COSTS = 2


@dataclass(frozen=True)
class Section:
    """What the page says of one table; charts are None where there is nothing to draw."""

    key: str
    heading: str
    short: str
    sentences: tuple[str, ...]
    protocol: str
    ranks: Chart | None
    table: PageTable
    shared: str
    notes: tuple[str, ...]
    pairs: PageTable | None
    classes: tuple[ClassTable, ...]
    curves: tuple[Chart, ...]
    paces: tuple[str, ...]
    training: TrainingCharts | None
    pareto: Chart | None
    strips: tuple[Strip, ...]
    settings: Settings
    cost: PageTable


def section_of(table: Table, number: int, logs: Logs, strips: Sequence[Strip], series: SeriesOf) -> Section:
    """Return the section of a table.

    Args:
        table: The table.
        number: Its place on the page, from 1, which keeps identifiers apart.
        logs: Of its runs.
        strips: Pictures of its runs.
        series: Colors.
    """
    key = f"t{number}"
    ranking, shared = ranking_table(table, f"{key}-scores", series)
    return Section(
        key=key,
        heading=title(table),
        short=f"{number}. {table.dataset or 'scores'}",
        sentences=tuple(verdict_sentences(table)),
        protocol=protocol_sentence(table),
        ranks=_ranks(table, key, series),
        table=ranking,
        shared=shared,
        notes=(*caption(table), *agreement_sentences(table)),
        pairs=pairs_table(table, f"{key}-pairs"),
        classes=tuple(class_tables(table, f"{key}-class", series)),
        curves=tuple(_curves(table, found, key) for found in courses_of(table, logs, series)),
        paces=tuple(pace_sentences(table, logs.folders)),
        training=training_charts(table, logs, key, series),
        pareto=_pareto(table, key, series),
        strips=tuple(strips),
        settings=settings_of(table, key, series),
        cost=cost_table(table, f"{key}-cost", series),
    )


def _ranked(table: Table) -> list[Row]:
    return sorted((row for row in table.rows if row.rank is not None), key=lambda row: row.number)


def _ranks(table: Table, key: str, series: SeriesOf) -> Chart | None:
    rows, shown = _ranked(table), table.metrics[table.primary]
    if not rows:
        return None
    decimals = estimate_decimals([row.estimates[table.primary] for row in rows], shown.scale)
    alone = len(rows) == 1
    drawn = [_ranked_row(row, table, decimals, series(row), alone=alone) for row in rows]
    floor = shown.floor
    real = RealImagesLine(floor.value * shown.scale, floor.error and floor.error * shown.scale) if floor else None
    better = "lower" if shown.lower_is_better else "higher"
    text = (
        f"Each point is one training seed, the upright stroke the mean, the line its 95 % interval; {better} is better."
    )
    said = ChartText(f"{shown.label} of each recipe, best first", text, f"{key}-ranks")
    log = shown.transform == "log"

    def draw(said: ChartText, width: float) -> str:
        return rank_chart(drawn, said, metric_name(shown), log=log, real=real, width=width)

    return both_widths(said, draw, None)


def _ranked_row(row: Row, table: Table, decimals: int, series: int, *, alone: bool) -> RankedRow:
    shown, estimate = table.metrics[table.primary], row.estimates[table.primary]
    first, last = row.rank or (0, 0)
    ranks = "" if alone else str(first) if first == last else f"{first}–{last}"
    spread = "" if estimate.deviation is None else f" ± {estimate.deviation * shown.scale:,.{decimals}f}"
    low, high = (None if end is None else end * shown.scale for end in (estimate.low, estimate.high))
    values = {seed: value * shown.scale for seed, value in estimate.values.items()}
    mean = estimate.mean * shown.scale
    return RankedRow(row.recipe, ranks, mean, low, high, values, f"{mean:,.{decimals}f}{spread}", series)


def _curves(table: Table, found: Courses, key: str) -> Chart:
    shown = table.metrics[table.primary]
    what = "means over the seeds with their 95 % intervals; thin lines are single seeds"
    if all(len(row.seeds) == 1 for row in table.rows):
        what = "one seed each, so nothing is known of the spread over trainings"
    if found.selection:
        what = "these scores chose the best snapshot by other draws than those that rank, so they describe only"
    said = ChartText(f"{shown.label} over {found.axis}", f"{shown.label} on the way: {what}.", f"{key}-{found.axis}")
    values = [point.mean for curve in found.curves for point in curve.points]
    log = shown.transform == "log" and min(values) > 0

    def draw(said: ChartText, width: float) -> str:
        return curve_chart(found.curves, said, found.name, metric_name(shown), log=log, width=width)

    return both_widths(said, draw, _points_table(found, table, f"{key}-{found.axis}-numbers"), found.axis)


def _points_table(found: Courses, table: Table, key: str) -> PageTable:
    shown = table.metrics[table.primary]
    lines = []
    for curve in found.curves:
        for point in curve.points:
            interval = "" if point.low is None or point.high is None else f"[{point.low:.4g}, {point.high:.4g}]"
            cells = (
                Cell(curve.name),
                Cell(f"{point.x:,.4g}", point.x),
                Cell(f"{point.mean:.4g}", point.mean / shown.scale),
            )
            lines.append(Line((*cells, Cell(interval)), curve.series))
    header = ("recipe", found.axis, metric_name(shown), "95 % interval")
    return PageTable(key, f"{shown.label} over {found.axis}", header, tuple(lines), frozenset({1, 2, 3}))


def _pareto(table: Table, key: str, series: SeriesOf) -> Chart | None:
    shown = table.metrics[table.primary]
    rows = [row for row in _ranked(table) if row.hours > 0]
    if len(rows) < _LEAST_COSTS:
        return None
    unit, factor = ("hours", 1.0) if max(row.hours for row in rows) >= 1 else ("minutes", 60.0)
    points = [_cost_point(row, table, series(row), factor) for row in rows]
    front = pareto_front(points, lower_is_better=shown.lower_is_better)
    best = ", ".join(points[index].name for index in front)
    said = ChartText(
        f"{shown.label} against {unit} of training",
        f"No other recipe is as good in both score and time as: {best}. Their errors are not counted in.",
        f"{key}-pareto",
    )
    log = shown.transform == "log" and all(point.score > 0 for point in points)

    def draw(said: ChartText, width: float) -> str:
        x_name, y_name, lower = f"{unit} of training of a seed", metric_name(shown), shown.lower_is_better
        return pareto_chart(points, said, x_name, y_name, lower_is_better=lower, log=log, width=width)

    names = (f"{unit} of a seed", metric_name(shown))
    return both_widths(said, draw, _front_table(points, front, shown.scale, names, f"{key}-pareto-numbers"))


def _cost_point(row: Row, table: Table, series: int, factor: float) -> CostPoint:
    scale, estimate = table.metrics[table.primary].scale, row.estimates[table.primary]
    low, high = (None if end is None else end * scale for end in (estimate.low, estimate.high))
    return CostPoint(row.recipe, row.hours * factor, estimate.mean * scale, low, high, series)


def _front_table(
    points: Sequence[CostPoint], front: Sequence[int], scale: float, names: tuple[str, str], key: str
) -> PageTable:
    lines = tuple(
        Line(
            (
                Cell(point.name),
                Cell(f"{point.cost:.3g}", point.cost),
                Cell(f"{point.score:.4g}", point.score / scale),
                Cell("no" if index in front else "yes"),
            ),
            point.series,
        )
        for index, point in enumerate(points)
    )
    header = ("recipe", *names, "another beats it in both")
    return PageTable(key, "Scores and time", header, lines, frozenset({1, 2}))
