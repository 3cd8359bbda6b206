"""Planned words: what a plan says, as people read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ganzoo._report.without_places import without_places
from ganzoo.text import clip

_LONGEST = 200
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)", re.ASCII)
_MOST_LISTED = 24


def said(value: Any) -> str:
    """Return what somebody wrote, without places of a machine, and not too long."""
    return "" if value is None else clip(without_places(str(value)), _LONGEST)


def begun(version: Mapping[str, Any]) -> str:
    """Return when a plan, or a change of it, was written down, and what was there by then."""
    before = version.get("runs_before")
    if not isinstance(before, int):
        return moment(version.get("planned"))
    when = f"after {counted(before, 'run')} of it had begun" if before else "before its first run"
    return f"{moment(version.get('planned'))}, {when}"


def moment(written: Any) -> str:
    """Return a moment as records write it, `2026-11-28T08:48:08+00:00`, for people."""
    text = said(written)
    return f"{text[:10]} {text[11:19]} UTC" if _MOMENT.fullmatch(text) else text


def counted(number: int, what: str) -> str:
    """Return `1 run`, `3 runs`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def listed(texts: Sequence[str], between: str = ", ") -> str:
    """Return texts one behind the other, the first of many and how many more there are."""
    more = f"{between}and {len(texts) - _MOST_LISTED:,} more" if len(texts) > _MOST_LISTED else ""
    return between.join(map(said, texts[:_MOST_LISTED])) + more


def seeds_text(seeds: Sequence[int]) -> str:
    """Return `0, 1, 2`, or `0 to 99`."""
    if len(seeds) > _MOST_LISTED and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} to {seeds[-1]}"
    return listed([str(seed) for seed in seeds])


def budget(planned: Any) -> str:
    """Return what each run was to get the same amount of."""
    if not isinstance(planned, Mapping):
        return "not planned"
    unit, amount = said(planned.get("equal")).replace("_", " "), planned.get("amount")
    return f"{amount:,g} {unit} each" if isinstance(amount, int | float) else f"{unit}, as the recipes say"


def looked(looks: Sequence[int]) -> str:
    """Return at which numbers of seeds it was planned to look."""
    if not looks:
        return "not planned"
    if len(looks) == 1:
        return f"one, at {counted(looks[0], 'seed')}"
    return f"at {', '.join(map(str, looks[:-1]))} and {looks[-1]} seeds, which share the 5 % of false claims"
