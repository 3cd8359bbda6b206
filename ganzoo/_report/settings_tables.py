"""Settings: what was held equal, and the keys in which recipes differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganzoo._leaderboard.record_fields import value_text
from ganzoo._leaderboard.rows import differing
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf
from ganzoo._report.without_places import without_places
from ganzoo.text import clip

_WIDEST, _MOST_ACROSS = 60, 6


@dataclass(frozen=True)
class Settings:
    """What is equal and what differs.

    Attributes:
        equal: Sentence about what is.
        differ: The keys that do; None where none does.
        listed: All equal keys; None where there is none.
    """

    equal: str
    differ: PageTable | None
    listed: PageTable | None


def settings_of(table: Table, key: str, series: SeriesOf) -> Settings:
    """Return what the rows of a table share, and where they differ."""
    rows = table.rows
    flats = [row.settings for row in rows]
    fields = differing(flats) if len(rows) > 1 else []
    shared = {field: flats[0][field] for field in (flats[0] if flats else {}) if field not in fields}
    listed = [(field, _text(value)) for field, value in sorted(shared.items())]
    equal = None
    if listed:
        lines = tuple(Line((Cell(field), Cell(text))) for field, text in listed)
        equal = PageTable(f"{key}-equal", "Keys that are equal", ("key", "value"), lines)
    return Settings(_equal(table, len(shared), len(fields)), _differ(rows, fields, key, series), equal)


def _equal(table: Table, shared: int, different: int) -> str:
    rows = table.rows
    if len(rows) < 2:
        return f"One recipe of {shared} keys: there is nothing to hold equal."
    lengths = {round(row.kimg, 3) for row in rows}
    found = [f"the images ({table.dataset or 'one data set'}) and the protocol of scoring"]
    found += [f"the budget of {lengths.pop():,.4g} kimg"] if len(lengths) == 1 else []
    seeds = {row.seeds for row in rows}
    found += [f"the training seeds ({', '.join(map(str, seeds.pop()))})"] if len(seeds) == 1 else []
    machines = {row.machines for row in rows}
    found += ["the machine"] if len(machines) == 1 and all(len(each) == 1 for each in machines) else []
    text = f"Held equal: {', '.join(found)}, and {shared} of {shared + different} keys of the recipes."
    unlike = [name for name, one in (("kimg", len(lengths) > 1), ("seeds", len(seeds) > 1)) if one]
    return text + (f" Not equal: {' and '.join(unlike)}." if unlike else "")


def _differ(rows: Sequence[Row], fields: Sequence[str], key: str, series: SeriesOf) -> PageTable | None:
    """Return the differing keys: recipes side by side, or below each other where they are many."""
    if not fields:
        return None
    caption = f"Keys in which the recipes differ ({len(fields)})"
    if len(rows) <= _MOST_ACROSS:
        header = ("key", *(row.recipe for row in rows))
        lines = tuple(
            Line((Cell(field), *(Cell(_text(row.settings[field]) if field in row.settings else "—") for row in rows)))
            for field in fields
        )
    else:
        header = ("recipe", *fields)
        lines = tuple(
            Line(
                (
                    Cell(row.recipe),
                    *(Cell(_text(row.settings[each]) if each in row.settings else "—") for each in fields),
                ),
                series(row),
            )
            for row in rows
        )
    return PageTable(f"{key}-differ", caption, header, lines, tools=len(lines) > _MOST_ACROSS)


def _text(value: object) -> str:
    return clip(without_places(value_text(value)), _WIDEST)
