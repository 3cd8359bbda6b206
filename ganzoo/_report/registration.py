"""Registration: what was planned before the first run, with the hash of the sweep's file that holds it to that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ganzoo._report.page_table import PageTable, text_lines
from ganzoo._report.without_places import without_places
from ganzoo._runs.record import RunRecord
from ganzoo.text import clip

_LONGEST = 200
NOT_PLANNED = (
    "Nothing was written down before these runs began: none is of a sweep. ganzoo sweep FILE keeps the hash of its "
    "plan in each run's record, and this report then shows it."
)


def registration_table(records: Sequence[RunRecord]) -> tuple[PageTable | None, str]:
    """Return the plans that runs belong to, and a sentence about those that belong to none."""
    plans: dict[str, tuple[Mapping[str, Any], int]] = {}
    for record in records:
        if record.sweep:
            key = json.dumps(record.sweep, sort_keys=True, default=str)
            plan, count = plans.get(key, (record.sweep, 0))
            plans[key] = plan, count + 1
    if not plans:
        return None, NOT_PLANNED if records else ""
    planned = sum(count for _, count in plans.values())
    rest = len(records) - planned
    said = f"{planned:,} of {len(records):,} runs are of a plan that was written down before the first of them began."
    said += f" {rest:,} {'is' if rest == 1 else 'are'} of none." if rest else ""
    header = ("plan", "planned", "SHA-256 of its file", "runs of it", "budget", "looks", "changed since")
    lines = text_lines(_cells(plan, count) for plan, count in plans.values())
    return PageTable("registration", "Plans", header, lines, frozenset({3})), said


def _cells(plan: Mapping[str, Any], count: int) -> tuple[str, ...]:
    before = plan.get("runs_before")
    begun = f"{_text(plan.get('planned'))}" + (f", after {before} of its runs" if before else ", before its first run")
    changes = plan.get("amended")
    amended = [
        f"{_text(each.get('planned'))}: {_text(each.get('reason'))}"
        for each in (changes if isinstance(changes, list) else [])
        if isinstance(each, Mapping)
    ]
    title = _text(plan.get("title"))
    return (
        _text(plan.get("name")) + (f": {title}" if title else ""),
        begun,
        _text(plan.get("file_sha256")),
        f"{count:,}",
        _budget(plan.get("budget")),
        _list(plan.get("looks")) or "not planned",
        "; ".join(amended) or "no",
    )


def _budget(budget: Any) -> str:
    if not isinstance(budget, Mapping):
        return "as each recipe says"
    return ", ".join(f"{key} {_text(value)}" for key, value in budget.items())


def _list(values: Any) -> str:
    return ", ".join(map(_text, values)) if isinstance(values, list | tuple) else ""


def _text(value: Any) -> str:
    return "" if value is None else clip(without_places(str(value)), _LONGEST)
