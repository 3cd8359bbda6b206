"""Class blocks: a class grid laid out for a width, as tables under each other in which no value is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from ganzoo._leaderboard.class_grid import MOST_CLASSES, ClassGrid, ClassLine
from ganzoo.text import literal

_GAP = 2
_ROW_WIDTH = 30  # of a recipe's name before its line: longer ones are broken where their words end
_COLUMN_WIDTH = 14  # of one above its column, which is hardly wider than its values
_HEADER_LINES = 3  # of a table: the names of its columns, a rule, and the empty line below it


@dataclass(frozen=True)
class ClassBlock:
    """One table of texts that are literal but for line breaks: the first column names lines, the others hold numbers.

    Attributes:
        header: Names of the columns.
        lines: From top to bottom.
        rows: How many lines are rows of the table, where classes are columns; the others describe the classes.
    """

    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    rows: int

    @property
    def height(self) -> int:
        """How many lines it takes on a terminal."""
        return _HEADER_LINES + sum(max(1 + cell.count("\n") for cell in line) for line in (self.header, *self.lines))


def blocks_of(grid: ClassGrid, width: int | None = None) -> list[ClassBlock]:
    """Lay a grid out: classes as columns or as lines, whichever takes less room; many are lines.

    Args:
        grid: The values.
        width: Of a terminal, in characters; None: any, and classes are columns unless there are many.
    """
    names, classes = [literal(line.name) for line in grid.lines], tuple(map(literal, grid.classes))
    rows, cells = sum(line.row is not None for line in grid.lines), [_texts(line) for line in grid.lines]
    if width is None:
        if len(classes) <= MOST_CLASSES:
            return [_block(_across(names, classes, cells), rows)]
        return [_block(_down(names, classes, cells), len(classes))]
    down = _down([stacked(name, _COLUMN_WIDTH) for name in names], classes, cells)
    as_lines = [_block(part, len(classes)) for part in _parts(down, width)]
    if len(classes) > MOST_CLASSES:  # so many are read as a list
        return as_lines
    across = _across([stacked(name, _ROW_WIDTH) for name in names], classes, cells)
    as_columns = [_block(part, rows) for part in _parts(across, width)]
    return min(as_columns, as_lines, key=lambda blocks: sum(block.height for block in blocks))


def _texts(line: ClassLine) -> tuple[str, ...]:
    return tuple(cell.text for cell in line.cells)


def _across(names: Sequence[str], classes: tuple[str, ...], cells: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [("recipe", *classes), *((name, *texts) for name, texts in zip(names, cells, strict=True))]


def _down(names: Sequence[str], classes: tuple[str, ...], cells: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [("class", *names), *zip(classes, *cells, strict=True)]


def _block(table: Sequence[tuple[str, ...]], rows: int) -> ClassBlock:
    header, *lines = table
    return ClassBlock(header, tuple(lines), rows)


def _parts(table: Sequence[tuple[str, ...]], width: int) -> list[list[tuple[str, ...]]]:
    """Divide a table by its columns into such as fit a width; the first column stands in each."""
    widths = [max(_widest(line[index]) for line in table) + _GAP for index in range(len(table[0]))]
    count = len(widths) - 1
    most = max(1, (width - widths[0]) // max(widths[1:], default=1))
    size = -(-count // -(-count // most))  # of nearly equal parts
    return [[(line[0], *line[first : first + size]) for line in table] for first in range(1, count + 1, size)]


def _widest(text: str) -> int:
    return max(map(cell_len, text.splitlines()), default=0)


def stacked(name: str, width: int) -> str:
    """Return a name in lines of at most so many characters, broken after `_`, `-` and spaces.

    A longer word stays whole.
    """
    lines = [""]
    for word in re.findall(r"[^_\-\s]*[_\-\s]|[^_\-\s]+", name):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.strip() for line in lines)
