"""Two recipes on a page: in which keys they differ, what each scored with each seed, what each cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from ganzoo._leaderboard.columns import parameters_text
from ganzoo._leaderboard.pace import Pace, pace
from ganzoo._leaderboard.record_fields import NONE
from ganzoo._leaderboard.rows import differing
from ganzoo._leaderboard.statistics.studentized_range import critical_t
from ganzoo._leaderboard.tables import Row, Table
from ganzoo._leaderboard.verdict import Pair
from ganzoo.errors import GanzooError, RefusedError
from ganzoo.text import duration, literal

_LEAST_SHARED = 3
_LEVEL = 0.05


@dataclass(frozen=True)
class Paired:
    """The difference of two recipes seed by seed, first minus second, with Student's 95 % interval of its mean.

    Attributes:
        count: Seeds that both have.
        mean: Mean difference: a share of the second's score, or in the metric's units.
        low: Lower end of its interval.
        high: Its upper end.
        correlation: Of the two over these seeds.
        relative: Whether the difference is a share.
    """

    count: int
    mean: float
    low: float
    high: float
    correlation: float
    relative: bool


@dataclass(frozen=True)
class TwoRecipes:
    """Two rows of one table, side by side.

    Attributes:
        table: The table that both stand in.
        one: The first row.
        other: The second row.
        keys: By key of the recipe in which they differ: its two values; None where a recipe lacks it.
        equal: How many keys are equal.
        folders: Of runs by their names, where the records were read from some.
    """

    table: Table
    one: Row
    other: Row
    keys: Mapping[str, tuple[JsonValue, JsonValue]]
    equal: int
    folders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, str]:
        """What the two are called: by a run or their lengths where the recipe's name is the same."""
        first, second = self.one.recipe, self.other.recipe
        if first != second:
            return first, second
        if self.keys:
            return self.one.runs[0], self.other.runs[0]
        return f"{first} at {self.one.kimg:,.4g} kimg", f"{second} at {self.other.kimg:,.4g} kimg"

    @property
    def pair(self) -> Pair | None:
        """What is known of the two by the metric that ranks; None where one of them lacks it."""
        numbers = {self.one.number, self.other.number}
        return next((pair for pair in self.table.verdict.pairs if {pair.first, pair.second} == numbers), None)

    def seeds(self, metric: str) -> dict[int, tuple[float | None, float | None]]:
        """Return the values of a metric by training seed, those of seeds that both have first."""
        found = [row.estimates.get(metric) for row in (self.one, self.other)]
        ours, theirs = (each.values if each else {} for each in found)
        shared, rest = sorted(set(ours) & set(theirs)), sorted(set(ours) ^ set(theirs))
        return {seed: (ours.get(seed), theirs.get(seed)) for seed in (*shared, *rest)}

    def paired(self, metric: str) -> Paired | None:
        """Return the difference over the seeds that both have; None where they share fewer than three."""
        both = np.array([pair for pair in self.seeds(metric).values() if None not in pair], dtype=float)
        if len(both) < _LEAST_SHARED:
            return None
        relative = bool((both > 0).all()) and self.table.metrics[metric].transform == "log"
        scaled = np.log(both) if relative else both
        gaps = scaled[:, 0] - scaled[:, 1]
        half = critical_t(2, len(gaps) - 1.0, _LEVEL) * gaps.std(ddof=1) / math.sqrt(len(gaps))
        ends = gaps.mean() + np.array([0.0, -1.0, 1.0]) * half
        mean, low, high = map(float, np.expm1(ends) if relative else ends)
        spreads = scaled.std(axis=0)
        correlation = float(np.corrcoef(scaled.T)[0, 1]) if spreads.all() else math.nan
        return Paired(len(gaps), mean, low, high, correlation, relative)

    @property
    def leader(self) -> Row | None:
        """The one that is surely better; None where that is not known, or they are equivalent."""
        if self.pair is None or self.pair.answer not in ("better", "worse"):
            return None
        better = self.pair.first if self.pair.answer == "better" else self.pair.second
        return self.one if self.one.number == better else self.other

    def pace(self) -> Pace | None:
        """Return when the better one is where the other ends; None where that is not known."""
        if self.leader is None:
            return None
        return pace(self.table, self.leader, self.other if self.leader is self.one else self.one, self.folders)

    @property
    def pictured(self) -> tuple[str, str]:
        """A run of each whose images to look at: of the first seed that both have, else of each one's first."""
        shared = sorted(set(self.one.seeds) & set(self.other.seeds))
        one, other = (row.runs[row.seeds.index(shared[0]) if shared else 0] for row in (self.one, self.other))
        return one, other

    def costs(self) -> dict[str, tuple[str, str]]:
        """Return what each training took, by name of the cost."""
        return {
            what: (cost(self.one), cost(self.other))
            for what, cost in _COSTS.items()
            if (cost(self.one), cost(self.other)) != (NONE, NONE)
        }


