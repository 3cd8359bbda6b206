"""Agreement: whether the metrics of a table order its recipes alike, and after how much of the time one is level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from ganzoo._leaderboard.pace_text import pace_lines
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._leaderboard.two_recipes import TwoRecipes

_MOST_PACES = 4


def agreement_sentences(table: Table) -> list[str]:
    """Return of each metric that does not rank how many pairs of recipes it orders otherwise than the one that does."""
    primary = table.metrics[table.primary]
    found = []
    for metric, shown in table.metrics.items():
        rows = [row for row in table.rows if {metric, table.primary} <= set(row.estimates) and not row.judge_read]
        if metric == table.primary or len(rows) < 2:
            continue
        same_way = shown.lower_is_better == primary.lower_is_better
        pairs = list(combinations(rows, 2))
        unlike = [
            pair for pair in pairs if _order(pair, metric) * _order(pair, table.primary) * (1 if same_way else -1) < 0
        ]
        if not unlike:
            found.append(f"{shown.label} puts the recipes in the same order as {primary.label}.")
            continue
        one, other = unlike[0]
        found.append(
            f"{shown.label} orders {len(unlike):,} of {len(pairs):,} pairs otherwise than {primary.label}, such as "
            f"{one.recipe} and {other.recipe}."
        )
    return found


def _order(pair: tuple[Row, Row], metric: str) -> int:
    one, other = (row.estimates[metric].mean for row in pair)
    return (one > other) - (one < other)


def pace_sentences(table: Table, folders: Mapping[str, Path]) -> list[str]:
    """Return after how much of a worse recipe's images and time the best one that is surely better is level with it."""
    rows: dict[int, Row] = {row.number: row for row in table.rows}
    better: Sequence[tuple[Row, Row]] = [
        (rows[pair.first], rows[pair.second]) for pair in table.verdict.pairs if pair.answer in ("better", "worse")
    ]
    sentences: list[str] = []
    for one, other in better:
        if len(sentences) < _MOST_PACES and one.course.get(table.primary) and other.course.get(table.primary):
            sentences += pace_lines(TwoRecipes(table, one, other, {}, 0, folders))
    return sentences[:_MOST_PACES]
