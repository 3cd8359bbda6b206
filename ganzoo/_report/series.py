"""Series: which color and marker a recipe has, the same in every chart, table and picture of a page."""

from __future__ import annotations

from collections.abc import Iterable

from ganzoo._leaderboard.tables import Row, Table


class SeriesOf:
    """Numbers of recipes in the order in which a page first names them."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        for table in tables:
            for row in table.rows:
                self._numbers.setdefault(_key(row), len(self._numbers))

    def __call__(self, row: Row) -> int:
        """Return the number of a row's recipe."""
        return self._numbers[_key(row)]


def _key(row: Row) -> tuple[str, str]:
    return row.recipe, row.runs[0]
