"""Plan: how many seeds would settle a pair that is not known yet, what they cost, and the lines that run them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganzoo._leaderboard.rules import LEVEL, PLANNED_LOOKS, Rules
from ganzoo._leaderboard.statistics.studentized_range import critical_t
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._leaderboard.verdict import Pair

_POWER = 0.84
"""Quantile of the normal distribution at 80 %: the chance to settle a pair if it is as it looks."""
_MOST_SEEDS = 200


@dataclass(frozen=True)
class PlannedPair:
    """What would settle one pair.

    Attributes:
        table: Number of its table, from 1.
        first: Number of one row.
        second: Number of the other.
        towards: What is to be known then, if the two are as they look: `better` or `equivalent`.
        seeds: Seeds that each row should have then; None: more than 200.
        runs: How many trainings that is beyond those that are there.
        hours: What they take, as long as those that are there took.
        commands: The lines that run them.
    """

    table: int
    first: int
    second: int
    towards: str
    seeds: int | None
    runs: int
    hours: float
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Settling:
    """How many seeds each would settle a pair, and towards what; None: more than 200 for either."""

    seeds: int | None
    towards: str


def looks_of(rules: Rules) -> tuple[int, ...]:
    """Return the planned looks, or those that a plan proposes."""
    return tuple(rules.looks) or PLANNED_LOOKS


class SeedsToSettle:
    """Seeds that would settle the pairs of one table.

    Looks are few and share the 5 %, so a number of seeds is that of a look while there is one. Degrees of freedom are
    those of the pair alone, though other rows may add theirs: rather a seed too many.
    """

    def __init__(self, rows: int, rules: Rules) -> None:
        self._looks = looks_of(rules)
        self._seeds = np.arange(2, _MOST_SEEDS + 1)
        self._bounds = critical_t(rows, (2 * (self._seeds - 1)).astype(np.float64), LEVEL / len(self._looks)) + _POWER

    def of(self, gap: float, margin: float, deviation: float, there: int) -> Settling:
        """Return how many seeds each would show that the gap matters, or that it does not: whichever takes fewer.

        Args:
            gap: Difference of the means, on the scale of errors.
            margin: Difference that does not matter, on the same scale.
            deviation: Standard deviation of the difference of two single trainings.
            there: Seeds that both rows have already.
        """
        errors = self._bounds * deviation / np.sqrt(self._seeds)
        more = self._seeds > there
        better, equivalent = more & (errors <= abs(gap)), more & (errors <= margin - abs(gap))
        towards = "equivalent" if abs(gap) < margin else "better"
        enough = self._seeds[equivalent if towards == "equivalent" else better]
        if not len(enough):
            return Settling(None, towards)
        least = int(enough[0])
        return Settling(next((look for look in self._looks if look >= least), least), towards)


def plan_of(table: Table, number: int, folders: Mapping[str, Path]) -> list[PlannedPair]:
    """Return what would settle each pair of a table that is not known yet, the cheapest first.

    Args:
        table: The table.
        number: Its number.
        folders: Run folders by the names of the runs.
    """
    rows = {row.number: row for row in table.rows}
    found = []
    for pair in table.verdict.pairs:
        if pair.answer == "not known yet":
            found.append(_planned(pair, rows[pair.first], rows[pair.second], number, folders))
    return sorted(found, key=lambda each: (each.seeds is None, each.hours, each.first, each.second))


def _planned(pair: Pair, one: Row, other: Row, number: int, folders: Mapping[str, Path]) -> PlannedPair:
    missing = [max(0, (pair.seeds_needed or 0) - len(row.seeds)) for row in (one, other)]
    commands = [
        line for row, count in zip((one, other), missing, strict=True) for line in run_lines(row, count, folders)
    ]
    hours = sum(row.hours * count for row, count in zip((one, other), missing, strict=True))
    return PlannedPair(
        number, pair.first, pair.second, pair.towards, pair.seeds_needed, sum(missing), hours, tuple(commands)
    )


def run_lines(row: Row, count: int, folders: Mapping[str, Path]) -> list[str]:
    """Return the lines that train a row's recipe with so many further seeds; none where it was imported."""
    folder = folders.get(row.recipe_of)
    if folder is None:
        return []
    taken = {*row.seeds, *row.diverged}
    seeds = [seed for seed in range(len(taken) + count) if seed not in taken][:count]
    runs = "" if folder.parent == Path("runs") else f" --runs {shlex.quote(str(folder.parent))}"
    recipe, name = shlex.quote(str(folder / "recipe.toml")), shlex.quote(row.recipe)
    return [f"ganzoo run {recipe} --name {name} --seed {seed}{runs}" for seed in seeds]
