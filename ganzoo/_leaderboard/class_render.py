"""Values by class on a terminal, in Markdown and in a notebook; foreign text is shown literally in each."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ganzoo._leaderboard.captions import title
from ganzoo._leaderboard.class_blocks import ClassBlock, blocks_of
from ganzoo._leaderboard.class_grid import MOST_CLASSES, class_grids
from ganzoo._leaderboard.tables import Comparison, Table
from ganzoo.text import literal, markdown_cell

NOTHING_BY_CLASS = (
    "No score of these runs is known by class: metrics that compare classes give such values, as ganzoo metrics lists."
)


def print_classes(table: Table, console: Console, most: int | None = MOST_CLASSES, *, rows_left_out: int = 0) -> None:
    """Print what a table's rows scored in each class, of each metric that is known by class."""
    for grid in class_grids(table, most):
        console.print(Text(literal(grid.heading), style="bold"))
        for block in blocks_of(grid, console.width):
            console.print(_printed(block))
        lines = [*grid.captions]
        if rows_left_out:
            lines.insert(0, f"The first {len(table.rows)} rows; {rows_left_out:,} more: ganzoo compare RUNS --classes.")
        console.print(Text("\n".join(map(literal, lines)), style="dim"), end="\n\n")


def _printed(block: ClassBlock) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index, name in enumerate(block.header):
        shown.add_column(
            Text(name, style="bold"), justify="right" if index else "left", overflow="fold", no_wrap=index > 0
        )
    for index, line in enumerate(block.lines):
        shown.add_row(*(Text(cell, style="" if index < block.rows else "italic") for cell in line))
    return shown


def print_all_classes(comparison: Comparison, console: Console) -> None:
    """Print the values by class of all tables, of every class."""
    tables = [table for table in comparison.tables if class_grids(table)]
    for table in tables:
        console.print(Text(literal(title(table)), style="bold"))
        print_classes(table, console, None)
    if not tables:
        console.print(Text(NOTHING_BY_CLASS))


def markdown_classes(table: Table, most: int | None = MOST_CLASSES) -> Iterator[str]:
    """Yield what a table's rows scored in each class, as blocks of Markdown."""
    for grid in class_grids(table, most):
        yield f"### {markdown_cell(grid.heading)}"
        for block in blocks_of(grid):
            yield "\n".join(_markdown_lines(block))
        yield "\n".join(f"- {markdown_cell(line)}" for line in grid.captions)


def _markdown_lines(block: ClassBlock) -> Iterator[str]:
    rows = [[markdown_cell(cell) for cell in line] for line in (block.header, *block.lines)]
    rule = ["---", *("---:" for _ in block.header[1:])]
    for row in (rows[0], rule, *rows[1:]):
        yield f"| {' | '.join(row)} |"


def markdown_all_classes(comparison: Comparison) -> str:
    """Return the values by class of all tables in Markdown, of every class."""
    blocks = []
    for table in comparison.tables:
        if found := list(markdown_classes(table, None)):
            blocks += [f"## {markdown_cell(title(table))}", *found]
    return "\n\n".join(blocks or [NOTHING_BY_CLASS]) + "\n"


def html_classes(table: Table) -> str:
    """Return what a table's rows scored in each class, as HTML for a notebook."""
    parts = []
    for grid in class_grids(table):
        parts.append(f"<b>{escape(literal(grid.heading))}</b>")
        for block in blocks_of(grid):
            header = "".join(f"<th>{escape(name)}</th>" for name in block.header)
            body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in block.lines)
            parts.append(f"<table><tr>{header}</tr>{body}</table>")
        parts += [f"<p>{escape(literal(line))}</p>" for line in grid.captions]
    return "".join(parts)
