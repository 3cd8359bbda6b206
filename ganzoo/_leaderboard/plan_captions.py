"""Plan captions: what was planned before the first run, and what of the cost all rows share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganzoo._leaderboard.planned_sweeps import PlannedSweep, planned_sweeps
from ganzoo._leaderboard.tables import Row
from ganzoo._runs.record import RunRecord
from ganzoo.text import duration

_SAME_HOURS = 0.02
"""Relative difference of hours that counts as none: a training that hours end goes on to the end of a step."""


def plan_notes(records: Sequence[RunRecord]) -> list[str]:
    """Return what the records of a table say of the plans they belong to, a phrase per plan."""
    return [_plan(planned, len(records)) for planned in planned_sweeps(records)]


def _plan(planned: PlannedSweep, total: int) -> str:
    plan, count = planned.mark, len(planned.records)
    before = plan.get("runs_before")
    when = f"after {before} of its runs had begun" if before else "before the first run"
    title = f" ({plan['title']})" if plan.get("title") else ""
    which = "all runs" if count == total else f"{count} of {total} runs"
    text = (
        f"plan of {which}: sweep '{plan.get('name')}'{title}, written down {plan.get('planned')}, {when}, "
        f"SHA-256 {str(plan.get('file_sha256'))[:16]}"
    )
    text += _budget(plan.get("budget"))
    if missing := sum(cell.record is None for cell in planned.cells):
        text += f"; {len(planned.cells) - missing} of the {len(planned.cells)} runs that it plans are in this table"
    for change in plan.get("amended") or ():
        text += f"; changed {change.get('planned')}: {change.get('reason')}"
    return text


def _budget(budget: object) -> str:
    """Return what was planned to be equal: `; planned to be equal: 2.5 hours each`."""
    if not isinstance(budget, Mapping):
        return ""
    unit, amount = str(budget.get("equal")).replace("_", " "), budget.get("amount")
    each = f"{amount:,g} {unit} each" if isinstance(amount, int | float) else f"{unit}, as the recipes say"
    return f"; planned to be equal: {each}"


def cost_line(rows: Sequence[Row]) -> str:
    """Return what of their cost rows share and in what they differ; nothing of a single row."""
    if len(rows) < 2:
        return ""
    updates = [each for each in map(updates_of, rows) if each is not None]
    amounts = {"kimg": [f"{row.kimg:,.4g}" for row in sorted(rows, key=lambda row: row.kimg)]}
    if len(updates) == len(rows):
        amounts["generator updates"] = [f"{round(each):,}" for each in sorted(updates)]
    amounts["hours of training"] = _hours(sorted(row.hours for row in rows))
    equal = [f"{name} ({found[0]})" for name, found in amounts.items() if found[0] == found[-1]]
    unlike = [f"{name} ({found[0]} to {found[-1]})" for name, found in amounts.items() if found[0] != found[-1]]
    return f"Held equal: {', '.join(equal) or 'nothing'}." + (f" Not equal: {', '.join(unlike)}." if unlike else "")


def _hours(hours: Sequence[float]) -> list[str]:
    """Return rising hours for people, alike where the difference counts as none."""
    shown = [duration(3600 * each) for each in hours]
    return shown[-1:] if hours[-1] <= hours[0] * (1 + _SAME_HOURS) else shown


def updates_of(row: Row) -> float | None:
    """Return how often a row's generator was updated; None where its batches grew, or are not known."""
    batch, steps = row.settings.get("training.batch_size"), row.settings.get("training.discriminator_steps", 1)
    grown = any(key.startswith("training.growth.batch_size") for key in row.settings)
    if grown or not isinstance(batch, int | float) or not isinstance(steps, int | float) or batch <= 0 or steps <= 0:
        return None
    return 1000 * row.kimg / batch // steps
