"""Values by class for programs: one line per metric, class and row, in the metrics' own units."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ganzoo._leaderboard.columns import options_text
from ganzoo._leaderboard.export import Cell, estimate_cells, flat_cells, table_cells
from ganzoo._leaderboard.tables import Comparison, Row, ShownClass, Table

_OF_TABLE = (
    "table",
    "dataset",
    "resolution",
    "channels",
    "generated",
    "reference_images",
    "protocol_id",
    "not_comparable",
)
_OF_CLASS = ("metric", "label", "class", "class_name", "class_generated", "class_reference_images")
_OF_ROW = ("row", "recipe", "options", "kimg", "seeds", "runs")
_OF_ESTIMATE = (
    *("mean", "sd", "n", "ci95_low", "ci95_high", "sampling_error", "error_unit", "subjects", "notes"),
    *("floor", "floor_error"),
)


def classes_csv(comparison: Comparison) -> str:
    """Return one line per metric, class and row of each table, as `plain_classes` does."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*_OF_TABLE, *_OF_CLASS, *_OF_ROW, *_OF_ESTIMATE], lineterminator="\n")
    writer.writeheader()
    for line in plain_classes(comparison):
        writer.writerow(flat_cells(line))
    return out.getvalue()


def plain_classes(comparison: Comparison) -> list[dict[str, Cell]]:
    """Return one dictionary per metric, class and row of each table; `table` numbers the tables from 1."""
    found: list[dict[str, Cell]] = []
    for number, table in enumerate(comparison.tables, 1):
        of_table = {key: value for key, value in table_cells(number, table).items() if key in _OF_TABLE}
        found += (of_table | cells for cells in _cells(table))
    return found


def _cells(table: Table) -> Iterator[dict[str, Cell]]:
    for metric, shown in table.classes.items():
        for each in shown.classes:
            for row in table.rows:
                if metric in row.by_class:
                    yield _class_cells(table, metric, each) | _row_cells(row) | _estimate(metric, each, row)


def _class_cells(table: Table, metric: str, each: ShownClass) -> dict[str, Cell]:
    counts = (each.generated, each.reference_images)
    return dict(zip(_OF_CLASS, (metric, table.metrics[metric].label, each.number, each.name, *counts), strict=True))


def _row_cells(row: Row) -> dict[str, Cell]:
    cells = (row.number or None, row.recipe, options_text(row), row.kimg, list(row.seeds), list(row.runs))
    return dict(zip(_OF_ROW, cells, strict=True))


def _estimate(metric: str, each: ShownClass, row: Row) -> dict[str, Cell]:
    floor = (each.floor.value, each.floor.standard_error) if each.floor else (None, None)
    cells = (*estimate_cells(row.by_class[metric][each.number]), *floor)
    return dict(zip(_OF_ESTIMATE, cells, strict=True))
