"""Comparisons for programs: CSV, a line per row, and JSON, the whole. Values are in the metrics' own units."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import asdict
from typing import Any

from ganzoo._io.atomic import json_bytes
from ganzoo._leaderboard.captions import differences, not_ranked, title
from ganzoo._leaderboard.columns import options_text
from ganzoo._leaderboard.statistics.estimate import Estimate
from ganzoo._leaderboard.tables import Comparison, Origin, Row, Section, Table
from ganzoo._leaderboard.variants import in_order, own_key
from ganzoo._runs.plain_data import ClassScore, Floor, plain
from ganzoo._runs.record import RunRecord
from ganzoo.text import csv_cell

JSON_FORMAT = 5
Cell = str | int | float | list[int] | list[str] | None
_LEADING = (
    *("table", "dataset", "resolution", "channels", "generated", "reference_images", "protocol_id", "not_comparable"),
    *("ranked_by", "section", "row", "rank_first", "rank_last", "better_than", "worse_than", "equivalent_to"),
    *("not_known_against", "status", "recipe", "generator", "discriminator", "loss"),
    *(
        "penalties",
        "augmentation",
        "options",
        "kimg",
        "seeds",
        "seeds_diverged",
        "runs",
        "images_per_second",
        "parameters_generator",
    ),
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
        writer.writerow(flat_cells(row))
    for runs in not_ranked(comparison).values():
        for run in runs:
            cells: dict[str, Cell] = {"runs": run.name, "status": run.status, "kimg": run.kimg, "message": run.reason}
            writer.writerow(flat_cells(cells))
    return out.getvalue()


def plain_rows(comparison: Comparison) -> list[dict[str, Cell]]:
    """Return one dictionary per row of each table; `table` numbers the tables from 1."""
    return [
        table_cells(number, table) | _row_cells(table, row)
        for number, table in enumerate(comparison.tables, 1)
        for row in table.rows
    ]


_SUFFIXES = (
    *("label", "mean", "sd", "n", "ci95_low", "ci95_high", "sampling_error", "error_unit", "subjects", "notes"),
    *("published", "floor", "floor_error"),
)


def flat_cells(cells: dict[str, Cell]) -> dict[str, Cell]:
    flat = {key: " ".join(map(str, value)) if isinstance(value, list) else value for key, value in cells.items()}
    return {key: csv_cell(value) if isinstance(value, str) else value for key, value in flat.items()}


def table_cells(number: int, table: Table) -> dict[str, Cell]:
    context = table.context
    return {
        "table": number,
        "dataset": table.dataset,
        "resolution": _number(context.get("dataset.resolution")),
        "channels": _number(context.get("dataset.channels")),
        "generated": table.generated,
        "reference_images": table.reference_images,
        "protocol_id": table.protocol_id,
        "not_comparable": differences(table.distinct),
        "ranked_by": table.metrics[table.primary].label,
    }


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _status(table: Table, row: Row) -> str:
    if row.judge_read:
        return f"no rank: its training read the features of {row.judge_read}"
    return "ranked" if row.rank else f"not scored with {table.metrics[table.primary].label}"


def _row_cells(table: Table, row: Row) -> dict[str, Cell]:
    first, last = row.rank or (None, None)
    cells: dict[str, Cell] = {
        "section": row.section,
        "row": row.number or None,
        "rank_first": first,
        "rank_last": last,
        "better_than": list(row.better_than),
        "worse_than": list(row.worse_than),
        "equivalent_to": list(row.equivalent_to),
        "not_known_against": _unknown(table, row),
        "status": _status(table, row),
        "recipe": row.recipe,
        "generator": row.generator,
        "discriminator": row.discriminator,
        "loss": row.loss,
        "penalties": ", ".join(row.penalties),
        "augmentation": row.augmentation,
        "options": options_text(row),
        "kimg": row.kimg,
        "seeds": list(row.seeds),
        "seeds_diverged": list(row.diverged),
        "runs": list(row.runs),
        "images_per_second": row.images_per_second,
        "parameters_generator": row.parameters.get("generator"),
        "parameters_discriminator": row.parameters.get("discriminator"),
        "hours": row.hours,
    }
    for metric, estimate in row.estimates.items():
        published = row.published.get(own_key(metric))
        values = (
            *estimate_cells(estimate),
            published.value if published else None,
            *_floor(table.metrics[metric].floor),
        )
        named = zip(_SUFFIXES, (table.metrics[metric].label, *values), strict=True)
        cells |= {f"{metric}_{suffix}": value for suffix, value in named}
    return cells


def _unknown(table: Table, row: Row) -> list[int]:
    """Return the numbers of the rows against which nothing is known yet."""
    if row.rank is None:
        return []
    known = {row.number, *row.better_than, *row.worse_than, *row.equivalent_to}
    return sorted(other.number for other in table.rows if other.rank is not None and other.number not in known)


def estimate_cells(estimate: Estimate) -> tuple[Cell, ...]:
    spread = (estimate.mean, estimate.deviation, estimate.count, estimate.low, estimate.high)
    return *spread, estimate.sampling_error, estimate.error_unit, estimate.subjects, "; ".join(estimate.notes)


def _floor(floor: Floor | None) -> tuple[Cell, Cell]:
    return (floor.value, floor.error) if floor else (None, None)


def _model_dump(value: object) -> dict[str, Any]:
    """Return what in a table is no dataclass, but a part of a record, as plain data."""
    if isinstance(value, Floor | ClassScore):
        return value.model_dump()
    raise TypeError(f"{value!r:.80} is no plain data")


def plain_pairs(comparison: Comparison) -> list[dict[str, str | int | float | bool | None]]:
    """Return one dictionary per pair of rows of each table that lists them."""
    found: list[dict[str, str | int | float | bool | None]] = []
    for number, table in enumerate(comparison.tables, 1):
        names = {row.number: row.recipe for row in table.rows}
        for pair in table.verdict.pairs:
            recipes = {"first_recipe": names[pair.first], "second_recipe": names[pair.second]}
            found.append({"table": number} | recipes | asdict(pair))
    return found


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
    if comparison.origin is not None:
        whole["made_of"] = made_of(comparison.origin)
    return json.dumps(plain(whole), indent=1, allow_nan=False, default=_model_dump) + "\n"


def made_of(origin: Origin) -> dict[str, Any]:
    """Return what was asked for, and which records it was made of, each by its SHA-256."""
    records = [{"name": record.name, "sha256": record_digest(record)} for record in origin.records]
    return {"asked": dict(origin.asked), "records": records}


def record_digest(record: RunRecord) -> str:
    """Return the SHA-256 of all that a record says, 64 hex digits."""
    return hashlib.sha256(json_bytes(plain(record.model_dump()))).hexdigest()


def _section(section: Section) -> dict[str, Any]:
    rows = [asdict(row) | {"open": row.open} for row in section.rows]
    return {"value": section.value, "count": section.count, "means": dict(section.means), "rows": rows}
