"""Class tables of the page: what each recipe scored in each class, with the classes that it is hardest in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ganzoo._leaderboard.class_grid import MOST_CLASSES, ClassGrid, class_grids
from ganzoo._leaderboard.tables import Table
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf

_MOST_ON_PAGE = 200  # classes as lines: of a thousand, with twenty recipes, the file would grow by megabytes


@dataclass(frozen=True)
class ClassTable:
    """Values of one metric by class: classes are columns; of many, lines that can be sorted by any recipe.

    Attributes:
        table: The values.
        notes: What a reader must know, a sentence or two each.
        is_long: Whether it is folded away.
    """

    table: PageTable
    notes: tuple[str, ...]
    is_long: bool


def class_tables(table: Table, key: str, series: SeriesOf) -> Iterator[ClassTable]:
    """Yield the values by class of a table, metric by metric.

    Args:
        table: The table.
        key: What keeps identifiers apart.
        series: Colors.
    """
    for number, grid in enumerate(class_grids(table, _MOST_ON_PAGE), 1):
        is_long = len(grid.classes) > MOST_CLASSES
        name = f"{key}-{number}"
        yield ClassTable(_down(grid, name) if is_long else _across(grid, name, series), grid.captions, is_long)


def _across(grid: ClassGrid, key: str, series: SeriesOf) -> PageTable:
    """Return classes as columns, which recipes can be sorted by; errors stand below, so that ten fit on a page."""
    lines = tuple(
        Line(
            (Cell(line.name), *(Cell(cell.number, cell.value, cell.error) for cell in line.cells)),
            series(line.row) if line.row else None,
            "row" if line.row else "real",
        )
        for line in grid.lines
    )
    header = ("recipe", *grid.classes)
    rows = sum(line.row is not None for line in grid.lines)
    return PageTable(key, grid.heading, header, lines, frozenset(range(1, len(header))), tools=rows > 1)


def _down(grid: ClassGrid, key: str) -> PageTable:
    """Return classes as lines, which can be sorted by each recipe."""
    columns = [[Cell(cell.text, cell.value) for cell in line.cells] for line in grid.lines]
    lines = tuple(
        Line((Cell(name), *cells)) for name, cells in zip(grid.classes, zip(*columns, strict=True), strict=True)
    )
    header = ("class", *(line.name for line in grid.lines))
    return PageTable(key, grid.heading, header, lines, frozenset(range(1, len(header))), tools=True)
