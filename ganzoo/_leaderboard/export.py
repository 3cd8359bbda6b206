"""Comparisons for programs: CSV, a line per row, and JSON, the whole. Values are in the metrics' own units."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from ganzoo._leaderboard.captions import differences, not_ranked, title
from ganzoo._leaderboard.columns import options_text
from ganzoo._leaderboard.statistics import Estimate
from ganzoo._leaderboard.tables import Comparison, Row, Section, Table
from ganzoo._leaderboard.variants import in_order, own_key
from ganzoo._runs.plain_data import plain
from ganzoo.text import csv_cell

JSON_FORMAT = 2
Cell = str | int | float | None
_LEADING = (
    *("table", "dataset", "resolution", "channels", "generated", "reference_images", "protocol_id", "not_comparable"),
    *("ranked_by", "section", "rank_first", "rank_last", "status", "recipe", "generator", "discriminator", "loss"),
    *("penalties", "augmentation", "options", "kimg", "seeds", "runs", "images_per_second", "parameters_generator"),
    *("parameters_discriminator", "hours"),
)


def to_csv(comparison: Comparison) -> str:
    """Return one line per row and one per run that no table holds; `table` numbers the tables from 1.

    Rows of different tables must not be compared. `not_comparable` says in which fields their tables differ.
    """
    metrics = in_order(table.metrics for table in comparison.tables)
    header = [*_LEADING, *(f"{metric}_{suffix}" for metric in metrics for suffix in _SUFFIXES), "message"]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    for row in plain_rows(comparison):
        writer.writerow(_cells(row))
    for runs in not_ranked(comparison).values():
        for run in runs:
            cells: dict[str, Cell] = {"runs": run.name, "status": run.status, "kimg": run.kimg, "message": run.reason}
            writer.writerow(_cells(cells))
    return out.getvalue()


def plain_rows(comparison: Comparison) -> list[dict[str, Cell]]:
    """Return one dictionary per row of each table; `table` numbers the tables from 1."""
    return [
        _table_cells(number, table) | _row_cells(table, row)
        for number, table in enumerate(comparison.tables, 1)
        for row in table.rows
    ]


_SUFFIXES = ("label", "mean", "sd", "n", "standard_error", "notes", "published")


def _cells(cells: dict[str, Cell]) -> dict[str, Cell]:
    return {key: csv_cell(value) if isinstance(value, str) else value for key, value in cells.items()}


def _table_cells(number: int, table: Table) -> dict[str, Cell]:
    context = table.context
    return {
        "table": number,
        "dataset": table.dataset,
        "resolution": str(context.get("dataset.resolution", "")),
        "channels": str(context.get("dataset.channels", "")),
        "generated": table.generated,
        "reference_images": table.reference_images,
        "protocol_id": table.protocol_id,
        "not_comparable": differences(table.distinct),
        "ranked_by": table.metrics[table.primary].label,
    }


def _row_cells(table: Table, row: Row) -> dict[str, Cell]:
    first, last = row.rank or (None, None)
    cells: dict[str, Cell] = {
        "section": row.section,
        "rank_first": first,
        "rank_last": last,
        "status": "ranked" if row.rank else f"not scored with {table.metrics[table.primary].label}",
        "recipe": row.recipe,
        "generator": row.generator,
        "discriminator": row.discriminator,
        "loss": row.loss,
        "penalties": ", ".join(row.penalties),
        "augmentation": row.augmentation,
        "options": options_text(row),
        "kimg": row.kimg,
        "seeds": " ".join(map(str, row.seeds)),
        "runs": " ".join(row.runs),
        "images_per_second": row.images_per_second,
        "parameters_generator": row.parameters.get("generator"),
        "parameters_discriminator": row.parameters.get("discriminator"),
        "hours": row.hours,
    }
    for metric, estimate in row.estimates.items():
        published = row.published.get(own_key(metric))
        values = (*_values(table.metrics[metric].label, estimate), published[0] if published else None)
        cells |= {f"{metric}_{suffix}": value for suffix, value in zip(_SUFFIXES, values, strict=True)}
    return cells


def _values(label: str, estimate: Estimate) -> tuple[Cell, ...]:
    notes = "; ".join(estimate.notes)
    return label, estimate.mean, estimate.deviation, estimate.count, estimate.standard_error, notes


def to_json(comparison: Comparison) -> str:
    """Return the whole comparison as one JSON object, ASCII only."""
    tables = [
        {"title": title(table)}
        | {key: value for key, value in asdict(table).items() if key != "sections"}
        | {"sections": [_section(section) for section in table.sections]}
        for table in comparison.tables
    ]
    lists = {key: [asdict(run) for run in getattr(comparison, key)] for key in ("unfinished", "unscored", "unreadable")}
    whole = {"format": JSON_FORMAT, "tables": tables, **lists}
    return json.dumps(plain(whole), indent=1, allow_nan=False) + "\n"


def _section(section: Section) -> dict[str, Any]:
    rows = [asdict(row) | {"tied": row.tied} for row in section.rows]
    return {"value": section.value, "count": section.count, "means": dict(section.means), "rows": rows}
