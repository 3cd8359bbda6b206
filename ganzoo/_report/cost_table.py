"""Cost table: what each recipe took, and on what."""

from __future__ import annotations

from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf
from ganzoo._report.updates import updates_of
from ganzoo.text import duration


def cost_table(table: Table, key: str, series: SeriesOf) -> PageTable:
    """Return the costs of a table's rows."""
    header = ("recipe", "kimg", "generator updates", "time of a seed", "all seeds", "images/s", "M params G",
              "M params D", "peak memory", "trained on")  # fmt: skip
    lines = tuple(Line(_cells(row), series(row)) for row in table.rows)
    filled = [
        index for index in range(len(header)) if index == 0 or any(line.cells[index].text != NONE for line in lines)
    ]
    kept = tuple(Line(tuple(line.cells[index] for index in filled), line.series) for line in lines)
    names = tuple(header[index] for index in filled)
    right = frozenset(range(1, len(names))) - {names.index("trained on")} if "trained on" in names else frozenset(
        range(1, len(names))
    )  # fmt: skip
    return PageTable(key, "What each recipe took", names, kept, right, tools=len(lines) > 1)


def _cells(row: Row) -> tuple[Cell, ...]:
    updates, images = updates_of(row), round(1000 * row.kimg)
    count = updates(images) if updates else None
    speed, memory = row.images_per_second, row.peak_memory_bytes
    return (
        Cell(row.recipe),
        Cell(f"{row.kimg:,.4g}", row.kimg),
        Cell(NONE if count is None else f"{count:,.0f}", count),
        _time(row.hours),
        _time(row.hours * len(row.seeds)),
        Cell(NONE if not speed else f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}", speed),
        _millions(row.parameters.get("generator")),
        _millions(row.parameters.get("discriminator")),
        Cell(f"{memory / 2**30:.2f} GiB" if memory else NONE, memory or None),
        Cell(" / ".join(row.machines) or NONE),
    )


def _time(hours: float) -> Cell:
    return Cell(duration(hours * 3600), hours) if hours else Cell(NONE)


def _millions(count: int | None) -> Cell:
    return Cell(NONE) if count is None else Cell(f"{count / 1e6:.2f}", count)
