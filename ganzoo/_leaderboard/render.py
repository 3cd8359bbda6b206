"""Comparisons on a terminal and in Markdown; foreign text is shown literally in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table as RichTable
from rich.text import Text

from ganzoo._leaderboard.captions import NOTHING, caption, not_ranked, title, unranked_text
from ganzoo._leaderboard.class_render import markdown_classes, print_classes
from ganzoo._leaderboard.columns import Column, columns_of, difference_text, lines_of
from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.tables import Comparison, Row, Table
from ganzoo.text import literal, markdown_cell

_MOST_LISTED = 20
_MOST_ROWS = 200
_MOST_ROWS_BY_CLASS = 12  # each has as many values again as there are classes
_GAP = 1
_MERGED_WIDTH = 30
_LONG_WORD = 16  # characters
_MOST_PAIRS = 190
"""Those of 20 rows: more are for programs."""


def print_rich(comparison: Comparison, console: Console) -> None:
    """Print tables that fit the console: what all rows share moves below, the least important columns go."""
    for table in comparison.tables:
        _print_table(table, console)
    if not comparison.tables:
        console.print(Text(NOTHING))
    for heading, runs in not_ranked(comparison).items():
        console.print(Text(f"{heading} ({len(runs)})", style="bold"))
        for run in runs[:_MOST_LISTED]:
            console.print(Text(literal(f"- {unranked_text(run)}")))
        if len(runs) > _MOST_LISTED:
            console.print(Text(f"  and {len(runs) - _MOST_LISTED} more: --format csv lists all"))


def _print_table(table: Table, console: Console) -> None:
    console.print(Text(literal(title(table)), style="bold"))
    top = _top(table, _MOST_ROWS)
    fitted = fit(columns_of(top), console.width)
    console.print(_rich_table(top, fitted.columns))
    lines = caption(table)
    if fitted.common:
        lines.insert(0, f"All rows: {', '.join(fitted.common)}.")
    if len(table.rows) > len(top.rows):
        lines.insert(0, f"The first {len(top.rows):,} of {len(table.rows):,} rows: --format csv or markdown has all.")
    if fitted.dropped:
        lines.append(f"Not shown at this width: {', '.join(fitted.dropped)}.")
    console.print(Text("\n".join(map(literal, lines)), style="dim"), end="\n\n")
    few = _top(table, _MOST_ROWS_BY_CLASS)
    print_classes(few, console, rows_left_out=len(table.rows) - len(few.rows))


def _top(table: Table, count: int) -> Table:
    """Return the table with its first `count` rows: thousands are no use on a terminal."""
    sections = []
    for section in table.sections:
        if count > 0:
            sections.append(replace(section, rows=section.rows[:count]))
            count -= len(section.rows)
    return replace(table, sections=tuple(sections))


def _rich_table(table: Table, columns: Sequence[Column]) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, padding=(0, _GAP, 0, 0), pad_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column.right else "left"
        shown.add_column(Text(column.header, style="bold"), justify=justify, overflow="fold", no_wrap=column.right)
    for index, line in enumerate(lines_of(table)):
        if not isinstance(line, Row) and index:
            shown.add_section()
        style = _style(line, table)
        shown.add_row(*(Text(column.cells[index], style=style) for column in columns))
    return shown


def _style(line: object, table: Table) -> str:
    if not isinstance(line, Row):
        return "italic"
    return "bold green" if line.rank == (1, 1) and len(table.rows) > 1 else ""


@dataclass(frozen=True)
class Fitted:
    """What a width has room for.

    Attributes:
        columns: The columns that stay; their texts are literal.
        common: Name and value of columns that say the same of all rows.
        dropped: Names of the columns left out.
    """

    columns: list[Column]
    common: list[str]
    dropped: list[str]


def fit(columns: Sequence[Column], width: int) -> Fitted:
    """Choose columns for a width: first what all rows share is said once, then texts share a cell, then some go."""
    kept = [_literal(column) for column in columns]
    order = [column.header for column in kept]
    common = {}
    for column in sorted(kept, key=lambda column: -column.drop):
        if _width(kept) > width and column.hoist and column.common:
            kept.remove(column)
            common[column.header] = f"{column.header} {column.common}"
    if _width(kept) > width:
        kept = _merged(kept)
    chosen = [column for column in kept if not column.drop]
    for column in sorted((column for column in kept if column.drop), key=lambda column: column.drop):
        if _width([*chosen, column]) <= width:
            chosen.append(column)
    dropped = [column.header for column in kept if column not in chosen]
    kept = [column for column in kept if column in chosen]
    if _width(kept) > width:
        kept = [
            column if column.right else replace(column, cells=tuple(map(_breakable, column.cells))) for column in kept
        ]
    return Fitted(kept, [common[name] for name in order if name in common], dropped)


def _breakable(cell: str) -> str:
    """Return a text whose long keys may be parted from their values, so that no number is broken in two."""
    return " ".join(word.replace("=", "= ", 1) if len(word) > _LONG_WORD else word for word in cell.split(" "))


def _literal(column: Column) -> Column:
    return replace(column, header=literal(column.header), cells=tuple(map(literal, column.cells)))


def _merged(columns: Sequence[Column]) -> list[Column]:
    """Put what says which parts a row has into one cell, a second line below the recipe's name."""
    first, *others = [column for column in columns if column.merge]
    if not others:
        return list(columns)
    seconds = (
        ", ".join(text for text in texts if text not in ("", NONE))
        for texts in zip(*(column.cells for column in others), strict=True)
    )
    whole = (second if len(second) <= _MERGED_WIDTH else _breakable(second) for second in seconds)
    cells = tuple(f"{name}\n  {second}" if second else name for name, second in zip(first.cells, whole, strict=True))
    header = ", ".join(column.header for column in (first, *others))
    merged = replace(first, header=header, cells=cells)
    return [merged if column is first else column for column in columns if column not in others]


