"""Table of the page: cells as text, for people with and without scripts, and for files that a reader saves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What is read.
        value: The number behind it, in the metric's own units; None where there is none.
        note: What stands small below it.
    """

    text: str
    value: float | None = None
    note: str = ""

    @property
    def exact(self) -> str | None:
        """The number as JSON writes it, all digits."""
        return None if self.value is None else repr(float(self.value))


@dataclass(frozen=True)
class Line:
    """A line of cells; the first one names it.

    Attributes:
        cells: As many as there are columns.
        series: Color of the recipe that it is of; None for another line.
        kind: `row`, `section`, or `real` for real images.
        number: Number of its row, by which pairs are named; 0 for none.
    """

    cells: tuple[Cell, ...]
    series: int | None = None
    kind: str = "row"
    number: int = 0


@dataclass(frozen=True)
class PageTable:
    """A table.

    Attributes:
        key: Its identifier in the page.
        caption: What it lists.
        header: Name of each column.
        lines: From top to bottom.
        right: Indices of columns of numbers.
        extra: Indices of columns that stand elsewhere too, and not on paper here.
        names: Index of the column that names a line.
        tools: Whether it can be sorted and filtered, where scripts run.
    """

    key: str
    caption: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]
    right: frozenset[int] = field(default_factory=frozenset)
    extra: frozenset[int] = field(default_factory=frozenset)
    names: int = 0
    tools: bool = False


def text_lines(rows: Iterable[Sequence[str]]) -> tuple[Line, ...]:
    """Return lines of plain texts."""
    return tuple(Line(tuple(map(Cell, row))) for row in rows)
