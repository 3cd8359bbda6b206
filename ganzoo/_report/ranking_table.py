"""Ranking table of the page: a line per recipe with all that `ganzoo compare` shows of it, and its pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ganzoo._leaderboard.columns import (
    REAL_IMAGES,
    RealImages,
    difference_text,
    estimate_text,
    floor_text,
    interval_text,
    lines_of,
    options_text,
    rank_text,
    sampling_text,
    seeds_text,
)
from ganzoo._leaderboard.columns import Line as TableLine
from ganzoo._leaderboard.metric_text import estimate_decimals, metric_name
from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.tables import Row, ShownMetric, Table
from ganzoo._leaderboard.variants import own_key
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf
from ganzoo._runs.score_text import number_text, shown_name
from ganzoo.text import duration

_HOISTED = ("generator", "discriminator", "loss", "penalties", "augmentation", "kimg")


class _Column(NamedTuple):
    header: str
    cell: Callable[[TableLine], Cell]
    right: bool = True
    extra: bool = False


def ranking_table(table: Table, key: str, series: SeriesOf) -> tuple[PageTable, str]:
    """Return the table, and what all of its rows share, which then is no column."""
    lines, rows = lines_of(table), table.rows
    described, shared = _described(rows)
    kept = [_recipe(table), _of_rows("seeds", lambda row: Cell(seeds_text(row), len(row.seeds)))]
    for metric in sorted(table.metrics, key=lambda each: each != table.primary):
        kept += _metric(table, metric)
    kept += [
        *described,
        _of_rows("time of a seed", lambda row: Cell(duration(row.hours * 3600), row.hours))._replace(extra=True),
    ]
    alone = sum(row.rank is not None for row in rows) == 1
    ranks = _of_rows("rank", lambda row: Cell(NONE if alone else rank_text(row), row.rank and row.rank[0]))
    columns = [ranks, *kept]
    made = tuple(_line(line, columns, series) for line in lines)
    right = frozenset(index for index, column in enumerate(columns) if column.right)
    extra = frozenset(index for index, column in enumerate(columns) if column.extra)
    caption = f"Scores, ranked by {table.metrics[table.primary].label}"
    header = tuple(column.header for column in columns)
    return PageTable(key, caption, header, made, right, extra, names=1, tools=len(rows) > 1), shared


def _line(line: TableLine, columns: Sequence[_Column], series: SeriesOf) -> Line:
    cells = tuple(column.cell(line) for column in columns)
    if isinstance(line, Row):
        return Line(cells, series(line), "row", line.number)
    return Line(cells, None, "real" if isinstance(line, RealImages) else "section")


def _of_rows(header: str, cell: Callable[[Row], Cell], *, right: bool = True) -> _Column:
    return _Column(header, lambda line: cell(line) if isinstance(line, Row) else Cell(""), right)


def _recipe(table: Table) -> _Column:
    def cell(line: TableLine) -> Cell:
        if isinstance(line, Row):
            return Cell(line.recipe, note=options_text(line))
        if isinstance(line, RealImages):
            return Cell(REAL_IMAGES)
        return Cell(f"{table.by} = {line.value} (mean of {line.count})")

    return _Column("recipe", cell, right=False)


def _described(rows: Sequence[Row]) -> tuple[list[_Column], str]:
    """Return the columns of parts in which rows differ, and the parts that all share as a sentence."""
    cells: dict[str, Callable[[Row], str]] = {
        "generator": lambda row: row.generator,
        "discriminator": lambda row: row.discriminator,
        "loss": lambda row: row.loss,
        "penalties": lambda row: ", ".join(row.penalties) or NONE,
        "augmentation": lambda row: row.augmentation,
        "kimg": lambda row: f"{row.kimg:,.4g}",
    }
    columns, shared = [], []
    for name in _HOISTED:
        values = {cells[name](row) for row in rows}
        if len(values) == 1:
            value = values.pop()
            shared += [f"{name} {value}"] if value != NONE else []
        else:
            columns.append(_of_rows(name, lambda row, of=cells[name]: Cell(of(row)), right=name == "kimg"))  # type: ignore[misc]
    every = "all rows" if len(rows) > 1 else "parts"
    return columns, f"{every[:1].upper()}{every[1:]}: {', '.join(shared)}." if shared else ""


def _metric(table: Table, metric: str) -> list[_Column]:
    shown = table.metrics[metric]
    estimates = [row.estimates[metric] for row in table.rows if metric in row.estimates]
    decimals = estimate_decimals(estimates, shown.scale)
    errors = _Errors(metric, shown, decimals)
    ranks = metric == table.primary

    def value(line: TableLine) -> Cell:
        if isinstance(line, RealImages):
            floor = line.floors.get(metric)
            return Cell(floor_text(floor, shown.scale, decimals), floor.value if floor else None)
        if isinstance(line, Row):
            found, below = line.estimates.get(metric), "" if ranks else errors.below(line)
            return Cell(estimate_text(found, shown.scale, decimals), found.mean, below) if found else Cell(NONE)
        mean = line.means.get(metric)
        return Cell(NONE) if mean is None else Cell(number_text(mean * shown.scale, decimals), mean)

    columns = [_Column(metric_name(shown), value), *(errors.columns(table.rows) if ranks else ())]
    if any(own_key(metric) in row.published for row in table.rows):
        columns.append(_of_rows(shown_name(f"published {own_key(metric).upper()}", shown.unit),
                                lambda row: _published(row, metric, shown.scale)))  # fmt: skip
    return columns


@dataclass(frozen=True)
class _Errors:
    """What a metric's values may be off by: columns for the metric that ranks.

    Those of the others stand below their values, so that the table is no wider than a page of 1,000 pixels.
    """

    metric: str
    shown: ShownMetric
    decimals: int

    def interval(self, row: Row) -> str:
        return interval_text(row.estimates.get(self.metric), self.shown.scale, self.decimals)

    def sampling(self, row: Row) -> str:
        return sampling_text(row.estimates.get(self.metric), self.shown.scale, self.decimals)

    def below(self, row: Row) -> str:
        return " ".join(filter(None, (self.interval(row), self.sampling(row))))

    def columns(self, rows: Sequence[Row]) -> list[_Column]:
        each = {f"95 % {self.shown.label}": self.interval, "sampling error": self.sampling}
        return [
            _of_rows(header, lambda row, of=text: Cell(of(row)))  # type: ignore[misc]
            for header, text in each.items()
            if any(map(text, rows))
        ]


def _published(row: Row, metric: str, scale: float) -> Cell:
    found = row.published.get(own_key(metric))
    return Cell(f"{found.value * scale:g}", found.value, note=found.otherwise) if found else Cell("")


def pairs_table(table: Table, key: str) -> PageTable | None:
    """Return what is known of each pair of rows; None where none is listed."""
    shown, names = table.metrics[table.primary], {row.number: row.recipe for row in table.rows}
    if not table.verdict.pairs:
        return None
    lines = []
    for pair in table.verdict.pairs:
        low, high = (difference_text(pair, end, shown) for end in (pair.low, pair.high))
        needed = "" if pair.answer != "not known yet" else str(pair.seeds_needed or "more than 200")
        cells = (Cell(names[pair.first]), Cell(pair.answer), Cell(names[pair.second]),
                 Cell(difference_text(pair, pair.difference, shown), pair.difference), Cell(f"[{low}, {high}]"),
                 Cell(needed, pair.seeds_needed))  # fmt: skip
        lines.append(Line(cells))
    interval = f"{100 * (1 - table.verdict.level):.3g} % interval, all pairs at once"
    difference = f"difference in {shown.label}"
    header = ("recipe", "is", "recipe it is compared with", difference, interval, "seeds each to settle it")
    return PageTable(key, "Every pair", header, tuple(lines), frozenset({3, 4, 5}), tools=len(lines) > 3)
