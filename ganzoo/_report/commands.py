"""Commands: the lines that make the runs of a report again, and the recipes that they train."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomli_w

from ganzoo._leaderboard.tables import Comparison, Row
from ganzoo._report.without_places import plain_without_places
from ganzoo._runs.record import RunRecord

_MOST_RECIPES = 40
_WHERE = "dataset", "root"


@dataclass(frozen=True)
class RecipeText:
    """A recipe as TOML, without where its data lie."""

    name: str
    toml: str


@dataclass(frozen=True)
class Commands:
    """What makes a report again: recipes to save, lines to run, and how many recipes are left out."""

    recipes: tuple[RecipeText, ...]
    lines: str
    left_out: int


def commands_of(comparison: Comparison) -> Commands:
    """Return the recipes of a comparison's rows, each once, and the lines that train, compare and report them."""
    rows = list(_each_once(row for table in comparison.tables for row in table.rows))
    named: list[tuple[Row, str, RunRecord]] = []
    for row in rows:
        if (record := comparison.records.get(row.recipe_of)) is not None:
            taken = [name for _, name, _ in named]
            named.append((row, row.recipe if row.recipe not in taken else row.runs[0], record))
    shown = named[:_MOST_RECIPES]
    lines = [line for row, name, _ in shown for line in _run_lines(row, name)]
    lines += ["ganzoo compare runs", "ganzoo report runs --out report.html"]
    recipes = tuple(RecipeText(f"{name}.toml", _toml(record.recipe)) for _, name, record in shown)
    return Commands(recipes, "\n".join(lines), len(named) - len(shown))


def _each_once(rows: Iterable[Row]) -> Iterable[Row]:
    """Yield rows, those of one experiment that stand in several tables once."""
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        if row.runs not in seen:
            seen.add(row.runs)
            yield row


def _run_lines(row: Row, name: str) -> list[str]:
    file, called = shlex.quote(f"{name}.toml"), shlex.quote(row.recipe)
    as_named = "" if row.recipe == name else f" --name {called}"
    several = f"--seeds {_ranges(row.seeds)}" if len(row.seeds) > 1 else f"--seed {row.seeds[0]}"
    return [f"ganzoo run {file}{as_named} {several}"] if row.seeds else []


def _ranges(seeds: Sequence[int]) -> str:
    """Return seeds as `--seeds` takes them: `0-4,7`."""
    found: list[list[int]] = []
    for seed in seeds:
        if found and seed == found[-1][-1] + 1:
            found[-1].append(seed)
        else:
            found.append([seed])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in found)


def _toml(recipe: Mapping[str, Any]) -> str:
    kept = {key: dict(value) if isinstance(value, dict) else value for key, value in recipe.items() if key != "seed"}
    section, key = _WHERE
    if isinstance(kept.get(section), dict):
        kept[section].pop(key, None)
    return tomli_w.dumps(_without_none(plain_without_places(kept)))


def _without_none(data: Any) -> Any:
    """Return data as TOML can hold it: what is not set is not written."""
    if isinstance(data, Mapping):
        return {key: _without_none(value) for key, value in data.items() if value is not None}
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [_without_none(value) for value in data if value is not None]
    return data