def _gibibytes(row: Row) -> str:
    return f"{row.peak_memory_bytes / 2**30:.2f} GiB" if row.peak_memory_bytes else NONE


_COSTS: Mapping[str, Callable[[Row], str]] = {
    "kimg": lambda row: f"{row.kimg:,.4g}",
    "training time of a seed": lambda row: duration(row.hours * 3600),
    "images/s": lambda row: f"{row.images_per_second:,.4g}" if row.images_per_second else NONE,
    "M params G + D": parameters_text,
    "peak memory": _gibibytes,
    "trained on": lambda row: " / ".join(row.machines) or NONE,
}


def two_recipes(tables: Sequence[Table], one: str, other: str, folders: Mapping[str, Path] | None = None) -> TwoRecipes:
    """Return two recipes of a comparison side by side, in the first table that holds both.

    Args:
        tables: The comparison's.
        one: A recipe's name, or a run's.
        other: Another one's.
        folders: Of runs by their names, where the records were read from some.

    Raises:
        GanzooError: There is no such recipe, or both names are of one row.
        RefusedError: No table holds both: their scores do not mean the same.
    """
    for name in (one, other):
        if not any(_rows(table, name) for table in tables):
            known = sorted({row.recipe for table in tables for row in table.rows})
            listed = ", ".join(map(literal, known)) or "none"
            raise GanzooError(f"no ranked run is of '{literal(name)}'; ranked are {listed}")
    for table in tables:
        for name in (one, other):
            _require_one(_rows(table, name), name)
        found = [(mine, theirs) for mine in _rows(table, one) for theirs in _rows(table, other) if mine is not theirs]
        if found:
            mine, theirs = min(found, key=lambda pair: abs(pair[0].kimg - pair[1].kimg))
            return _side_by_side(table, mine, theirs, folders or {})
    if any(_rows(table, one) == _rows(table, other) != [] for table in tables):
        raise GanzooError(f"'{literal(one)}' and '{literal(other)}' are one recipe: its seeds are one row")
    raise RefusedError(
        f"no table holds both '{literal(one)}' and '{literal(other)}': their scores do not mean the same. Score them "
        f"under one protocol with `ganzoo score`"
    )


def _rows(table: Table, name: str) -> list[Row]:
    return [row for row in table.rows if name == row.recipe or name in row.runs]


def _require_one(rows: Sequence[Row], name: str) -> None:
    """Raise GanzooError where runs of one name were changed by --set: they are several experiments."""
    if len(rows) > 1 and differing([row.settings for row in rows]):
        runs = " or ".join(literal(row.runs[0]) for row in rows)
        raise GanzooError(f"'{literal(name)}' is {len(rows)} experiments of one name; name a run of one: {runs}")


def _side_by_side(table: Table, one: Row, other: Row, folders: Mapping[str, Path]) -> TwoRecipes:
    settings = [one.settings, other.settings]
    fields = differing(settings)
    keys = {field: (one.settings.get(field), other.settings.get(field)) for field in fields}
    return TwoRecipes(table, one, other, keys, len(set(one.settings) | set(other.settings)) - len(fields), folders)
