"""Series: which color and marker a recipe has, the same in every chart, table and picture of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from ganzoo._leaderboard.tables import Row, Table

_OF_DATA = "dataset."


class SeriesOf:
    """Numbers of recipes in the order in which a page first names them; one that learned other images is the same."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._numbers: dict[str, int] = {}
        self._keys: dict[tuple[str, ...], str] = {}
        self._names: dict[int, dict[str, str]] = {}
        for table in tables:
            used: set[str] = set()
            for row in table.rows:
                key = recipe_key(row.settings, row.kimg)
                key = key if key not in used else f"{key} {row.runs}"  # two rows of one chart are never of one color
                used.add(key)
                self._keys[_id(row)] = key
                number = self._numbers.setdefault(key, len(self._numbers))
                self._names.setdefault(number, {}).setdefault(row.recipe, table.dataset)

    def __call__(self, row: Row) -> int:
        """Return the number of a row's recipe."""
        return self._numbers[self._keys[_id(row)]]

    @property
    def names(self) -> list[tuple[int, str]]:
        """Numbers and names of all recipes."""
        return [(number, common_name(list(names.items()))) for number, names in sorted(self._names.items())]


def recipe_key(settings: Mapping[str, JsonValue], kimg: float = 0.0) -> str:
    """Return what decides what is learned, but the data and the seed, as text."""
    kept = {key: value for key, value in settings.items() if not key.startswith(_OF_DATA)}
    return json.dumps([kept, round(kimg, 3)], sort_keys=True)


def common_name(named: Sequence[tuple[str, str]]) -> str:
    """Return what a recipe is called on several data sets: its name without theirs, or its names with slashes between.

    Args:
        named: Names, each with the data set that it has it on.
    """
    names = list(dict.fromkeys(name for name, _ in named))
    if len(names) == 1:
        return names[0]
    short = {"_".join(part for part in name.replace("-", "_").split("_") if part != data) for name, data in named}
    return short.pop() if len(short) == 1 else " / ".join(names)


def _id(row: Row) -> tuple[str, ...]:
    return row.recipe, *row.runs, f"{row.kimg}", *sorted(row.estimates)