def _width(columns: Sequence[Column]) -> int:
    """Return the width that a table needs; texts of several words may take less, by wrapping."""
    return sum(map(_column_width, columns)) + (_GAP + 1) * len(columns)


def _column_width(column: Column) -> int:
    texts = [column.header, *column.cells]
    if any("\n" in cell for cell in column.cells):
        return min(_MERGED_WIDTH, max(cell_len(line) for text in texts for line in text.splitlines()))
    return max(cell_len(text) for text in texts)


def markdown(comparison: Comparison) -> str:
    """Return the comparison as GitHub-flavored Markdown."""
    blocks = []
    for table in comparison.tables:
        blocks.append(f"## {markdown_cell(title(table))}")
        blocks.append(_markdown_table(table))
        blocks.append("\n".join(f"- {markdown_cell(line)}" for line in caption(table)))
        if table.verdict.pairs and len(table.verdict.pairs) <= _MOST_PAIRS:
            blocks.append(_markdown_pairs(table))
        blocks += markdown_classes(table)
    if not comparison.tables:
        blocks.append(NOTHING)
    for heading, runs in not_ranked(comparison).items():
        blocks.append(f"## {heading} ({len(runs)})")
        blocks.append("\n".join(f"- {markdown_cell(unranked_text(run))}" for run in runs))
    return "\n\n".join(blocks) + "\n"


def _markdown_pairs(table: Table) -> str:
    shown = table.metrics[table.primary]
    names = {row.number: f"{row.number} {row.recipe}" for row in table.rows}
    lines = [f"| row | is | against | {markdown_cell(shown.label)} by | between |", "| --- | --- | --- | ---: | ---: |"]
    for pair in table.verdict.pairs:
        first, second = markdown_cell(names[pair.first]), markdown_cell(names[pair.second])
        between = f"{difference_text(pair, pair.low, shown)} and {difference_text(pair, pair.high, shown)}"
        answer = f"{pair.answer}, smaller than matters" if pair.smaller_than_matters else pair.answer
        by = difference_text(pair, pair.difference, shown)
        lines.append(f"| {first} | {answer} | {second} | {by} | {between} |")
    return "\n".join(lines)


def _markdown_table(table: Table) -> str:
    columns = [
        replace(column, cells=tuple(markdown_cell(cell) for cell in column.cells)) for column in columns_of(table)
    ]
    rows = [
        "| " + " | ".join(markdown_cell(column.header) for column in columns) + " |",
        "| " + " | ".join("---:" if column.right else "---" for column in columns) + " |",
    ]
    for index in range(len(lines_of(table))):
        rows.append("| " + " | ".join(column.cells[index] for column in columns) + " |")
    return "\n".join(rows)
