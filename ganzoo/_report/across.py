"""Ranking over data sets: how far each recipe is from the best of each, on the mean, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganzoo._leaderboard.tables import Row, Table
from ganzoo._report.page_table import Cell, Line, PageTable
from ganzoo._report.series import SeriesOf, common_name, recipe_key

_RESAMPLED, _SEED = 2000, 2020


@dataclass(frozen=True)
class Across:
    """A recipe over several data sets.

    Attributes:
        name: What it is called.
        ratio: Geometric mean over the data sets of its score to that of the best recipe there, at least 1.
        low: Lower end of the 95 % interval.
        high: Its upper end.
        ratios: By data set.
        series: Its color.
    """

    name: str
    ratio: float
    low: float
    high: float
    ratios: Mapping[str, float]
    series: int


def across_data_sets(tables: Sequence[Table], series: SeriesOf) -> list[Across]:
    """Return the recipes that stand in a table of each data set, the nearest to the best first; else nothing.

    Mean of logarithms of ratios to the best row of each data set, and a bootstrap over seeds within each: ranks would
    count a hair as much as a mile. Only positive scores of one metric are put together.
    """
    chosen = _one_per_data_set(tables)
    if (
        len(chosen) < 2
        or len({(t.metrics[t.primary].label, t.metrics[t.primary].lower_is_better) for t in chosen}) != 1
    ):
        return []
    found = [_by_recipe(table) for table in chosen]
    shared = [key for key in found[0] if all(key in each for each in found)]
    rows = {key: [each[key] for each in found] for key in shared}
    positive = all(_positive(table, row) for each in rows.values() for table, row in zip(chosen, each, strict=True))
    if len(shared) < 2 or not positive:
        return []
    return sorted(_summaries(chosen, rows, series), key=lambda each: each.ratio)


def _one_per_data_set(tables: Sequence[Table]) -> list[Table]:
    """Return of each data set the table with the most rows."""
    found: dict[str, Table] = {}
    for table in tables:
        key = str(table.context.get("dataset.fingerprint", table.dataset))
        if key not in found or len(table.rows) > len(found[key].rows):
            found[key] = table
    return list(found.values())


def _by_recipe(table: Table) -> dict[str, Row]:
    """Return rows by all that decides what is learned, but the data; none whose training read its judge's features."""
    found: dict[str, Row] = {}
    for row in table.rows:
        if not row.judge_read:
            found.setdefault(recipe_key(row.settings), row)
    return found


def _positive(table: Table, row: Row) -> bool:
    estimate = row.estimates.get(table.primary)
    return estimate is not None and all(value > 0 for value in estimate.values.values())


def _summaries(tables: Sequence[Table], rows: Mapping[str, Sequence[Row]], series: SeriesOf) -> list[Across]:
    random = np.random.default_rng(_SEED)
    logs: dict[str, list[float]] = {key: [] for key in rows}
    draws = {key: np.zeros(_RESAMPLED) for key in rows}
    for index, table in enumerate(tables):
        sign = 1.0 if table.metrics[table.primary].lower_is_better else -1.0
        values = {
            key: sign * np.log(list(several[index].estimates[table.primary].values.values()))
            for key, several in rows.items()
        }
        best = min(each.mean() for each in values.values())
        for key, each in values.items():
            logs[key].append(float(each.mean() - best))
            resampled = each[random.integers(0, len(each), (_RESAMPLED, len(each)))].mean(1) - best
            draws[key] += resampled / len(tables)
    return [_across(several, tables, logs[key], draws[key], series(several[0])) for key, several in rows.items()]


def _across(
    several: Sequence[Row],
    tables: Sequence[Table],
    logs: Sequence[float],
    draws: np.ndarray[tuple[int], np.dtype[np.float64]],
    series: int,
) -> Across:
    low, high = (float(math.exp(end)) for end in np.quantile(draws, (0.025, 0.975)))
    ratios = {table.dataset: math.exp(value) for table, value in zip(tables, logs, strict=True)}
    name = common_name([(row.recipe, table.dataset) for row, table in zip(several, tables, strict=True)])
    return Across(name, math.exp(sum(logs) / len(logs)), low, high, ratios, series)


def across_table(found: Sequence[Across], label: str) -> PageTable | None:
    """Return the ranking over data sets; None where there is none."""
    if not found:
        return None
    data = list(found[0].ratios)
    lines = tuple(
        Line(
            (
                Cell(each.name),
                Cell(f"{each.ratio:.3f}", each.ratio),
                Cell(f"[{each.low:.3f}, {each.high:.3f}]"),
                *(Cell(f"{each.ratios[name]:.3f}", each.ratios[name]) for name in data),
            ),
            each.series,
        )
        for each in found
    )
    header = ("recipe", "mean ratio to the best", "95 % interval", *(f"on {name}" for name in data))
    caption = f"{label} over {len(data)} data sets, as ratios to the best recipe of each"
    return PageTable("across", caption, header, lines, frozenset(range(1, len(header))), tools=len(lines) > 1)


def across_sentence(found: Sequence[Across], label: str) -> str:
    """Return which recipe is nearest to the best of all data sets, and whether it surely is; empty where none is."""
    if not found:
        return ""
    first, second = found[:2]
    data = len(first.ratios)
    text = (
        f"Over {data} data sets, {first.name} is nearest to the best of each: {_times(first)} its {label} on the mean"
    )
    if first.high < second.low:
        return f"{text}, ahead of {second.name} with {_times(second)}."
    return f"{text}; {second.name} with {_times(second)} is not surely behind."


def _times(each: Across) -> str:
    return f"{each.ratio:.2f} times [{each.low:.2f}, {each.high:.2f}]"
