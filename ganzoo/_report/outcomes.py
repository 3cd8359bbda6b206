"""Outcomes: runs that diverged, failed, were stopped, still run, or were not scored: nothing is dropped."""

from __future__ import annotations

from ganzoo._leaderboard.captions import not_ranked
from ganzoo._leaderboard.tables import Comparison, Unranked
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.without_places import without_places

_FIRST = {"diverged": 0, "failed": 1}


def outcomes_table(comparison: Comparison) -> PageTable | None:
    """Return the runs that no table holds, those that went wrong first; None where there is none."""
    runs = [run for several in not_ranked(comparison).values() for run in several]
    if not runs:
        return None
    lines = tuple(map(_line, sorted(runs, key=lambda run: (_FIRST.get(run.status, 2), run.status, run.name))))
    header = ("run", "status", "kimg", "why")
    return PageTable("outcomes", "Runs without a rank", header, lines, frozenset({2}), tools=len(lines) > 5)


def outcomes_sentence(comparison: Comparison) -> str:
    """Return how many runs there are, and how many of them no table holds."""
    ranked = {run for table in comparison.tables for row in table.rows for run in row.runs}
    others = [run.status for several in not_ranked(comparison).values() for run in several]
    counted = [f"{others.count(status):,} {_said(status)}" for status in dict.fromkeys(sorted(others, key=_place))]
    total = len(ranked) + len(others)
    if not counted:
        return f"All {total:,} runs are ranked: none failed, diverged or is without a score." if total != 1 else (
            "The run finished and was scored."
        )  # fmt: skip
    runs, stand = f"{total:,} run{'s' * (total != 1)}", f"{len(ranked):,} stand{'s' * (len(ranked) == 1)}"
    return f"Of {runs}, {stand} in a table; {', '.join(counted)}."


def _said(status: str) -> str:
    return {"finished": "finished without a score", "running": "still running"}.get(status, status)


def _place(status: str) -> tuple[int, str]:
    return _FIRST.get(status, 2), status


def _line(run: Unranked) -> Line:
    status = "no score" if run.status == "finished" else run.status
    why = without_places(run.reason) or {"finished": "ganzoo score makes one"}.get(run.status, "")
    return Line((Cell(run.name), Cell(status), Cell(f"{run.kimg:,.4g}" if run.kimg else "—", run.kimg), Cell(why)))
