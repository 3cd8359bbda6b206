"""Own table of a run: the one that its newest score stands in, its row marked, and how much else there is."""

from __future__ import annotations

from dataclasses import replace

from ganzoo._leaderboard.tables import Comparison, Row, Table
from ganzoo.text import counted

MARK = "▸"


def own_table(comparison: Comparison, run: str, protocol_id: str) -> tuple[Comparison, str]:
    """Return a comparison of one table, and a sentence about the others; empty where there are none.

    Args:
        comparison: All tables of the run's folder.
        run: Name of the run.
        protocol_id: Of the score whose table is wanted.
    """
    holding = [table for table in comparison.tables if any(run in row.runs for row in table.rows)]
    chosen = next((table for table in holding if table.protocol_id == protocol_id), next(iter(holding), None))
    if chosen is None:
        return comparison, ""
    others = len(comparison.tables) - 1
    unranked = len(comparison.unfinished) + len(comparison.unscored) + len(comparison.unreadable)
    parts = [counted(others, "other table")] if others else []
    parts += [counted(unranked, "run") + " without a rank"] if unranked else []
    return Comparison((_marked(chosen, run),), (), ()), " and ".join(parts)


def _marked(table: Table, run: str) -> Table:
    """Mark the run's row; of a run that was trained on, the one of its end. Others of its table stay as they are."""
    mine = max((row for row in table.rows if run in row.runs), key=lambda row: row.kimg)

    def shown(row: Row) -> Row:
        return replace(row, recipe=f"{MARK} {row.recipe}") if row is mine else row

    sections = tuple(replace(section, rows=tuple(map(shown, section.rows))) for section in table.sections)
    return replace(table, sections=sections, distinct={}, notes=(*table.notes, f"{MARK} is this run's row"))
