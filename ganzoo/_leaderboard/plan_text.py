"""Plans as text: what would settle the open pairs of each table, and the lines to run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganzoo._leaderboard.captions import title
from ganzoo._leaderboard.plan import PlannedPair, plan_of
from ganzoo._leaderboard.plan_sweep import sweep_line
from ganzoo._leaderboard.rules import PLANNED_LOOKS
from ganzoo._leaderboard.tables import Comparison, Table
from ganzoo.text import duration

_MOST_PAIRS = 10
_MOST_LINES = 40


def plan_text(comparison: Comparison, paths: Sequence[Path] = ()) -> list[str]:
    """Return the plan of all tables, line by line, and the line that runs all of it; foreign text is not escaped.

    Args:
        comparison: The comparison.
        paths: What was compared.
    """
    lines = []
    for number, table in enumerate(comparison.tables, 1):
        ranked = sum(row.rank is not None for row in table.rows)
        if ranked > 1:
            lines += [f"Plan for {title(table)}", *_of_table(table, plan_of(table, number, comparison.folders)), ""]
    if paths and any(line.startswith("  ganzoo run ") for line in lines):
        runs = next(iter(comparison.folders.values())).parent
        lines += ["All of it as one sweep, which looks by itself when it may:", f"  {sweep_line(paths, runs)}"]
    return lines or ["There is nothing to plan: no table has two rows."]


def _of_table(table: Table, planned: Sequence[PlannedPair]) -> list[str]:
    if table.verdict.unknown and not planned:
        return ["It has too many rows to list their pairs: choose some with --where."]
    if not planned:
        return ["Every pair is settled."]
    looks = tuple(table.verdict.looks) or PLANNED_LOOKS
    names = {row.number: row.recipe for row in table.rows}
    lines = [
        f"Look after {', '.join(map(str, looks))} seeds and at no other time, with "
        f"--looks {','.join(map(str, looks))}. Seeds are enough in 4 of 5 cases, if the two are as they look now."
    ]
    lines += [_pair_line(pair, names, looks[-1]) for pair in planned[:_MOST_PAIRS]]
    if len(planned) > _MOST_PAIRS:
        lines.append(f"... and {len(planned) - _MOST_PAIRS:,} pairs that take longer.")
    return lines + _commands(planned[:_MOST_PAIRS], looks[-1])


def _pair_line(pair: PlannedPair, names: dict[int, str], last_look: int) -> str:
    which = f"- {names[pair.first]} (row {pair.first}) against {names[pair.second]} (row {pair.second})"
    if pair.seeds is None:
        return f"{which}: not within 200 seeds each, towards {pair.towards}: leave it open."
    more = f"{pair.runs} more run{'s' * (pair.runs != 1)}, {duration(pair.hours * 3600)} here"
    beyond = "" if pair.seeds <= last_look else "; beyond the last look, so plan other looks before you start"
    return f"{which}: {pair.seeds} seeds each, towards {pair.towards}: {more}{beyond}."


def _commands(planned: Sequence[PlannedPair], last_look: int) -> list[str]:
    within = [pair for pair in planned if pair.seeds is not None and pair.seeds <= last_look]
    commands = list(dict.fromkeys(line for pair in within for line in pair.commands))
    more = len(commands) - _MOST_LINES
    return [f"  {line}" for line in commands[:_MOST_LINES]] + ([f"  and {more} more"] if more > 0 else [])
